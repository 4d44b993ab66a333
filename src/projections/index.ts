/** The whole public surface of the read side: every read model with its queries, and what keeps them going. */

import {
  itemStream,
  orderStream,
  shipmentStream,
  stockStream,
  warehouseStream,
  webhookStream,
} from '../domain/values.ts';
import type { Documents } from '../eventsourcing/documents.ts';
import type { RecordedEvent } from '../eventsourcing/message.ts';
import { discrepancies } from './discrepancies/projection.ts';
import { createDiscrepancyQueries } from './discrepancies/queries.ts';
import { eventHistory } from './eventHistory/projection.ts';
import { createEventHistoryQueries } from './eventHistory/queries.ts';
import { type ItemDocument, items } from './items/projection.ts';
import { createItemQueries } from './items/queries.ts';
import { createLiveEvents } from './liveEvents.ts';
import { logCount } from './logCount/projection.ts';
import { createLogCountQueries } from './logCount/queries.ts';
import { openReservations } from './openReservations/projection.ts';
import { createOpenReservationQueries } from './openReservations/queries.ts';
import { type OrderDocument, orders } from './orders/projection.ts';
import { createOrderQueries } from './orders/queries.ts';
import { createPacer, pacedReads } from './pacer.ts';
import { type AnyProjection, erase } from './projection.ts';
import { createReadModel, type ReadModel, type ReadSide } from './readModel.ts';
import { type ShipmentDocument, shipments } from './shipments/projection.ts';
import { createShipmentQueries } from './shipments/queries.ts';
import { skuWarehouses } from './skuWarehouses/projection.ts';
import { createSkuWarehousesQueries } from './skuWarehouses/queries.ts';
import { createStockHistory } from './stockHistory/queries.ts';
import { type StockLevelDocument, stockLevelId, stockLevels } from './stockLevels/projection.ts';
import { createStockLevelQueries } from './stockLevels/queries.ts';
import { type WarehouseDocument, warehouses } from './warehouses/projection.ts';
import { createWarehouseQueries } from './warehouses/queries.ts';
import { type WebhookEndpointDocument, webhookEndpoints } from './webhookEndpoints/projection.ts';
import { createWebhookEndpointQueries } from './webhookEndpoints/queries.ts';
import { createDeliveryQueries } from './webhooks/queries.ts';

/** Every projection there is; a rebuild names one of them. */
export const projections: readonly AnyProjection[] = [
  erase(warehouses),
  erase(items),
  erase(stockLevels),
  erase(skuWarehouses),
  erase(openReservations),
  erase(discrepancies),
  erase(orders),
  erase(shipments),
  erase(webhookEndpoints),
  erase(eventHistory),
  erase(logCount),
];

const foldPageEvents = 500;

/** One stream folded by a projection as of this moment, for answers that can't wait for the read model. */
const createFold =
  ({ source }: ReadSide) =>
  async <T extends object>(projection: AnyProjection, stream: string, id: string): Promise<T | null> => {
    let document: object | null = null;
    for (let from = 0; ; from += foldPageEvents) {
      const events: readonly RecordedEvent[] = await source.readStream(stream, from, foldPageEvents);
      const handled = events.filter(({ type }) => projection.handles.includes(type));
      document = projection.applyAll(document, handled, id);
      if (events.length < foldPageEvents) return document as T | null;
    }
  };

/**
 * What was acknowledged is never "not found": where the read model has no document yet, its stream is folded. A document
 * that is there may lag; a caller who must see its own write names the position (B8).
 */
const orFolded = <Ids extends readonly string[], T, Q extends { get(...ids: Ids): Promise<T | null> }>(
  queries: Q,
  fold: (...ids: Ids) => Promise<T | null>,
): Q => ({ ...queries, get: async (...ids: Ids) => (await queries.get(...ids)) ?? fold(...ids) });

export const createReadModels = (side: ReadSide) => {
  const { documents, source } = side;
  const fold = createFold(side);
  const foldOrder = (id: string) => fold<OrderDocument>(erase(orders), orderStream(id), id);
  const foldShipment = (id: string) => fold<ShipmentDocument>(erase(shipments), shipmentStream(id), id);
  const all: ReadModel[] = [];
  const build = <Q>(projection: AnyProjection, queriesOf: (documents: Documents, collection: () => string) => Q) => {
    const model = createReadModel(projection, side);
    all.push(model);
    return { model, queries: queriesOf(documents, model.collection) };
  };
  const live = createLiveEvents(source, side.onFailure);
  const pace = createPacer();
  return {
    source,
    pace,
    live,
    warehouses: build(erase(warehouses), (port, collection) =>
      orFolded(createWarehouseQueries(port, collection), (id: string) =>
        fold<WarehouseDocument>(erase(warehouses), warehouseStream(id), id),
      ),
    ),
    items: build(erase(items), (port, collection) =>
      orFolded(createItemQueries(port, collection), (sku: string) =>
        fold<ItemDocument>(erase(items), itemStream(sku), sku),
      ),
    ),
    stockLevels: build(erase(stockLevels), (port, collection) =>
      orFolded(createStockLevelQueries(port, collection), (warehouseId: string, sku: string) =>
        fold<StockLevelDocument>(erase(stockLevels), stockStream(warehouseId, sku), stockLevelId(warehouseId, sku)),
      ),
    ),
    skuWarehouses: build(erase(skuWarehouses), createSkuWarehousesQueries),
    openReservations: build(erase(openReservations), createOpenReservationQueries),
    discrepancies: build(erase(discrepancies), createDiscrepancyQueries),
    orders: {
      ...build(erase(orders), (port, collection) => orFolded(createOrderQueries(port, collection, pace), foldOrder)),
      fold: foldOrder,
      /** The order that these events, its first ones, make. */
      of: (orderId: string, events: readonly RecordedEvent[]) =>
        erase(orders).applyAll(null, events, orderId) as OrderDocument | null,
    },
    shipments: {
      ...build(erase(shipments), (port, collection) => orFolded(createShipmentQueries(port, collection), foldShipment)),
      fold: foldShipment,
    },
    webhookEndpoints: build(erase(webhookEndpoints), (port, collection) =>
      orFolded(createWebhookEndpointQueries(port, collection), (id: string) =>
        fold<WebhookEndpointDocument>(erase(webhookEndpoints), webhookStream(id), id),
      ),
    ),
    eventHistory: build(erase(eventHistory), (port, collection) =>
      createEventHistoryQueries(port, collection, { source, pace }),
    ),
    logCount: build(erase(logCount), createLogCountQueries),
    stockHistory: createStockHistory(pacedReads(source, pace)),
    deliveries: createDeliveryQueries(documents),
    /** Each with a runner of its own. */
    all: all as readonly ReadModel[],
  };
};

export type ReadModels = ReturnType<typeof createReadModels>;
