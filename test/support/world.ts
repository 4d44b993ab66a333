/**
 * The write side on a real log, with everything around it in the hands of the test: the clock, the policies' batches,
 * and the moment at which the process dies.
 */
import { createSecretKey } from 'node:crypto';
import { createHandlers } from '../../src/commands/handlers.ts';
import { createUseCases, type UseCases } from '../../src/commands/index.ts';
import type { PersonalData } from '../../src/commands/ports.ts';
import { decodeStored } from '../../src/domain/events.ts';
import { derivedId } from '../../src/eventsourcing/commandHandling/ids.ts';
import type { CommandContext } from '../../src/eventsourcing/commandHandling/outcome.ts';
import { createStateCache } from '../../src/eventsourcing/commandHandling/stateCache.ts';
import type { TakeTurn } from '../../src/eventsourcing/concurrency.ts';
import { comparePositions, type Position, type Sealed } from '../../src/eventsourcing/message.ts';
import type { Clock, EventStore } from '../../src/eventsourcing/ports.ts';
import { createApiKeyTexts } from '../../src/infra/keys/apiKeyTexts.ts';
import { createTrackingTokens } from '../../src/infra/keys/trackingTokens.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { createProcessManagers, type ProcessManagers } from '../../src/processManagers/index.ts';
import type { AllocationReadModels, ClaimLists, DriftKind } from '../../src/processManagers/ports.ts';
import { createLogFold, type LogFold } from './logFold.ts';
import { createMemoryEvents, type Log } from './memoryEvents.ts';

export const reservationMs = 15 * 60_000;
const startMs = Date.parse('2026-03-01T09:00:00.000Z');
const cacheBytes = 16 * 1_024 * 1_024;
/** Batches without an end would mean that two reactions call for each other. */
const batchesMax = 2_000;

export interface TestClock extends Clock {
  pass(ms: number): void;
}
export const createClock = (): TestClock => {
  let nowMs = startMs;
  return {
    now: () => new Date(nowMs).toISOString(),
    pass: (ms) => {
      nowMs += ms;
    },
  };
};

/** Readable on purpose: the real one has tests of its own. Text opens only where it was sealed, as with the real one. */
export const plainPersonalData: PersonalData = {
  seal: async (subject, place, value) => JSON.stringify([subject, place, value]) as Sealed,
  digest: async (subject, text) => derivedId(`${subject}/${text}`),
  open: async (sealed, place) => {
    const [, sealedAt, value] = JSON.parse(sealed) as [string, string, unknown];
    if (sealedAt !== place) throw new Error(`sealed for ${sealedAt}, opened at ${place}`);
    return value;
  },
  remember: async () => undefined,
  rememberedBy: async () => [],
  erase: async () => undefined,
};

/** Of a command that a person sent; the same name makes the same command. */
export const contextOf = (name: string, changes: Partial<CommandContext> = {}): CommandContext => ({
  commandId: derivedId(`test/${name}`),
  actor: { subject: 'anna', kind: 'person', client: 'shop' },
  authentication: { acr: 'phr' },
  correlationId: derivedId('test'),
  causationId: derivedId('test'),
  ...changes,
});

export class Crash extends Error {
  override readonly name = 'Crash';
}
/** Dies at its n-th append (from 1): with nothing of it written, or with all of it written and nobody told. */
export interface CrashPoint {
  readonly append: number;
  readonly when: 'before' | 'after';
}

