import type { Position } from '../message.ts';
import { type RecentCommands, recentBytes } from './recentCommands.ts';

/** What is known of the snapshots of a stream. All states of it share one, as the commands. */
export interface SnapshotMark {
  /** Of the newest; -1 when there is none. */
  revision: number;
  /** Of the newest that stays when a newer one comes, for a look at the past; -1 when there is none. */
  milestone: number;
  /** Characters of the newest, and those of its state. */
  chars: number;
  stateChars: number;
}

export const noSnapshot = (): SnapshotMark => ({ revision: -1, milestone: -1, chars: 0, stateChars: 0 });

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
  readonly snapshot: SnapshotMark;
}

export interface StateCache {
  get(stream: string): Loaded<unknown> | undefined;
  put(stream: string, loaded: Loaded<unknown>, stateBytes: number): void;
  forget(stream: string): void;
}

interface CachedState {
  loaded: Loaded<unknown>;
  bytes: number;
  /** Asked for since it was last up for removal. */
  isWanted: boolean;
}

/** A position, two times, and what holds it all together. */
export const loadedBytes = 400;

/** Where all are wanted, a walk over all of them would hold the event loop. */
const chancesMax = 32;

/**
 * States within a bound in bytes; those go first that were not asked for longest (second chance). The newest stays, though it
 * alone may be larger than the bound: read again for each command, it would take much more memory. A stale entry is
 * harmless: the append names an exact revision and is refused, and only the events since are read
 * (docs/architecture.md, "Facts and promises").
 */
export const createStateCache = (bytesMax: number): StateCache => {
  const entries = new Map<string, CachedState>();
  let bytesHeld = 0;

  const makeRoom = (newest: string): void => {
    // A Map keeps holes where keys were deleted, and to find its first key walks over them.
    if (bytesHeld <= bytesMax) return;
    let chances = chancesMax;
    for (const [oldest, entry] of entries) {
      if (bytesHeld <= bytesMax || entries.size === 1) return;
      entries.delete(oldest);
      if (oldest === newest) entries.set(oldest, entry);
      else if (entry.isWanted && chances > 0) {
        chances -= 1;
        entries.set(oldest, Object.assign(entry, { isWanted: false }));
      } else bytesHeld -= entry.bytes;
    }
  };

  return {
    get: (stream) => {
      const entry = entries.get(stream);
      if (entry === undefined) return undefined;
      entry.isWanted = true;
      return entry.loaded;
    },
    put: (stream, loaded, stateBytes) => {
      const bytes = loadedBytes + stateBytes + stream.length + recentBytes(loaded.recent);
      const entry = entries.get(stream) ?? { loaded, bytes: 0, isWanted: false };
      // A long stream that was read in pages may have been overtaken by an append.
      if (entry.loaded.revision > loaded.revision) return;
      if (entry.bytes === 0) entries.set(stream, entry);
      else entry.isWanted = true;
      bytesHeld += bytes - entry.bytes;
      entry.loaded = loaded;
      entry.bytes = bytes;
      makeRoom(stream);
    },
    forget: (stream) => {
      bytesHeld -= entries.get(stream)?.bytes ?? 0;
      entries.delete(stream);
    },
  };
};
