/**
 * Adapters in; app, use cases and runners out (docs/architecture.md, "Who may import whom"). Reads no environment and
 * knows no driver.
 */
import type { FastifyInstance } from 'fastify';
import { createHandlers } from '../commands/handlers.ts';
import { createUseCases, type UseCases } from '../commands/index.ts';
import { createFindRequest } from '../eventsourcing/commandHandling/recordedCommands.ts';
import { createSnapshotWriter } from '../eventsourcing/commandHandling/snapshotWriter.ts';
import { createStateCache } from '../eventsourcing/commandHandling/stateCache.ts';
import { createTurns } from '../eventsourcing/concurrency.ts';
import { failureFacts, type ProcessRole, StoreUnavailable } from '../eventsourcing/ports.ts';
import { buildApp } from '../http/app.ts';
import type { HttpSettings } from '../http/ports.ts';
import { createProcessManagers } from '../processManagers/index.ts';
import type { ReadModels } from '../projections/index.ts';
import { createDeliverer } from '../webhooks/deliver.ts';
import { createEndpointDirectory, type WebhookReadModels } from '../webhooks/index.ts';
import { createWebhookPlanner } from '../webhooks/planner.ts';
import { createReconciler } from '../webhooks/reconcile.ts';
import type { Adapters } from './adapters.ts';
import { createCarrierSide } from './carriers.ts';
import { createMeasures, createPolicyLag } from './measures.ts';
import { createCatchUp, createReadiness } from './readiness.ts';
import { createAllocationReadModels, createAllReadModels, createClaimLists, readSideOf } from './readModels.ts';
import { createRunners } from './runners.ts';
import { createStockDrift } from './stockDrift.ts';

/** Of policies, in one turn of the event loop (CONTRIBUTING.md). */
const policiesBudgetMs = 10;

export interface Settings {
  readonly roles: ReadonlySet<ProcessRole>;
  /** See `ReadSide.parts`. */
  readonly projectionParts: number;
  readonly http: HttpSettings;
  readonly stateCacheBytesMax: number;
  /** How long an order's reservation is kept before it lapses. */
  readonly orderReservationMs: number;
  /** Counts and adjustments of so many pieces, and retirements, take a second person; 0: nothing does. */
  readonly approvalFromUnits: number;
  /** How long answers to idempotency keys are kept; docs/openapi.json promises 7 days. */
  readonly idempotencyKeptMs: number;
}

export interface Service {
  readonly app: FastifyInstance;
  readonly useCases: UseCases;
  readonly readModels: ReadModels & WebhookReadModels;
  /** Runs all that follows the log, works jobs and sweeps, until aborted; then finishes what is in flight. */
  run(signal: AbortSignal): Promise<void>;
}

export const compose = async (adapters: Adapters, settings: Settings): Promise<Service> => {
  const { events, documents, jobs, personalData, clock, logger, idempotencyRecords } = adapters;
  const readSide = readSideOf(adapters, settings.projectionParts);
  const snapshots = createSnapshotWriter(adapters.snapshots, (error) =>
    logger.warn(failureFacts(error), 'no snapshot'),
  );
  const readModels = createAllReadModels(readSide);
  const lag = createPolicyLag(readModels.live, readSide.consumerProgress);
  const measures = createMeasures(lag.behindMs);
  const stockDrift = createStockDrift(logger, readModels);
  const cache = createStateCache(settings.stateCacheBytesMax);
  const handlers = createHandlers({ store: events, clock, cache, snapshots });
  const useCases = createUseCases({ ...adapters, handlers, approvalFromUnits: settings.approvalFromUnits });
  const carriers = createCarrierSide(adapters, useCases, readModels);
  const processManagers = createProcessManagers({
    ...adapters,
    handlers,
    store: events,
    source: events,
    allocationReadModels: createAllocationReadModels(readModels, readSide),
    dueReservations: readModels.openReservations.queries,
    lapseWatch: measures.lapses,
    claimLists: createClaimLists(readModels, readSide.consumerProgress),
    driftWatch: measures.drift,
    takeTurn: createTurns({ budgetMs: policiesBudgetMs }).take,
    reservationMs: settings.orderReservationMs,
  });
  const directory = createEndpointDirectory(readModels.webhookEndpoints.queries, readModels.webhookEndpoints.model);
  const planner = createWebhookPlanner({
    documents,
    jobs,
    directory,
    clock,
    isQueueAway: (error) => {
      const isAway = error instanceof StoreUnavailable;
      if (isAway) logger.warn({ reason: error.message }, 'the queue is away: deliveries wait for the reconciler');
      return isAway;
    },
  });
  const deliver = createDeliverer({
    ...adapters,
    source: events,
    directory,
    unseal: personalData,
    recordGone: useCases.recordGone,
  });
  const runners = createRunners({
    ...adapters,
    roles: settings.roles,
    source: events,
    consumerProgress: readSide.consumerProgress,
    lag,
    readModels,
    processManagers,
    carrierAsking: carriers.asking,
    planner,
    deliver,
    reconcile: createReconciler({ documents, jobs, directory, clock }),
    pruneIdempotency: () =>
      idempotencyRecords.prune(new Date(Date.parse(clock.now()) - settings.idempotencyKeptMs).toISOString()),
    checkStocks: stockDrift.look,
    onFailure: readSide.onFailure,
  });
  const prepare = async (): Promise<void> => {
    await adapters.prepare?.();
    await runners.prepare();
  };
  const readiness = createReadiness(prepare, logger);
  const catchUp = createCatchUp(events, readModels.all, adapters.keepTime);
  await Promise.all([readiness.attempt(), catchUp.keepTime()]);
  const app = await buildApp({
    ...adapters,
    useCases,
    readModels,
    consumers: runners.consumers,
    carrierPorts: carriers.forHttp,
    measured: () => [...measures.lines(), ...stockDrift.lines(), ...carriers.lines()],
    behindMs: lag.behindMs,
    isPrepared: readiness.isReached,
    isCaughtUp: catchUp.isReached,
    findRequest: createFindRequest(events),
    checkWebhookTarget: adapters.sender.checkTarget,
    settings: settings.http,
  });
  return {
    app,
    useCases,
    readModels,
    run: async (signal) => {
      await readiness.reach(signal);
      if (!signal.aborted) await Promise.all([runners.run(signal), catchUp.run(signal)]);
    },
  };
};
