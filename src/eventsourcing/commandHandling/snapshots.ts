/**
 * Snapshots of folded streams: a command on a long stream reads the newest one and the events since
 * (docs/architecture.md, "The way of a command"). A snapshot is a cache that may be lost at any time: the log is the truth.
 */
import { createSlots, nextTurn } from '../concurrency.ts';
import type { Json, RecordedEvent, StateCodec } from '../message.ts';
import { type PackedFingerprints, restoreFingerprints } from './fingerprints.ts';
import { endsWith, restoreCommands } from './recentCommands.ts';
import { charsOf, type Snapshot, type SnapshotWriter } from './snapshotWriter.ts';
import type { Loaded } from './stateCache.ts';

/** Events since the newest snapshot, of a stream whose state is small. */
const eventsBetween = 50;
/** Where a state is large: the events since cost as much to read as the snapshot. */
const charsPerEvent = 256;
/** Snapshots that stay, for answers to commands of long ago: a thousand events apart, more where a state is large. */
const milestoneEvents = 1_000;
const milestoneEventsMax = 10_000;
const milestoneCharsPerEvent = 8;

/** Characters of snapshots that are made into states at once: one of 100,000 reservations, or many small ones. */
const decodedCharsMax = 8_000_000;

/** The next version of what is written around the state. */
const version = 1;

interface Head {
  /** Of the recent commands. */
  readonly rows: readonly number[];
  readonly milestone: number;
  /** Fingerprints follow the parts of the state. */
  readonly isBlind: boolean;
}

/** Head, how many parts the state has, and the first of them. The others follow. */
type FirstPart = readonly [head: Head, stateParts: number, first: Json];

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

const parsed = async (parts: readonly string[]): Promise<readonly Json[]> => {
  const values: Json[] = [];
  for (const part of parts) {
    await nextTurn();
    values.push(JSON.parse(part) as Json);
  }
  return values;
};

const decodeState = async <State>(codec: StateCodec<State>, first: Json, rest: readonly string[]): Promise<State> => {
  let state = codec.decode(first, null);
  for (const part of rest) {
    await nextTurn();
    state = codec.decode(JSON.parse(part) as Json, state);
  }
  return state;
};

const isDue = ({ revision, snapshot, recent }: Loaded<unknown>): boolean =>
  revision - snapshot.revision >= Math.max(eventsBetween, snapshot.chars / charsPerEvent) &&
  // The commands are those of all states of the stream, and this one may be an older state.
  recent.lastRevision === revision;

const marksMilestone = ({ revision, snapshot: { milestone, stateChars } }: Loaded<unknown>): boolean =>
  revision - milestone >= Math.min(Math.max(milestoneEvents, stateChars / milestoneCharsPerEvent), milestoneEventsMax);

/** Of one aggregate. `isStoreBlind`: as `EventStore.isBlindToKnownIds`. */
export const createSnapshots = <State>(
  { category, codec }: { readonly category: string; readonly codec: StateCodec<State> },
  { store, onFailure, write }: SnapshotWriter,
  isStoreBlind: boolean,
): Snapshots<State> => {
  const form = `${version}/${category}/${codec.version}`;

  const pack = async (stream: string, { revision, state, recent, snapshot }: Loaded<State>, head: Head) => {
    const ofState: string[] = [];
    for (const part of codec.encode(state)) {
      if (ofState.length > 0) await nextTurn();
      ofState.push(JSON.stringify(part));
    }
    const prints: string[] = [];
    // Those of later commands may be among them: that does no harm.
    for (const piece of recent.fingerprints?.pack() ?? []) {
      await nextTurn();
      prints.push(JSON.stringify(piece));
    }
    const [first = 'null', ...rest] = ofState;
    const parts = [`[${JSON.stringify(head)},${ofState.length},${first}]`, ...rest, ...prints];
    Object.assign(snapshot, { chars: charsOf({ parts }), stateChars: charsOf({ parts: ofState }) });
    return { stream, revision, form, parts };
  };

  const read = async (
    { stream, revision, parts }: Snapshot,
    [end, ...since]: readonly RecordedEvent[],
  ): Promise<Restored<State> | null> => {
    const [first = '', ...rest] = parts;
    const [{ rows, milestone, isBlind }, stateParts, firstOfState] = JSON.parse(first) as FirstPart;
    if (end?.revision !== revision || !endsWith(rows, end) || isBlind !== isStoreBlind) {
      await store.forget(stream);
      return null;
    }
    const ofState = rest.slice(0, stateParts - 1);
    const prints = (await parsed(rest.slice(stateParts - 1))) as object as readonly PackedFingerprints[];
    const loaded: Loaded<State> = {
      state: await decodeState(codec, firstOfState, ofState),
      revision,
      position: end.position,
      updatedAt: end.recordedAt,
      recent: restoreCommands(rows, revision, isBlind ? restoreFingerprints(prints) : null),
      snapshot: { revision, milestone, chars: charsOf({ parts }), stateChars: charsOf({ parts: ofState }) },
    };
    return { loaded, since };
  };

  const inLine = createSlots(decodedCharsMax);

  /** What can't be read is as if it were not there. */
  const unlessBroken = <T>(work: Promise<T | null>): Promise<T | null> =>
    work.catch((error: unknown) => {
      onFailure(error);
      return null;
    });

  return {
    restore: async (stream, upTo, readFrom) => {
      const found = await unlessBroken(store.find(stream, form, upTo));
      if (found === null) return null;
      const events = await readFrom(found.revision);
      return inLine(() => unlessBroken(read(found, events)), charsOf(found));
    },
    keep: (stream, loaded) => {
      if (!isDue(loaded)) return;
      const { revision, snapshot, recent } = loaded;
      const isMilestone = marksMilestone(loaded);
      const milestone = isMilestone ? revision : snapshot.milestone;
      // The commands go on learning.
      const head: Head = { rows: [...recent.rows], milestone, isBlind: isStoreBlind };
      const isTaken = write(stream, { isMilestone, pack: () => pack(stream, loaded, head) });
      if (isTaken) Object.assign(snapshot, { revision, milestone });
    },
  };
};
