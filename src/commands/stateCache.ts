import type { Position } from '../domain/message.ts';
import type { RecentCommands } from './recentCommands.ts';

/** A folded stream. `revision` is -1 for a stream that does not exist. */
export interface Loaded<State> {
  readonly state: State;
  readonly revision: number;
  /** Position of its last event, for read-your-writes on commands that record nothing. */
  readonly position: Position | null;
  /** When its last event was recorded, ISO 8601 UTC. */
  readonly updatedAt: string | null;
  /** The latest commands of the stream, so that one that is sent again after a crash is recognised. */
  readonly recent: RecentCommands;
}

export interface StateCache {
  get(stream: string): Loaded<unknown> | undefined;
  put(stream: string, loaded: Loaded<unknown>, stateBytes: number): void;
  forget(stream: string): void;
}

/**
 * Least recently used states within a bound in bytes. A stale entry is harmless: the append names an exact revision
 * and is refused, and only the events since are read (DESIGN §5).
 */
export const createStateCache = (bytesMax: number): StateCache => {
  const entries = new Map<string, { loaded: Loaded<unknown>; bytes: number }>();
  let bytesHeld = 0;
  const forget = (stream: string): void => {
    bytesHeld -= entries.get(stream)?.bytes ?? 0;
    entries.delete(stream);
  };
  return {
    get: (stream) => {
      const entry = entries.get(stream);
      if (entry === undefined) return undefined;
      entries.delete(stream);
      entries.set(stream, entry);
      return entry.loaded;
    },
    put: (stream, loaded, stateBytes) => {
      // A long stream that was read in pages may have been overtaken by an append.
      if ((entries.get(stream)?.loaded.revision ?? -1) > loaded.revision) return;
      forget(stream);
      const bytes = stateBytes + 2 * stream.length + loaded.recent.bytes();
      entries.set(stream, { loaded, bytes });
      bytesHeld += bytes;
      for (const oldest of entries.keys()) {
        if (bytesHeld <= bytesMax) break;
        forget(oldest);
      }
    },
    forget,
  };
};
