import type { RecordedEvent } from '../domain/message.ts';

/** A command and what it recorded in one stream. */
export interface RecentCommand {
  readonly commandId: string;
  readonly firstRevision: number;
  readonly lastRevision: number;
}

/**
 * The latest commands of a stream, so that one that is sent again is recognised. All states of a stream share it and it
 * only ever learns what is in the log, so an older state knows too much at the most, and that is true as well.
 */
export interface RecentCommands {
  readonly size: () => number;
  readonly find: (commandId: string) => RecentCommand | undefined;
  /** In the order of revisions. The events of one command stand together. */
  readonly learn: (events: readonly Pick<RecordedEvent, 'revision' | 'metadata'>[]) => RecentCommands;
}

/** As many as are in flight on one stream when a process dies. An older one is found by its event ids (`recall`). */
const recentMax = 64;

export const createRecentCommands = (): RecentCommands => {
  // A Map keeps the order of insertion, so the first key is the oldest one.
  const commands = new Map<string, RecentCommand>();
  const recent: RecentCommands = {
    size: () => commands.size,
    find: (commandId) => commands.get(commandId),
    learn: (events) => {
      for (const { revision, metadata } of events) {
        const { commandId } = metadata;
        const firstRevision = commands.get(commandId)?.firstRevision ?? revision;
        commands.set(commandId, { commandId, firstRevision, lastRevision: revision });
        if (commands.size <= recentMax) continue;
        for (const oldest of commands.keys()) {
          commands.delete(oldest);
          break;
        }
      }
      return recent;
    },
  };
  return recent;
};
