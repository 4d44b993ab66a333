/** What commands of long ago recorded, found in the log: for those that are sent again, and for callers that are behind. */
import type { DomainEvent, RecordedEvent } from '../message.ts';
import { CommandIdTaken, type EventStore } from '../ports.ts';
import type { Recording } from './outcome.ts';
import { learnAgain, makeRoomForOlder, mayHaveForgotten, type RecentCommand } from './recentCommands.ts';
import type { Loaded } from './stateCache.ts';
import { pageEvents, type Streams } from './streams.ts';

/** Events a 412 answer carries at most; a caller further behind reads the history. */
const staleEventsMax = 100;

interface RecordedCommands<State, E extends DomainEvent> {
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

export const createRecordedCommands = <State, E extends DomainEvent>(
  store: EventStore,
  { keep, readUpTo }: Pick<Streams<State>, 'keep' | 'readUpTo'>,
): RecordedCommands<State, E> => {
  /** All events of a stream, a page at a time. */
  async function* pagesOf(stream: string): AsyncGenerator<readonly RecordedEvent[]> {
    for (let from = 0; ; from += pageEvents) {
      const events = await store.readStream(stream, from, pageEvents);
      yield events;
      if (events.length < pageEvents) return;
    }
  }

  return {
    findRecordedCommands: async (stream, eventIds) => {
      const wanted = new Set(eventIds);
      /** All that such a command recorded belongs to its answer, though it may be decided shorter today. */
      const commandIds = new Set<string>();
      const found: RecordedEvent[] = [];
      for await (const events of pagesOf(stream)) {
        for (const event of events) {
          if (wanted.has(event.id)) commandIds.add(event.metadata.commandId);
          if (commandIds.has(event.metadata.commandId)) found.push(event);
        }
      }
      if (found.length === 0) throw new CommandIdTaken(`${stream}: event ids are taken by another stream`);
      const loaded = await readUpTo(stream, Number.MAX_SAFE_INTEGER);
      learnAgain(loaded.recent, found);
      return keep(stream, loaded);
    },
    findForgottenCommands: async (stream, { recent }, commandIds) => {
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
    replay: async (stream, { firstRevision, lastRevision }) => {
      const { state } = await readUpTo(stream, lastRevision);
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
