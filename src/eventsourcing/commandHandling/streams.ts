/** Streams folded into states: from the cache, and from the store only what the cache does not know yet. */
import { createSlots } from '../concurrency.ts';
import type { Decider, DomainEvent, RecordedEvent } from '../message.ts';
import { CommandIdTaken, type EventStore, StoreUnavailable } from '../ports.ts';
import type { Recording } from './outcome.ts';
import { createFingerprints, createRecentCommands, type RecentCommand } from './recentCommands.ts';
import type { Loaded, StateCache } from './stateCache.ts';

const pageEvents = 500;
/**
 * Streams that are read from their beginning at once. An order of 2,000 lines asks for thousands of stocks together, and
 * each page is a megabyte until it is folded.
 */
const loadsAtOnce = 8;
/** Events a 412 answer carries at most; a caller further behind reads the history. */
const staleEventsMax = 100;

/** The event that is reacted to. */
export type Seen = Pick<RecordedEvent, 'stream' | 'revision'>;

export interface Streams<State, E extends DomainEvent> {
  /**
   * From the cache where it holds the stream. May then be behind the log: another process wrote, or an append of this
   * one is durable and its callback has not run yet. An append at its revision finds that out.
   */
  readonly load: (stream: string) => Promise<Loaded<State>>;
  /** As the cache has it, at once; `undefined`: it does not. */
  readonly known: (stream: string) => Loaded<State> | undefined;
  /**
   * For a reaction that may append nothing: with all that the store holds now, so at least with all that lies before
   * the event (docs/architecture.md, "The way of an event"). The store is always asked. A cache can't tell: an append
   * of any stream may be durable, and seen by those who follow the log, before the cache is told, in the embedded form
   * as well.
   * @throws StoreUnavailable when the store does not show the event itself yet: the reaction must be tried again.
   */
  readonly loadSince: (stream: string, seen: Seen) => Promise<Loaded<State>>;
  /** As before any event, for a stream that is most likely new; if it is not, the append finds out. */
  readonly createAbsent: () => Loaded<State>;
  /** What happened since, folded on top and kept; the same object when nothing did. */
  catchUp(stream: string, from: Loaded<State>): Promise<Loaded<State>>;
  keep(stream: string, loaded: Loaded<State>): Loaded<State>;
  /** Ids that the store holds already though not among the recent commands: finds which commands they were. */
  findRecordedCommands(stream: string, eventIds: readonly string[]): Promise<Loaded<State>>;
  /** Makes known again which of these commands wrote to the stream, where the store would not find out by itself. */
  findForgottenCommands(stream: string, loaded: Loaded<State>, commandIds: readonly string[]): Promise<void>;
  /** Whether a command wrote to the stream, however long ago. Reads all of it. */
  readonly hasRecorded: (stream: string, commandId: string) => Promise<boolean>;
  /** What an earlier attempt of the same command recorded, as it was answered then. */
  replay(stream: string, command: RecentCommand): Promise<Recording<State, E>>;
  /** The events after a revision, for a caller that is behind (B1). */
  since(stream: string, revision: number): Promise<readonly RecordedEvent<E>[]>;
}

export const createStreams = <State, Command, E extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, E, Code>,
  store: EventStore,
  cache: StateCache,
): Streams<State, E> => {
  const inLine = createSlots(loadsAtOnce);

  /** As before any event, with a memory of its own. */
  const createAbsent = (): Loaded<State> => ({
    state: decider.initialState,
    revision: -1,
    position: null,
    updatedAt: null,
    recent: createRecentCommands(store.isBlindToKnownIds === true ? createFingerprints() : undefined),
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
      recent: loaded.recent.learn(events),
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
    return loaded;
  };

  const findRecordedCommands = async (stream: string, eventIds: readonly string[]): Promise<Loaded<State>> => {
    const wanted = new Set(eventIds);
    /** All that such a command recorded belongs to its answer, though it may be decided shorter today. */
    const commandIds = new Set<string>();
    const found: RecordedEvent[] = [];
    for (let from = 0; ; from += pageEvents) {
      const events = await store.readStream(stream, from, pageEvents);
      for (const event of events) {
        if (wanted.has(event.id)) commandIds.add(event.metadata.commandId);
        if (commandIds.has(event.metadata.commandId)) found.push(event);
      }
      if (events.length < pageEvents) break;
    }
    if (found.length === 0) throw new CommandIdTaken(`${stream}: event ids are taken by another stream`);
    const loaded = await readOn(stream, createAbsent());
    loaded.recent.learnAgain(found);
    return keep(stream, loaded);
  };

  const findForgottenCommands: Streams<State, E>['findForgottenCommands'] = async (stream, { recent }, commandIds) => {
    const forgotten = new Set(commandIds.filter(recent.mayHaveForgotten));
    if (forgotten.size === 0) return;
    for (let from = 0; ; from += pageEvents) {
      const events = await store.readStream(stream, from, pageEvents);
      recent.learnAgain(events.filter(({ metadata }) => forgotten.has(metadata.commandId)));
      if (events.length < pageEvents) return;
    }
  };

  const catchUp = async (stream: string, from: Loaded<State>): Promise<Loaded<State>> => {
    const loaded = await readOn(stream, from);
    return loaded.revision === from.revision ? from : keep(stream, loaded);
  };

  const cachedOf = (stream: string): Loaded<State> | undefined => cache.get(stream) as Loaded<State> | undefined;

  // An absent stream is not kept: reading it again is cheap, and made-up ids would push out real ones.
  const readWhole = (stream: string): Promise<Loaded<State>> => inLine(() => catchUp(stream, createAbsent()));

  return {
    load: async (stream) => cachedOf(stream) ?? readWhole(stream),
    known: cachedOf,
    loadSince: async (stream, seen) => {
      const cached = cachedOf(stream);
      const loaded = await (cached === undefined ? readWhole(stream) : catchUp(stream, cached));
      if (stream === seen.stream && loaded.revision < seen.revision) {
        throw new StoreUnavailable(`${stream}: the store does not show revision ${seen.revision} yet`, 'not_written');
      }
      return loaded;
    },
    createAbsent,
    catchUp,
    keep,
    findRecordedCommands,
    findForgottenCommands,
    hasRecorded: async (stream, commandId) => {
      for (let from = 0; ; from += pageEvents) {
        const events = await store.readStream(stream, from, pageEvents);
        if (events.some(({ metadata }) => metadata.commandId === commandId)) return true;
        if (events.length < pageEvents) return false;
      }
    },
    replay: async (stream, { firstRevision, lastRevision }) => {
      const { state } = await readOn(stream, createAbsent(), lastRevision);
      const events = await store.readStream(stream, firstRevision, lastRevision - firstRevision + 1);
      const last = events.at(-1);
      if (last === undefined) throw new Error(`${stream}: events ${firstRevision} to ${lastRevision} are missing`);
      const recorded = events as readonly RecordedEvent<E>[];
      return {
        kind: 'recorded',
        events: recorded,
        state,
        revision: lastRevision,
        position: last.position,
        updatedAt: last.recordedAt,
        isReplay: true,
      };
    },
    since: async (stream, revision) =>
      (await store.readStream(stream, Math.max(0, revision + 1), staleEventsMax)) as readonly RecordedEvent<E>[],
  };
};
