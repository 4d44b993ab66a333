import type { RecordedEvent } from '../message.ts';
import type { Fingerprints } from './fingerprints.ts';

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
  readonly bytes: () => number;
  readonly find: (commandId: string) => RecentCommand | undefined;
  /** Whether the command may have written to the stream though it is not found here: the log can tell. */
  readonly mayHaveForgotten: (commandId: string) => boolean;
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

/** A recent command costs two texts, two numbers and its place in a map. */
export const recentBytes = 120;

/** `fingerprints`: of all commands of the stream, for a store that is blind to known ids. */
export const createRecentCommands = (fingerprints?: Fingerprints): RecentCommands => {
  // A Map keeps the order of insertion, so the first key is the oldest one.
  const commands = new Map<string, RecentCommand & { readonly recordedAt: string }>();

  const add = ({ revision, recordedAt, metadata: { commandId } }: Learned): void => {
    const firstRevision = commands.get(commandId)?.firstRevision ?? revision;
    commands.set(commandId, { commandId, firstRevision, lastRevision: revision, recordedAt });
    fingerprints?.add(commandId);
  };

  const forgetOld = (newest: string): void => {
    const recentFrom = new Date(Date.parse(newest) - recentMs).toISOString();
    for (const { commandId, recordedAt } of commands.values()) {
      if (commands.size <= recentMin || (commands.size <= recentMax && recordedAt >= recentFrom)) return;
      commands.delete(commandId);
    }
  };

  const recent: RecentCommands = {
    bytes: () => recentBytes * commands.size + (fingerprints?.bytes() ?? 0),
    find: (commandId) => commands.get(commandId),
    mayHaveForgotten: (commandId) => !commands.has(commandId) && fingerprints?.mayHave(commandId) === true,
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
