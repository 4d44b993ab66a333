/** The smallest aggregate that can be asked for several events, for none, and for too much: a counter. */
import { type CommandHandler, createCommandHandler } from '../../src/eventsourcing/commandHandling/commandHandler.ts';
import { createStateCache, type StateCache } from '../../src/eventsourcing/commandHandling/stateCache.ts';
import { accept, type Decider, jsonStates, refuse } from '../../src/eventsourcing/message.ts';
import type { AppendResult, Clock, EventSource, EventStore, ExpectedRevision } from '../../src/eventsourcing/ports.ts';
import { asWritten } from '../../src/infra/sqlite/events/eventRows.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { createClock } from '../support/world.ts';

type Counted = { readonly type: 'Counted'; readonly data: { readonly by: 1 } };
export const counted: Counted = { type: 'Counted', data: { by: 1 } };

export type CounterCommand = { readonly add: number } | { readonly raiseTo: number };
export type CounterHandle = CommandHandler<number, CounterCommand, Counted, 'COUNTER_FULL'>;

export const counterMax = 1_000;

/** Its state is how many were counted, which is the revision + 1. */
export const counterDecider: Decider<number, CounterCommand, Counted, 'COUNTER_FULL'> = {
  category: 'counter',
  initialState: 0,
  decide: (command, count) => {
    const more = 'add' in command ? command.add : Math.max(0, command.raiseTo - count);
    if (count + more > counterMax) return refuse('COUNTER_FULL', 'So many do not fit.', { count });
    return accept(...Array.from({ length: more }, () => counted));
  },
  evolve: (count) => count + 1,
  weigh: () => 100,
  codec: jsonStates(1),
  schemaVersions: { Counted: 1 },
};

export const cacheOfAnySize = (): StateCache => createStateCache(Number.MAX_SAFE_INTEGER);

export interface WatchedStore {
  readonly store: EventStore & EventSource;
  readonly appends: { readonly expected: ExpectedRevision; readonly size: number; readonly kind: string }[];
  /** First revisions that were asked for. */
  readonly reads: number[];
  /** Runs once, before the next append is handed on. */
  beforeAppend(hook: () => Promise<void>): void;
  /** Runs once, after the next append was handed on, before its caller hears of it. */
  afterAppend(hook: () => Promise<void>): void;
  close(): Promise<void>;
}

export const openWatchedStore = async (): Promise<WatchedStore> => {
  const db = openDatabase(':memory:');
  const store = await createSqliteEvents(db, asWritten);
  const appends: WatchedStore['appends'] = [];
  const reads: number[] = [];
  const before: (() => Promise<void>)[] = [];
  const after: (() => Promise<void>)[] = [];
  return {
    store: {
      ...store,
      append: async (stream, expected, events): Promise<AppendResult> => {
        await before.shift()?.();
        const result = await store.append(stream, expected, events);
        appends.push({ expected, size: events.length, kind: result.kind });
        await after.shift()?.();
        return result;
      },
      readStream: (stream, fromRevision, limit) => {
        reads.push(fromRevision);
        return store.readStream(stream, fromRevision, limit);
      },
    },
    appends,
    reads,
    beforeAppend: (hook) => before.push(hook),
    afterAppend: (hook) => after.push(hook),
    close: () => db.close(),
  };
};

/** One process: a handle with a cache of its own. */
export const newCounters = (
  store: EventStore,
  cache: StateCache = cacheOfAnySize(),
  clock: Clock = createClock(),
): CounterHandle => createCommandHandler(counterDecider, { store, clock, cache });