/** The store as one process sees it; once that has died, nothing answers it any more. */
const storeOfProcess = (store: EventStore, crashAt?: CrashPoint): EventStore => {
  let appends = 0;
  let dead = false;
  const orDie = (): void => {
    if (dead) throw new Crash();
  };
  const dieAt = (when: CrashPoint['when'], append: number): void => {
    dead ||= crashAt?.append === append && crashAt.when === when;
    orDie();
  };
  const { locate, isBlindToKnownIds = false } = store;
  return {
    isBlindToKnownIds,
    ...(locate === undefined
      ? {}
      : {
          locate: async (eventIds) => {
            orDie();
            return locate(eventIds);
          },
        }),
    append: async (stream, expected, events) => {
      orDie();
      appends += 1;
      const append = appends;
      dieAt('before', append);
      const result = await store.append(stream, expected, events);
      dieAt('after', append);
      return result;
    },
    readStream: async (stream, fromRevision, limit) => {
      orDie();
      const events = await store.readStream(stream, fromRevision, limit);
      orDie();
      return events;
    },
    head: async () => {
      orDie();
      return store.head();
    },
  };
};

export interface SettleOptions {
  /** Each batch is handed over once more, as after a crash before the checkpoint moved. */
  readonly twice?: boolean;
  /** Events of a batch. */
  readonly batchSize?: number;
  /** Stops after so many batches, with the rest of the log unseen. */
  readonly batches?: number;
  /** Each process in turn dies at its point; the last one lives. */
  readonly crashes?: readonly CrashPoint[];
}

/** What one process would have: what clients ask for, and what follows events. */
export type Process = UseCases & ProcessManagers;

export interface World {
  readonly clock: TestClock;
  readonly store: Log;
  readonly log: LogFold;
  /** Of each reservation that a sweep ended. */
  readonly latenessMs: readonly number[];
  /** Of the process that runs now. */
  readonly useCases: Process;
  /** Another process over the same log, with a cache of its own. */
  newProcess(crashAt?: CrashPoint): Process;
  /** The process is gone, with all that was in its memory; a new one takes over. */
  restart(crashAt?: CrashPoint): void;
  /** The policies pass all that is in the log now, and do nothing of what it asks for. */
  miss(): Promise<void>;
  /** Happens whenever a look at the claims waits for the policies. */
  meanwhile(step: () => Promise<unknown>): void;
  /** What the latest look at the claims has found. */
  readonly drift: ReadonlyMap<DriftKind, number>;
  /** The policies see all of the log once more, from its beginning. */
  redeliver(): Promise<void>;
  /** The policies follow the log to its end. @returns how many processes died on the way. */
  settle(options?: SettleOptions): Promise<number>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly personalData?: PersonalData;
  /** `memory` is for tests that open thousands of worlds; it has no group commit and no disk format. */
  readonly engine?: 'sqlite' | 'memory' | OpenLog;
  /** The read models have folded nothing yet, so that all that allocations look at comes from the log. */
  readonly foldsNothing?: boolean;
  /** Absent: policies never wait for a turn. */
  readonly takeTurn?: TakeTurn;
}

export type OpenLog = () => Promise<{ readonly store: Log; readonly close: () => Promise<void> }>;

const openLog = async (engine: 'sqlite' | 'memory' | OpenLog): ReturnType<OpenLog> => {
  if (typeof engine === 'function') return engine();
  if (engine === 'memory') return { store: createMemoryEvents(), close: () => Promise.resolve() };
  const db = openDatabase(':memory:');
  return { store: await createSqliteEvents(db, decodeStored), close: () => db.close() };
};

const nothingFolded: AllocationReadModels = {
  builds: () => 'nothing',
  position: () => null,
  storedPosition: async () => null,
  warehouses: async () => [],
  warehousesHolding: async () => [],
  isAnyWaitingFor: async () => false,
  ordersWaitingFor: async () => ({ orders: [], nextCursor: null }),
};

/** All of the log on one page each. */
const listsOf = (log: LogFold): Omit<ClaimLists, 'hasReacted'> => {
  const page = <T>(items: readonly T[]) => ({ items, nextCursor: null });
  const idsOf = (orders: readonly { readonly orderId: string }[]) => page(orders.map(({ orderId }) => orderId));
  return {
    orders: async () => idsOf(await log.orders()),
    isAnyWaiting: async () => true,
    waiting: async () => idsOf(await log.orders()),
    reservations: async () =>
      page(
        (await log.openReservations()).flatMap(({ orderId, warehouseId, sku, reservationId }) =>
          orderId === undefined ? [] : [{ orderId, warehouseId, sku, reservationId }],
        ),
      ),
  };
};

