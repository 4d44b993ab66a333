import type { RecordedEvent } from '../domain/message.ts';

/** A command and what it recorded in one stream. */
export interface RecentCommand {
  readonly commandId: string;
  readonly firstRevision: number;
  readonly lastRevision: number;
}

type Learned = Pick<RecordedEvent, 'revision' | 'metadata' | 'recordedAt'>;

/**
 * The latest commands of a stream, so that one that is sent again is recognised. All states of a stream share it and it
 * only ever learns what is in the log, so an older state knows too much at the most, and that is true as well.
 */
export interface RecentCommands {
  readonly size: () => number;
  readonly find: (commandId: string) => RecentCommand | undefined;
  /** The next events of the stream; forgets what is no longer recent. The events of one command stand together. */
  readonly learn: (events: readonly Learned[]) => RecentCommands;
  /** Older ones that are sent again just now: forgets nothing, so that all of them are known together. */
  readonly recall: (events: readonly Learned[]) => RecentCommands;
}

/**
 * What may be sent again after a crash: all that was in flight, and all whose answers were not kept yet (ADR 12). On a
 * busy stream that is what came within the last minute; on a quiet one, a few.
 */
const recentMs = 60_000;
const recentMin = 16;
/** A second of the busiest stream. */
const recentMax = 1_024;

export const createRecentCommands = (): RecentCommands => {
  // A Map keeps the order of insertion, so the first key is the oldest one.
  const commands = new Map<string, RecentCommand & { readonly recordedAt: string }>();

  const add = ({ revision, recordedAt, metadata: { commandId } }: Learned): void => {
    const firstRevision = commands.get(commandId)?.firstRevision ?? revision;
    commands.set(commandId, { commandId, firstRevision, lastRevision: revision, recordedAt });
  };

  const forgetOld = (newest: string): void => {
    const recentFrom = new Date(Date.parse(newest) - recentMs).toISOString();
    for (const { commandId, recordedAt } of commands.values()) {
      if (commands.size <= recentMin || (commands.size <= recentMax && recordedAt >= recentFrom)) return;
      commands.delete(commandId);
    }
  };

  const recent: RecentCommands = {
    size: () => commands.size,
    find: (commandId) => commands.get(commandId),
    learn: (events) => {
      for (const event of events) add(event);
      const newest = events.at(-1);
      if (newest !== undefined && commands.size > recentMin) forgetOld(newest.recordedAt);
      return recent;
    },
    recall: (events) => {
      for (const event of events) add(event);
      return recent;
    },
  };
  return recent;
};
