/** Streams folded into states: from the cache, from the newest snapshot, and from the log only what these do not know yet. */
import { createSlots } from '../concurrency.ts';
import type { Decider, DomainEvent, RecordedEvent } from '../message.ts';
import { type EventStore, StoreUnavailable } from '../ports.ts';
import { createRecentCommands, learnCommands } from './recentCommands.ts';
import { createSnapshots } from './snapshots.ts';
import type { SnapshotWriter } from './snapshotWriter.ts';
import { type Loaded, noSnapshot, type StateCache } from './stateCache.ts';

export const pageEvents = 500;
/**
 * Streams that are read from their beginning at once. An order of 2,000 lines asks for thousands of stocks together, and
 * each page is a megabyte until it is folded.
 */
const loadsAtOnce = 8;
/** The event that is reacted to. */
export type Seen = Pick<RecordedEvent, 'stream' | 'revision'>;

export interface Streams<State> {
  /**
   * From the cache where it holds the stream. May then be behind the log: another process wrote, or an append of this
   * one is durable and its callback has not run yet. An append at its revision finds that out.
   */
  readonly load: (stream: string) => Promise<Loaded<State>>;
  /** As the cache has it, at once; `undefined`: it does not. */
  readonly known: (stream: string) => Loaded<State> | undefined;
  /**
   * For a reaction that may append nothing: with all that lies before the event
   * (docs/architecture.md, "The way of an event"). Of the stream of the event, its revision says so. For any other the store
   * is asked. A cache can't tell: an append may be durable, and seen by those who follow the log, before the cache is
   * told, in the embedded form as well.
   * @param isNewest the store is asked always: for what the revision becomes a part of, such as the id of a command.
   * @throws StoreUnavailable when the store does not show the event itself yet: the reaction must be tried again.
   */
  readonly loadSince: (stream: string, seen: Seen, isNewest?: boolean) => Promise<Loaded<State>>;
  /** As before any event, for a stream that is most likely new; if it is not, the append finds out. */
  readonly createAbsent: () => Loaded<State>;
  /** What happened since, folded on top and kept; the same object when nothing did. */
  catchUp(stream: string, from: Loaded<State>): Promise<Loaded<State>>;
  keep(stream: string, loaded: Loaded<State>): Loaded<State>;
  /** From the log as it is, at most up to a revision: nothing of it is kept. */
  readUpTo(stream: string, revision: number): Promise<Loaded<State>>;
}

interface StreamsOptions {
  readonly store: EventStore;
  readonly cache: StateCache;
  readonly snapshots?: SnapshotWriter | undefined;
}

export const createStreams = <State, Command, E extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, E, Code>,
  { store, cache, snapshots: writer }: StreamsOptions,
): Streams<State> => {
  const isStoreBlind = store.isBlindToKnownIds === true;
  const snapshots = writer === undefined ? null : createSnapshots(decider, writer, isStoreBlind);
  const inLine = createSlots(loadsAtOnce);

  /** As before any event, with a memory of its own. */
  const createAbsent = (): Loaded<State> => ({
    state: decider.initialState,
    revision: -1,
    position: null,
    updatedAt: null,
    recent: createRecentCommands(isStoreBlind),
    snapshot: noSnapshot(),
  });

  const foldOn = (loaded: Loaded<State>, events: readonly RecordedEvent[]): Loaded<State> => {
    const last = events.at(-1);
    if (last === undefined) return loaded;
    return {
      state: events.reduce(
        (state, { type, data }) => decider.evolve(state, { type, data } as DomainEvent as E),
        loaded.state,
      ),
      revision: last.revision,
      position: last.position,
      updatedAt: last.recordedAt,
      recent: learnCommands(loaded.recent, events),
      snapshot: loaded.snapshot,
    };
  };

  const readOn = async (
    stream: string,
    from: Loaded<State>,
    upTo = Number.POSITIVE_INFINITY,
  ): Promise<Loaded<State>> => {
    let loaded = from;
    for (;;) {
      const limit = Math.min(pageEvents, upTo - loaded.revision);
      const events = await store.readStream(stream, loaded.revision + 1, limit);
      loaded = foldOn(loaded, events);
      if (events.length < pageEvents || loaded.revision >= upTo) return loaded;
    }
  };

  const keep = (stream: string, loaded: Loaded<State>): Loaded<State> => {
    cache.put(stream, loaded, decider.weigh(loaded.state));
    snapshots?.keep(stream, loaded);
    return loaded;
  };

  /** From the newest snapshot at or before a revision; from the beginning where there is none. */
  const readUpTo = async (stream: string, upTo: number): Promise<Loaded<State>> => {
    const read = (from: number) => store.readStream(stream, from, Math.min(pageEvents, upTo + 1 - from));
    const restored = await snapshots?.restore(stream, upTo, read);
    if (restored === undefined || restored === null) return readOn(stream, createAbsent(), upTo);
    const { loaded, since } = restored;
    const here = foldOn(loaded, since);
    return since.length + 1 < pageEvents || here.revision >= upTo ? here : readOn(stream, here, upTo);
  };

  const catchUp = async (stream: string, from: Loaded<State>): Promise<Loaded<State>> => {
    const loaded = await readOn(stream, from);
    return loaded.revision === from.revision ? from : keep(stream, loaded);
  };

  const cachedOf = (stream: string): Loaded<State> | undefined => cache.get(stream) as Loaded<State> | undefined;

  // An absent stream is not kept: reading it again is cheap, and made-up ids would push out real ones.
  const readWhole = (stream: string): Promise<Loaded<State>> =>
    inLine(async () => {
      const loaded = await readUpTo(stream, Number.MAX_SAFE_INTEGER);
      return loaded.revision < 0 ? loaded : keep(stream, loaded);
    });

  const reading = new Map<string, Promise<Loaded<State>>>();

  /** All who want a stream together share one read, and one state: it may be of many megabytes. */
  const readShared = (stream: string): Promise<Loaded<State>> => {
    const begun = reading.get(stream);
    if (begun !== undefined) return begun;
    const read = readWhole(stream).finally(() => reading.delete(stream));
    reading.set(stream, read);
    return read;
  };

  /** A read that was under way may have begun before the event that is reacted to was written. */
  const readSince = async (stream: string): Promise<Loaded<State>> => {
    const begun = reading.get(stream);
    return begun === undefined ? readShared(stream) : catchUp(stream, await begun);
  };

  return {
    load: async (stream) => cachedOf(stream) ?? readShared(stream),
    known: cachedOf,
    loadSince: async (stream, seen, isNewest = false) => {
      const cached = cachedOf(stream);
      // All that lies before an event in its own stream has a lower revision.
      const hasSeen = stream === seen.stream && cached !== undefined && cached.revision >= seen.revision;
      if (hasSeen && !isNewest) return cached;
      const loaded = await (cached === undefined ? readSince(stream) : catchUp(stream, cached));
      if (stream === seen.stream && loaded.revision < seen.revision) {
        throw new StoreUnavailable(`${stream}: the store does not show revision ${seen.revision} yet`, 'not_written');
      }
      return loaded;
    },
    createAbsent,
    catchUp,
    keep,
    readUpTo,
  };
};
