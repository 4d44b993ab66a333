/** Everything that runs beside the requests: what follows the log, what works jobs, what is swept now and then. */
import type { FastifyBaseLogger } from 'fastify';
import type { UseCases } from './commands/index.ts';
import { type Consumer, type ConsumerOptions, createConsumer, type Progress } from './projections/consumer.ts';
import type { ReadModels } from './projections/index.ts';
import type { Checkpoints, EventSource, Job, JobOutcome, JobQueue } from './projections/ports.ts';
import { deliveryConcurrency, deliveryLeaseMs } from './projections/webhooks/deliver.ts';
import { type DeliveryJob, deliveryQueue } from './projections/webhooks/ledger.ts';
import { plannerName, plannerTypes, type WebhookPlanner } from './projections/webhooks/planner.ts';
import { reconcileEveryMs } from './projections/webhooks/reconcile.ts';

export interface RunnerPorts {
  readonly source: EventSource;
  readonly checkpoints: Checkpoints;
  readonly jobs: JobQueue;
  readonly readModels: ReadModels;
  readonly useCases: UseCases;
  readonly planner: WebhookPlanner;
  readonly deliver: (job: Job<DeliveryJob>) => Promise<JobOutcome>;
  readonly reconcile: () => Promise<unknown>;
  readonly pruneIdempotency: () => Promise<unknown>;
  readonly onFailure: ConsumerOptions['onFailure'];
  readonly logger: FastifyBaseLogger;
}

export interface Runners {
  /** All that follows the log, for health and metrics. */
  readonly consumers: readonly Progress[];
  /** Creates what must be there before the first request. */
  prepare(): Promise<void>;
  /** Runs until aborted, then finishes what is in flight. */
  run(signal: AbortSignal): Promise<void>;
}

/** Events of one go of the policies: as many orders are planned side by side. */
const reactionsBatchMax = 256;
const plannerBatchMax = 512;
/** How late a reservation may end after its time. */
const expireEveryMs = 1_000;
const pruneEveryMs = 60 * 60_000;

/** Asked anew: the compiler takes a signal that was not aborted for one that never will be. */
const hasStopped = ({ aborted }: AbortSignal): boolean => aborted;

/** Calls `work` every so often, one call at a time, until aborted. A failure is told and tried again next time. */
const repeatedly = async (
  work: () => Promise<unknown>,
  everyMs: number,
  { signal, onError }: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void },
): Promise<void> => {
  while (!signal.aborted) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, everyMs);
      signal.addEventListener('abort', done);
    });
    if (!hasStopped(signal)) await work().catch(onError);
  }
};

export const createRunners = (ports: RunnerPorts): Runners => {
  const { source, checkpoints, jobs, readModels, useCases, planner, onFailure, logger } = ports;
  const { reactions } = useCases;
  const followers: readonly Consumer[] = [
    createConsumer({
      name: 'reactions_v1',
      source,
      checkpoints,
      types: reactions.types,
      batchMax: reactionsBatchMax,
      handle: reactions.handle,
      onFailure,
    }),
    createConsumer({
      name: plannerName,
      source,
      checkpoints,
      types: plannerTypes,
      batchMax: plannerBatchMax,
      handle: planner.handle,
      onFailure,
    }),
    readModels.live,
  ];
  const consumers = [...readModels.all, ...followers];

  return {
    consumers,
    prepare: async () => {
      for (const model of readModels.all) await model.prepare();
      await planner.prepare();
    },
    run: async (signal) => {
      const sweep = (name: string, work: () => Promise<unknown>, everyMs: number): Promise<void> =>
        repeatedly(work, everyMs, {
          signal,
          onError: (error) => logger.error({ err: error, sweep: name }, 'sweep failed'),
        });
      const options = { concurrency: deliveryConcurrency, leaseMs: deliveryLeaseMs, signal };
      await Promise.all([
        ...consumers.map((consumer) => consumer.run(signal)),
        jobs.work<DeliveryJob>(deliveryQueue, options, ports.deliver),
        sweep('expire reservations', useCases.expireReservations, expireEveryMs),
        sweep('reconcile deliveries', ports.reconcile, reconcileEveryMs),
        sweep('prune idempotency keys', ports.pruneIdempotency, pruneEveryMs),
      ]);
    },
  };
};
