/**
 * Snapshots of folded streams: a command on a long stream reads the newest one and the events since
 * (docs/architecture.md, "The way of a command"). A snapshot is a cache that may be lost at any time: the log is the truth.
 */
import { nextTurn } from '../concurrency.ts';
import type { Json, RecordedEvent, StateCodec } from '../message.ts';
import { endsWith, type PackedCommands, packCommands, unpackCommands } from './recentCommands.ts';
import type { Loaded } from './stateCache.ts';

export interface Snapshot {
  readonly stream: string;
  /** Of the last event that was folded. */
  readonly revision: number;
  /** How the state was folded and written: one of another form is not read. */
  readonly form: string;
  /** JSON, each of some 100,000 characters at most. */
  readonly parts: readonly string[];
}

export interface KeptSnapshot extends Snapshot {
  /** It stays when a newer one comes. */
  readonly isMilestone: boolean;
}

export interface SnapshotStore {
  /** The newest of this form whose revision is `upTo` at most. */
  find(stream: string, form: string, upTo: number): Promise<Snapshot | null>;
  /** In place of those before it, but for milestones. Need not be durable. A snapshot is found whole or not at all. */
  save(snapshots: readonly KeptSnapshot[]): Promise<void>;
  /** All of a stream: they are not of this log. */
  forget(stream: string): Promise<void>;
}

/** Events since the newest snapshot, of a stream whose state is small. */
const eventsBetween = 50;
/** Where a state is large: the events since cost as much to read as the snapshot. */
const charsPerEvent = 256;
/** Snapshots that stay, for a look at the past: a few for a million events, and fewer where they are large. */
const milestoneEvents = 1_000;
const milestoneCharsPerEvent = 8;

/** The next version of what is written around the state. */
const version = 1;
/** States that wait to be written; more come again with their next events. */
const waitingMax = 256;
const savedAtOnce = 32;

/** What the first part holds beside that of the state. */
interface Head {
  readonly commands: PackedCommands;
  readonly milestone: number;
}

type ReadFrom = (revision: number) => Promise<readonly RecordedEvent[]>;

interface Restored<State> {
  readonly loaded: Loaded<State>;
  /** The events right after it, as many as were read. */
  readonly since: readonly RecordedEvent[];
}

export interface Snapshots<State> {
  /** The newest at or before a revision, if the log has the event that it ends with. */
  restore(stream: string, upTo: number, read: ReadFrom): Promise<Restored<State> | null>;
  /** Writes one behind when it is time. */
  keep(stream: string, loaded: Loaded<State>): void;
}

const decodeState = async <State>(codec: StateCodec<State>, first: Json, rest: readonly string[]): Promise<State> => {
  let state = codec.decode(first, null);
  for (const part of rest) {
    await nextTurn();
    state = codec.decode(JSON.parse(part) as Json, state);
  }
  return state;
};

const charsOf = (parts: readonly string[]): number => parts.reduce((sum, { length }) => sum + length, 0);

const isDue = ({ revision, snapshot, recent }: Loaded<unknown>): boolean =>
  revision - snapshot.revision >= Math.max(eventsBetween, snapshot.chars / charsPerEvent) &&
  // The commands are those of all states of the stream, and this one may be an older state.
  recent.lastRevision === revision;

const marksMilestone = ({ revision, snapshot: { milestone, chars } }: Loaded<unknown>): boolean =>
  revision - milestone >= Math.max(milestoneEvents, chars / milestoneCharsPerEvent);

/** The snapshots of a process, written one after another behind the commands. */
export const createSnapshotWriter = (store: SnapshotStore, onFailure: (error: unknown) => void) => {
  const waiting = new Map<string, () => Promise<KeptSnapshot>>();
  let writing: Promise<void> | null = null;

  const writeAll = async (): Promise<void> => {
    while (waiting.size > 0) {
      const snapshots: KeptSnapshot[] = [];
      for (const [stream, pack] of waiting) {
        waiting.delete(stream);
        snapshots.push(await pack());
        if (snapshots.length === savedAtOnce) break;
      }
      await store.save(snapshots).catch(onFailure);
    }
    writing = null;
  };

  return {
    store,
    onFailure,
    /** Later, the newest of a stream alone; none when many wait: it comes again with the next events. */
    write: (stream: string, pack: () => Promise<KeptSnapshot>): boolean => {
      if (waiting.size >= waitingMax && !waiting.has(stream)) return false;
      waiting.set(stream, pack);
      writing ??= nextTurn().then(writeAll);
      return true;
    },
    /** Resolves when all that were asked for are written. */
    flush: async (): Promise<void> => {
      while (writing !== null) await writing;
    },
  };
};

export type SnapshotWriter = ReturnType<typeof createSnapshotWriter>;

/** Of one aggregate. `isStoreBlind`: as `EventStore.isBlindToKnownIds`. */
export const createSnapshots = <State>(
  { category, codec }: { readonly category: string; readonly codec: StateCodec<State> },
  { store, onFailure, write }: SnapshotWriter,
  isStoreBlind: boolean,
): Snapshots<State> => {
  const form = `${version}/${category}/${codec.version}`;

  const pack = async (
    stream: string,
    loaded: Loaded<State>,
    head: string,
  ): Promise<Omit<KeptSnapshot, 'isMilestone'>> => {
    const { revision, snapshot } = loaded;
    const parts: string[] = [];
    for (const part of codec.encode(loaded.state)) {
      if (parts.length > 0) await nextTurn();
      const text = JSON.stringify(part);
      parts.push(parts.length === 0 ? `[${head},${text}]` : text);
    }
    snapshot.chars = charsOf(parts);
    return { stream, revision, form, parts };
  };

  const find = (stream: string, upTo: number): Promise<Snapshot | null> =>
    store.find(stream, form, upTo).catch((error: unknown) => {
      onFailure(error);
      return null;
    });

  return {
    restore: async (stream, upTo, read) => {
      const found = await find(stream, upTo);
      if (found === null) return null;
      const { revision, parts } = found;
      const [first = '', ...rest] = parts;
      const [{ commands, milestone }, firstOfState] = JSON.parse(first) as [Head, Json];
      const [end, ...since] = await read(revision);
      const isConfirmed = end?.revision === revision && endsWith(commands, end);
      if (!isConfirmed || (commands.fingerprints !== undefined) !== isStoreBlind) {
        await store.forget(stream).catch(onFailure);
        return null;
      }
      const loaded: Loaded<State> = {
        state: await decodeState(codec, firstOfState, rest),
        revision,
        position: end.position,
        updatedAt: end.recordedAt,
        recent: unpackCommands(commands, revision),
        snapshot: { revision, milestone, chars: charsOf(parts) },
      };
      return { loaded, since };
    },
    keep: (stream, loaded) => {
      if (!isDue(loaded)) return;
      const { revision, snapshot, recent } = loaded;
      const isMilestone = marksMilestone(loaded);
      const milestone = isMilestone ? revision : snapshot.milestone;
      // The commands go on learning.
      const head = JSON.stringify({ commands: packCommands(recent), milestone } satisfies Head);
      const isTaken = write(stream, async () => ({ ...(await pack(stream, loaded, head)), isMilestone }));
      if (isTaken) Object.assign(snapshot, { revision, milestone });
    },
  };
};
