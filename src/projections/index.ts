/** The whole public surface of the read side: every read model with its queries, and what keeps them going. */
import type { RecordedEvent } from '../domain/message.ts';
import { orderStream, shipmentStream } from '../domain/values.ts';
import { eventHistory } from './eventHistory/projection.ts';
import { createEventHistoryQueries } from './eventHistory/queries.ts';
import { items } from './items/projection.ts';
import { createItemQueries } from './items/queries.ts';
import { createLiveEvents } from './liveEvents.ts';
import { logCount } from './logCount/projection.ts';
import { createLogCountQueries } from './logCount/queries.ts';
import { openReservations } from './openReservations/projection.ts';
import { createOpenReservationQueries } from './openReservations/queries.ts';
import { type OrderDocument, orders } from './orders/projection.ts';
import { createOrderQueries } from './orders/queries.ts';
import type { Documents } from './ports.ts';
import { type AnyProjection, erase } from './projection.ts';
import { createReadModel, type ReadModel, type ReadSide } from './readModel.ts';
import { type ShipmentDocument, shipments } from './shipments/projection.ts';
import { createShipmentQueries } from './shipments/queries.ts';
import { skuWarehouses } from './skuWarehouses/projection.ts';
import { createSkuWarehousesQueries } from './skuWarehouses/queries.ts';
import { createStockHistory } from './stockHistory/queries.ts';
import { stockLevels } from './stockLevels/projection.ts';
import { createStockLevelQueries } from './stockLevels/queries.ts';
import { warehouses } from './warehouses/projection.ts';
import { createWarehouseQueries } from './warehouses/queries.ts';
import { webhookEndpoints } from './webhookEndpoints/projection.ts';
import { createWebhookEndpointQueries } from './webhookEndpoints/queries.ts';
import { createDeliveryQueries } from './webhooks/queries.ts';

/** Every projection there is; a rebuild names one of them. */
export const projections: readonly AnyProjection[] = [
  erase(warehouses),
  erase(items),
  erase(stockLevels),
  erase(skuWarehouses),
  erase(openReservations),
  erase(orders),
  erase(shipments),
  erase(webhookEndpoints),
  erase(eventHistory),
  erase(logCount),
];

/** One stream folded by a projection as of this moment, for answers that can't wait for the read model. */
const createFold =
  <T extends object>({ source }: ReadSide, projection: AnyProjection, streamOf: (id: string) => string) =>
  async (id: string): Promise<T | null> => {
    let document: object | null = null;
    for (let from = 0; ; from += foldPageEvents) {
      const events: readonly RecordedEvent[] = await source.readStream(streamOf(id), from, foldPageEvents);
      const handled = events.filter(({ type }) => projection.handles.includes(type));
      document = projection.applyAll(document, handled, id);
      if (events.length < foldPageEvents) return document as T | null;
    }
  };
const foldPageEvents = 500;

export const createReadModels = (side: ReadSide) => {
  const { documents, source } = side;
  const all: ReadModel[] = [];
  const build = <Q>(projection: AnyProjection, queriesOf: (documents: Documents, collection: () => string) => Q) => {
    const model = createReadModel(projection, side);
    all.push(model);
    return { model, queries: queriesOf(documents, model.collection) };
  };
  const live = createLiveEvents(source, side.onFailure);
  return {
    source,
    live,
    warehouses: build(erase(warehouses), createWarehouseQueries),
    items: build(erase(items), createItemQueries),
    stockLevels: build(erase(stockLevels), createStockLevelQueries),
    skuWarehouses: build(erase(skuWarehouses), createSkuWarehousesQueries),
    openReservations: build(erase(openReservations), createOpenReservationQueries),
    orders: {
      ...build(erase(orders), createOrderQueries),
      fold: createFold<OrderDocument>(side, erase(orders), orderStream),
      /** The order that these events, its first ones, make. */
      of: (orderId: string, events: readonly RecordedEvent[]) =>
        erase(orders).applyAll(null, events, orderId) as OrderDocument | null,
    },
    shipments: {
      ...build(erase(shipments), createShipmentQueries),
      fold: createFold<ShipmentDocument>(side, erase(shipments), shipmentStream),
    },
    webhookEndpoints: build(erase(webhookEndpoints), createWebhookEndpointQueries),
    eventHistory: build(erase(eventHistory), (port, collection) => createEventHistoryQueries(port, collection, source)),
    logCount: build(erase(logCount), createLogCountQueries),
    stockHistory: createStockHistory(source),
    deliveries: createDeliveryQueries(documents),
    /** Each with a runner of its own. */
    all: all as readonly ReadModel[],
  };
};

export type ReadModels = ReturnType<typeof createReadModels>;
