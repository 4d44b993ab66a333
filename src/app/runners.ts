/** Everything that runs beside the requests: what follows the log, what works jobs, what is swept now and then. */
import { once } from 'node:events';
import { setTimeout as afterMs } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { type Consumer, type ConsumerOptions, createConsumer } from '../eventsourcing/consumers/consumer.ts';
import type { ConsumerProgress, Progress } from '../eventsourcing/consumers/consumerProgress.ts';
import {
  type Checkpoints,
  type EventSource,
  failureFacts,
  type HeldLease,
  type Leases,
  type ProcessRole,
} from '../eventsourcing/ports.ts';
import { askEveryMs, type createCarrierAsking } from '../processManagers/askCarriers.ts';
import type { ProcessManagers } from '../processManagers/index.ts';
import type { ReadModels } from '../projections/index.ts';
import { announcedTypes } from '../webhooks/announcements.ts';
import { type DeliveryHandler, deliveryLeaseMs } from '../webhooks/deliver.ts';
import { plannerName, type WebhookPlanner } from '../webhooks/planner.ts';
import type { JobQueue } from '../webhooks/ports.ts';
import { reconcileEveryMs } from '../webhooks/reconcile.ts';
import { type RoomName, roomNames, rooms } from '../webhooks/rooms.ts';
import { type LagMeter, reactionsName } from './measures.ts';
import { repeatedly, type Sweep } from './sweeps.ts';

interface RunnerPorts {
  readonly roles: ReadonlySet<ProcessRole>;
  readonly leases: Leases;
  readonly consumerProgress: ConsumerProgress;
  readonly source: EventSource;
  readonly checkpoints: Checkpoints;
  readonly jobs: JobQueue;
  readonly readModels: ReadModels;
  readonly processManagers: ProcessManagers;
  readonly carrierAsking: ReturnType<typeof createCarrierAsking>;
  readonly planner: WebhookPlanner;
  readonly lag: Pick<LagMeter, 'run'>;
  readonly deliver: (room: RoomName) => DeliveryHandler;
  readonly reconcile: () => Promise<unknown>;
  readonly pruneIdempotency: () => Promise<unknown>;
  readonly checkStocks: Sweep;
  readonly onFailure: ConsumerOptions['onFailure'];
  readonly logger: FastifyBaseLogger;
}

interface Runners {
  /** All that follows the log, for health and metrics. */
  readonly consumers: readonly Progress[];
  /** Creates what must be there before the first request. */
  prepare(): Promise<void>;
  /** Runs until aborted, then finishes what is in flight, or leaves it to the next start. */
  run(signal: AbortSignal): Promise<void>;
}

/** Events of one go of the policies: as many orders are planned side by side. */
const reactionsBatchMax = 256;
const plannerBatchMax = 512;
/** Between two sweeps: a reservation ends about this long after its time. */
const expireEveryMs = 1_000;
const pruneEveryMs = 60 * 60_000;
/**
 * Given to what is in flight at a stop; the process has 10 s for all of it. A batch of orders of 2,000 lines takes longer. Its
 * checkpoint has not moved, so it comes again, and its commands are known by their ids.
 */
const finishMaxMs = 2_000;
const checkStocksEveryMs = 10_000;
/** A fault of the policies shows, and is mended, within two looks. */
const reconcileClaimsEveryMs = 10_000;

export const createRunners = (ports: RunnerPorts): Runners => {
  const {
    source,
    checkpoints,
    leases,
    consumerProgress,
    jobs,
    readModels,
    processManagers,
    planner,
    onFailure,
    logger,
  } = ports;
  const { reactions } = processManagers;
  const sweeping =
    (signal: AbortSignal) =>
    (name: string, work: Sweep, everyMs: number): Promise<void> =>
      repeatedly(work, everyMs, {
        signal,
        onError: (error) => logger.error({ ...failureFacts(error), sweep: name }, 'sweep failed'),
      });

  const reconcileClaims = async (signal: AbortSignal): Promise<void> => {
    const drift = await processManagers.reconcileClaims(signal);
    if (Object.values(drift).some((count) => count > 0)) logger.warn({ drift }, 'claims had drifted, and were mended');
  };

  const followers: readonly Consumer[] = [
    createConsumer({
      name: reactionsName,
      source,
      checkpoints,
      // Another process may have handled events that this one has not noted.
      leases: {
        whileHeld: (name, signal, work) =>
          leases.whileHeld(name, signal, (held) => {
            reactions.takeOver();
            return work(held);
          }),
      },
      consumerProgress,
      types: reactions.types,
      batchMax: reactionsBatchMax,
      handle: reactions.handle,
      // Where the policies are, so that plans for one order wait for each other.
      beside: ({ signal }) => sweeping(signal)('reconcile claims', reconcileClaims, reconcileClaimsEveryMs),
      onFailure,
    }),
    createConsumer({
      name: plannerName,
      source,
      checkpoints,
      leases,
      consumerProgress,
      types: announcedTypes,
      batchMax: plannerBatchMax,
      handle: planner.handle,
      onFailure,
    }),
  ];
  const consumers = [...readModels.all, ...followers, readModels.live];

  const sweep = async (held: HeldLease): Promise<void> => {
    const every = sweeping(held.signal);
    await Promise.all([
      every('expire reservations', processManagers.expireReservations, expireEveryMs),
      every('reconcile deliveries', ports.reconcile, reconcileEveryMs),
      ...ports.carrierAsking.map(({ name, look }) => every(`ask ${name}`, look, askEveryMs)),
      every('prune idempotency keys', ports.pruneIdempotency, pruneEveryMs),
      every('check stocks', ports.checkStocks, checkStocksEveryMs),
    ]);
  };

  /** What each role does; the read models are watched where nobody folds them, as answers come from the active build. */
  const work: { readonly [R in ProcessRole]: (signal: AbortSignal) => readonly Promise<void>[] } = {
    api: (signal) => [readModels.live.run(signal), ports.lag.run(signal)],
    projector: (signal) => [...readModels.all, ...followers].map((consumer) => consumer.run(signal)),
    worker: (signal) => [
      ...roomNames.map((name) => {
        const { queue, concurrency } = rooms[name];
        return jobs.work(queue, { concurrency, leaseMs: deliveryLeaseMs, signal }, ports.deliver(name));
      }),
      leases.whileHeld('sweeps_v1', signal, sweep),
    ],
  };

  const giveUp = async (signal: AbortSignal): Promise<'given up'> => {
    if (!signal.aborted) await once(signal, 'abort');
    return afterMs(finishMaxMs, 'given up', { ref: false });
  };

  return {
    consumers,
    prepare: async () => {
      for (const model of readModels.all) await model.prepare();
      await readModels.apiKeys.uses.prepare();
      await readModels.carrierRounds.prepare();
      await planner.prepare();
    },
    run: async (signal) => {
      // Only what it shows depends on it, and news will tell the same.
      void consumerProgress.lookOnce().catch(() => undefined);
      const watched = ports.roles.has('projector') ? [] : readModels.all.map((model) => model.watch(signal));
      const all = Promise.all([...watched, ...[...ports.roles].flatMap((role) => work[role](signal))]);
      if ((await Promise.race([all, giveUp(signal)])) === 'given up') {
        logger.info({ finishMaxMs }, 'what is still under way is done again after the next start');
      }
    },
  };
};
