/** What commands of long ago recorded, found in the log: for those that are sent again, and for callers that are behind. */
import { createSlots } from '../concurrency.ts';
import type { DomainEvent, RecordedEvent } from '../message.ts';
import { CommandIdTaken, type EventStore } from '../ports.ts';
import { eventIdOf } from './ids.ts';
import type { Recording } from './outcome.ts';
import { learnAgain, makeRoomForOlder, mayHaveForgotten, type RecentCommand } from './recentCommands.ts';
import type { Loaded } from './stateCache.ts';
import { pageEvents, type Streams } from './streams.ts';

/** A client that comes back may send all of its last commands again, and each answer folds some thousand events. */
const replaysAtOnce = 2;
/** Most commands record one event, a fact that takes from claims some more. */
const commandEvents = 16;
/** Events a 412 answer carries at most; a caller further behind reads the history. */
const staleEventsMax = 100;

interface FoundCommands {
  readonly elsewhere: readonly string[];
}

interface RecordedCommands<State, E extends DomainEvent> {
  /**
   * Finds in a store that is not blind what these commands recorded, however long ago, and makes it known with the state.
   * @returns those whose id another stream has.
   */
  findRecorded(stream: string, loaded: Loaded<State>, commandIds: readonly string[]): Promise<FoundCommands>;
  /** Makes known again which of these commands wrote to the stream, where the store would not find out by itself. */
  findForgottenCommands(stream: string, loaded: Loaded<State>, commandIds: readonly string[]): Promise<void>;
  /** Whether a command wrote to the stream, however long ago. Reads all of it. */
  readonly hasRecorded: (stream: string, commandId: string) => Promise<boolean>;
  /**
   * What an earlier attempt of the same command recorded, as it was answered then.
   * @throws CommandIdTaken when that was another request.
   */
  replay(stream: string, command: RecentCommand, request: string | undefined): Promise<Recording<State, E>>;
  /** The events after a revision, for a caller that is behind (B1). */
  since(stream: string, revision: number): Promise<readonly RecordedEvent<E>[]>;
}

export const createRecordedCommands = <State, E extends DomainEvent>(
  store: EventStore,
  { readUpTo }: Pick<Streams<State>, 'readUpTo'>,
): RecordedCommands<State, E> => {
  const inLine = createSlots(replaysAtOnce);

  /** All events of a stream, a page at a time. */
  async function* pagesOf(stream: string): AsyncGenerator<readonly RecordedEvent[]> {
    for (let from = 0; ; from += pageEvents) {
      const events = await store.readStream(stream, from, pageEvents);
      yield events;
      if (events.length < pageEvents) return;
    }
  }

  /** All that a command recorded stands together. */
  const eventsOf = async (stream: string, commandId: string, first: number): Promise<readonly RecordedEvent[]> => {
    const found: RecordedEvent[] = [];
    for (;;) {
      const events = await store.readStream(stream, first + found.length, commandEvents);
      const own = events.filter(({ metadata }) => metadata.commandId === commandId);
      found.push(...own);
      if (own.length < commandEvents) return found;
    }
  };

  return {
    findRecorded: async (stream, { recent }, commandIds) => {
      if (store.locate === undefined) throw new Error(`${stream}: the store is blind to known ids`);
      const commandOf = new Map(commandIds.map((commandId) => [eventIdOf(commandId, 0), commandId]));
      const located = await store.locate([...commandOf.keys()]);
      const elsewhere: string[] = [];
      makeRoomForOlder(recent);
      for (const { id, stream: place, revision } of located) {
        const commandId = commandOf.get(id) ?? '';
        if (place === stream) learnAgain(recent, await eventsOf(stream, commandId, revision));
        else elsewhere.push(commandId);
      }
      return { elsewhere };
    },
    findForgottenCommands: async (stream, { recent }, commandIds) => {
      if (recent.fingerprints === null) return;
      const forgotten = new Set(commandIds.filter((id) => mayHaveForgotten(recent, id)));
      if (forgotten.size === 0) return;
      makeRoomForOlder(recent);
      for await (const events of pagesOf(stream)) {
        const found = events.filter(({ metadata }) => forgotten.has(metadata.commandId));
        learnAgain(recent, found);
      }
    },
    hasRecorded: async (stream, commandId) => {
      for await (const events of pagesOf(stream)) {
        if (events.some(({ metadata }) => metadata.commandId === commandId)) return true;
      }
      return false;
    },
    replay: async (stream, { firstRevision, lastRevision }, request) => {
      const events = await store.readStream(stream, firstRevision, lastRevision - firstRevision + 1);
      const last = events.at(-1);
      const first = last?.metadata.request;
      if (first !== undefined && request !== undefined && first !== request) {
        throw new CommandIdTaken(`${stream}: event ids are taken by another request`);
      }
      const { state } = await inLine(() => readUpTo(stream, lastRevision));
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

/** The request of an earlier attempt, as its first event names it. */
export interface RecordedRequest {
  readonly request: string | undefined;
}

/** Absent where the log does not find an event by its id. `null`: the command recorded nothing. */
export const createFindRequest = ({ locate, readStream }: EventStore) =>
  locate === undefined
    ? undefined
    : async (commandId: string): Promise<RecordedRequest | null> => {
        const [found] = await locate([eventIdOf(commandId, 0)]);
        if (found === undefined) return null;
        const [event] = await readStream(found.stream, found.revision, 1);
        return { request: event?.metadata.request };
      };