export const openWorld = async (options: WorldOptions = {}): Promise<World> => {
  const { personalData = plainPersonalData, engine = 'sqlite', takeTurn = () => null, foldsNothing = true } = options;
  const { store, close } = await openLog(engine);
  const clock = createClock();
  const log = createLogFold(store);
  const apiKeyTexts = createApiKeyTexts(createSecretKey(Buffer.alloc(32)));
  const trackingTokens = createTrackingTokens(createSecretKey(Buffer.alloc(32)));
  let secrets = 0;
  const latenessMs: number[] = [];

  const drift = new Map<DriftKind, number>();
  let checkpoint: Position | null = null;
  let whileWaiting: () => Promise<unknown> = () => Promise.resolve();
  const isPast = (position: Position): boolean => checkpoint !== null && comparePositions(position, checkpoint) <= 0;

  const newProcess = (crashAt?: CrashPoint): Process => {
    const events = storeOfProcess(store, crashAt);
    const handlers = createHandlers({ store: events, clock, cache: createStateCache(cacheBytes) });
    return {
      ...createUseCases({
        handlers,
        personalData,
        clock,
        events,
        newSecret: () => `whsec_${++secrets}`,
        approvalFromUnits: 0,
        apiKeyTexts,
        trackingTokens,
      }),
      ...createProcessManagers({
        handlers,
        store: events,
        clock,
        personalData,
        source: store,
        allocationReadModels: foldsNothing ? nothingFolded : log,
        countryPoint: () => null,
        dueReservations: log,
        lapseWatch: { ended: (lateMs) => latenessMs.push(lateMs), oldestDue: () => undefined },
        claimLists: { ...listsOf(log), hasReacted: (position) => whileWaiting().then(() => isPast(position)) },
        driftWatch: { found: (kind, count) => drift.set(kind, count) },
        takeTurn,
        reservationMs,
      }),
    };
  };

  let useCases = newProcess();
  const restart = (crashAt?: CrashPoint): void => {
    useCases = newProcess(crashAt);
  };

  const handleNext = async ({ twice = false, batchSize = 50 }: SettleOptions): Promise<boolean> => {
    const batch = await store.readAll(checkpoint, 'forwards', batchSize);
    const asked = batch.filter(({ type }) => useCases.reactions.types.includes(type));
    await useCases.reactions.handle(asked);
    if (twice) await useCases.reactions.handle(asked);
    checkpoint = batch.at(-1)?.position ?? checkpoint;
    return batch.length > 0;
  };

  const settle = async (options: SettleOptions = {}): Promise<number> => {
    const [first, ...later] = options.crashes ?? [];
    const crashes = later.values();
    if (first !== undefined) restart(first);
    let deaths = 0;
    for (let batches = 0; batches < batchesMax; batches += 1) {
      if (batches === options.batches) return deaths;
      try {
        if (!(await handleNext(options))) return deaths;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        deaths += 1;
        restart(crashes.next().value);
      }
    }
    throw new Error(`the policies found no end in ${batchesMax} batches`);
  };

  const miss = async (): Promise<void> => {
    checkpoint = await store.head();
    useCases.reactions.takeOver();
  };

  const redeliver = async (): Promise<void> => {
    checkpoint = null;
    await settle();
  };

  return {
    clock,
    store,
    log,
    latenessMs,
    get useCases() {
      return useCases;
    },
    newProcess,
    restart,
    redeliver,
    miss,
    meanwhile: (step) => {
      whileWaiting = step;
    },
    drift,
    settle,
    close,
  };
};
