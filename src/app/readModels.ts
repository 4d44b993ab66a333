/** All that is read, of every room, and what process managers are shown of it. */
import type { FastifyBaseLogger } from 'fastify';
import { type ConsumerProgress, createConsumerProgress } from '../eventsourcing/consumers/consumerProgress.ts';
import { earlierOf, type Position } from '../eventsourcing/message.ts';
import { type Checkpoints, type EventSource, failureFacts, type ProgressPubSub } from '../eventsourcing/ports.ts';
import { type AnyProjection, partNames } from '../eventsourcing/projecting/projection.ts';
import type { ReadSide } from '../eventsourcing/projecting/readModel.ts';
import type { AllocationReadModels, ClaimLists, WaitingOrder } from '../processManagers/ports.ts';
import { createReadModels, projections, type ReadModels } from '../projections/index.ts';
import { anySku, type OrderDocument } from '../projections/orders/projection.ts';
import type { OrderStatus } from '../projections/orders/status.ts';
import { createWebhookReadModels, type WebhookReadModels, webhookProjections } from '../webhooks/index.ts';
import { reactionsName } from './measures.ts';

/** A rebuild names one of them. */
export const allProjections: readonly AnyProjection[] = [...projections, ...webhookProjections];

export const createAllReadModels = (side: ReadSide): ReadModels & WebhookReadModels => {
  const readModels = createReadModels(side);
  const ofWebhooks = createWebhookReadModels(side);
  return { ...readModels, ...ofWebhooks, all: [...readModels.all, ...ofWebhooks.all] };
};

type ReadAdapters = Omit<ReadSide, 'source' | 'consumerProgress' | 'parts' | 'onFailure'> & {
  readonly events: EventSource;
  readonly progressPubSub?: ProgressPubSub;
  readonly logger: FastifyBaseLogger;
};

/** The read side on these adapters; a rebuild needs no more than this. */
export const readSideOf = (
  { documents, foldedDocuments, checkpoints, generations, leases, events, progressPubSub, logger }: ReadAdapters,
  parts: number,
): ReadSide => ({
  documents,
  ...(foldedDocuments === undefined ? {} : { foldedDocuments }),
  checkpoints,
  generations,
  leases,
  source: events,
  consumerProgress: createConsumerProgress(
    progressPubSub === undefined ? undefined : { pubSub: progressPubSub, checkpoints },
  ),
  parts,
  onFailure: (consumer, error, delayMs) =>
    logger.error({ ...failureFacts(error), consumer, delayMs }, 'consumer failed'),
});

// What allocations ask of the read side, as far as it has come.

const waitingOrderOf = ({ orderId, placedAt, allowSplit, waitingSkus }: OrderDocument): WaitingOrder => ({
  orderId,
  placedAt,
  allowSplit,
  skus: waitingSkus.filter((sku) => sku !== anySku),
});

/** The least of them; `null`, which is before everything, where one is. */
const earliest = (positions: readonly (Position | null)[]): Position | null =>
  positions.reduce((a, b) => (a === null || b === null ? null : earlierOf(a, b))) ?? null;

/** @param parts of each read model, as `ReadSide` has it. */
export const createAllocationReadModels = (
  { warehouses, skuWarehouses, orders }: ReadModels,
  { checkpoints, parts }: { readonly checkpoints: Pick<Checkpoints, 'get'>; readonly parts: number },
): AllocationReadModels => {
  const models = [warehouses.model, skuWarehouses.model, orders.model];
  const builds = (): readonly string[] => models.map((model) => model.collection());
  return {
    builds: () => builds().join(),
    position: () => earliest(models.map((model) => model.position())),
    storedPosition: async () => {
      const names = builds().flatMap((build) => partNames(build, parts));
      return earliest(await Promise.all(names.map((name) => checkpoints.get(name))));
    },
    warehouses: warehouses.queries.all,
    warehousesHolding: skuWarehouses.queries.of,
    isAnyWaitingFor: orders.queries.isAnyWaiting,
    ordersWaitingFor: async (sku, { limit, cursor }) => {
      const page = { limit, ...(cursor === null ? {} : { cursor }) };
      const { items, nextCursor } = await orders.queries.waitingFor(sku ?? anySku, page);
      return { orders: items.map(waitingOrderOf), nextCursor };
    },
  };
};

// Where the reconciler of claims looks: pages of the read models, and how far the policies have come.

/** Documents of orders are large. */
const ordersPageSize = 25;
const claimsPageSize = 200;
/** Policies that need longer are behind, which has a metric of its own; the next look asks again. */
const waitMaxMs = 5_000;

/** Of orders that may still ship or wait. */
const openStatuses: readonly OrderStatus[] = [
  'pending',
  'processing',
  'partially_shipped',
  'partially_delivered',
  'exception',
];

const idsOf = ({ items }: { readonly items: readonly { readonly orderId: string }[] }): readonly string[] =>
  items.map(({ orderId }) => orderId);

/** Which status, and where in its list. */
const placeOf = (cursor: string | null): readonly [statusIndex: number, cursor?: string] => {
  if (cursor === null) return [0];
  const [index, ...within] = cursor.split(' ');
  return within.length === 0 ? [Number(index)] : [Number(index), within.join(' ')];
};

export const createClaimLists = (
  { orders, openReservations }: ReadModels,
  consumerProgress: ConsumerProgress,
): ClaimLists => {
  const policies = consumerProgress.progress(reactionsName);

  const openOrders: ClaimLists['orders'] = async (from) => {
    const [index, cursor] = placeOf(from);
    const status = openStatuses[index];
    if (status === undefined) return { items: [], nextCursor: null };
    const within = cursor === undefined ? {} : { cursor };
    const page = await orders.queries.list({ status, limit: ordersPageSize, ...within });
    if (page.nextCursor !== null) return { items: idsOf(page), nextCursor: `${index} ${page.nextCursor}` };
    const nextCursor = index + 1 < openStatuses.length ? `${index + 1}` : null;
    // A status that no order has is no reason to look at none.
    return page.items.length === 0 && nextCursor !== null ? openOrders(nextCursor) : { items: idsOf(page), nextCursor };
  };

  return {
    orders: openOrders,
    isAnyWaiting: (skus) => orders.queries.isAnyWaiting(skus),
    waiting: async (sku, cursor) => {
      const within = cursor === null ? {} : { cursor };
      const page = await orders.queries.waitingFor(sku ?? anySku, { limit: ordersPageSize, ...within });
      return { items: idsOf(page), nextCursor: page.nextCursor };
    },
    reservations: async (cursor) => {
      const page = await openReservations.queries.all({
        limit: claimsPageSize,
        ...(cursor === null ? {} : { cursor }),
      });
      const items = page.items.flatMap(({ orderId, warehouseId, sku, reservationId }) =>
        orderId === undefined ? [] : [{ orderId, warehouseId, sku, reservationId }],
      );
      return { items, nextCursor: page.nextCursor };
    },
    hasReacted: (position) => policies.waitFor(position, waitMaxMs),
  };
};
