/** The smallest aggregate that can be asked for several events, for none, and for too much: a jar of marbles. */
import { type CommandHandler, createCommandHandler } from '../../src/eventsourcing/commandHandling/commandHandler.ts';
import { createStateCache, type StateCache } from '../../src/eventsourcing/commandHandling/stateCache.ts';
import { accept, type Decider, refuse } from '../../src/eventsourcing/message.ts';
import type { AppendResult, Clock, EventSource, EventStore, ExpectedRevision } from '../../src/eventsourcing/ports.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { createClock } from '../support/world.ts';

/** The store reads back only types that it knows; which of them a marble is recorded as does not matter here. */
type MarblePut = { readonly type: 'WebhookTestRequested'; readonly data: { readonly endpointId: string } };
const marble: MarblePut = { type: 'WebhookTestRequested', data: { endpointId: 'marble' } };

export type JarCommand = { readonly put: number } | { readonly fillTo: number };
export type JarHandle = CommandHandler<number, JarCommand, MarblePut, 'JAR_FULL'>;

export const jarSize = 1_000;

/** Its state is the number of marbles, which is the revision + 1. */
export const jarDecider: Decider<number, JarCommand, MarblePut, 'JAR_FULL'> = {
  category: 'jar',
  initialState: 0,
  decide: (command, marbles) => {
    const more = 'put' in command ? command.put : Math.max(0, command.fillTo - marbles);
    if (marbles + more > jarSize) return refuse('JAR_FULL', 'So many do not fit.', { marbles });
    return accept(...Array.from({ length: more }, () => marble));
  },
  evolve: (marbles) => marbles + 1,
  weigh: () => 100,
  schemaVersions: { WebhookTestRequested: 1 },
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
  const store = await createSqliteEvents(db);
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
export const newJars = (
  store: EventStore,
  cache: StateCache = cacheOfAnySize(),
  clock: Clock = createClock(),
): JarHandle => createCommandHandler(jarDecider, { store, clock, cache });
