/** The whole public surface of the read side: every read model with its queries, and what keeps them going. */

import type { Stock } from '../domain/stock/state.ts';
import {
  apiClientStream,
  itemStream,
  orderStream,
  returnStream,
  shipmentStream,
  stockStream,
  warehouseStream,
} from '../domain/values.ts';
import type { FindPastState } from '../eventsourcing/commandHandling/pastStates.ts';
import { createLiveEvents } from '../eventsourcing/consumers/liveEvents.ts';
import type { RecordedEvent } from '../eventsourcing/message.ts';
import {
  createFold,
  createPacer,
  createReadModelBuilder,
  orFolded,
  pacedReads,
} from '../eventsourcing/projecting/builtReadModels.ts';
import { type AnyProjection, untyped } from '../eventsourcing/projecting/projection.ts';
import type { ReadSide } from '../eventsourcing/projecting/readModel.ts';
import { createApiKeyUses } from './apiKeys/lastUses.ts';
import { type ApiKeyDocument, apiKeys, createApiKeyQueries } from './apiKeys/projection.ts';
import { approvals, createApprovalQueries } from './approvals/projection.ts';
import {
  createItemQueries,
  createSkuWarehousesQueries,
  createWarehouseQueries,
  type ItemDocument,
  items,
  skuWarehouses,
  type WarehouseDocument,
  warehouses,
} from './catalogue/projection.ts';
import { createDiscrepancyQueries, discrepancies } from './discrepancies/projection.ts';
import { createLogCountQueries, eventHistory, logCount } from './eventHistory/projection.ts';
import { createEventHistoryQueries } from './eventHistory/queries.ts';
import { createOpenReservationQueries, openReservations } from './openReservations/projection.ts';
import { type OrderDocument, orders } from './orders/projection.ts';
import { createOrderQueries } from './orders/queries.ts';
import { createReturnQueries, type ReturnDocument, returns } from './returns/projection.ts';
import { type ShipmentDocument, shipments } from './shipments/projection.ts';
import { createShipmentQueries } from './shipments/queries.ts';
import { createStockHistory } from './stockHistory/queries.ts';
import {
  createStockLevelQueries,
  type StockLevelDocument,
  stockLevelId,
  stockLevels,
} from './stockLevels/projection.ts';

/** Every projection of this room; a rebuild names one of them. */
export const projections: readonly AnyProjection[] = [
  untyped(warehouses),
  untyped(items),
  untyped(stockLevels),
  untyped(skuWarehouses),
  untyped(openReservations),
  untyped(discrepancies),
  untyped(approvals),
  untyped(orders),
  untyped(shipments),
  untyped(eventHistory),
  untyped(logCount),
  untyped(apiKeys),
  untyped(returns),
];

/** `findPastStock`: where a look at the past may begin. */
export const createReadModels = (side: ReadSide, findPastStock?: FindPastState<Stock>) => {
  const { source } = side;
  const fold = createFold(side);
  const foldOrder = (id: string) => fold<OrderDocument>(untyped(orders), orderStream(id), id);
  const foldShipment = (id: string) => fold<ShipmentDocument>(untyped(shipments), shipmentStream(id), id);
  const foldReturn = (id: string) => fold<ReturnDocument>(untyped(returns), returnStream(id), id);
  const { all, build } = createReadModelBuilder(side);
  const live = createLiveEvents(source, side.onFailure);
  const pace = createPacer();
  return {
    source,
    pace,
    live,
    warehouses: build(untyped(warehouses), (port, collection) =>
      orFolded(createWarehouseQueries(port, collection), (id: string) =>
        fold<WarehouseDocument>(untyped(warehouses), warehouseStream(id), id),
      ),
    ),
    items: build(untyped(items), (port, collection) =>
      orFolded(createItemQueries(port, collection), (sku: string) =>
        fold<ItemDocument>(untyped(items), itemStream(sku), sku),
      ),
    ),
    stockLevels: build(untyped(stockLevels), (port, collection) =>
      orFolded(createStockLevelQueries(port, collection), (warehouseId: string, sku: string) =>
        fold<StockLevelDocument>(untyped(stockLevels), stockStream(warehouseId, sku), stockLevelId(warehouseId, sku)),
      ),
    ),
    skuWarehouses: build(untyped(skuWarehouses), createSkuWarehousesQueries),
    openReservations: build(untyped(openReservations), createOpenReservationQueries),
    discrepancies: build(untyped(discrepancies), createDiscrepancyQueries),
    approvals: build(untyped(approvals), (port, collection) => createApprovalQueries(port, collection, pace)),
    orders: {
      ...build(untyped(orders), (port, collection) => orFolded(createOrderQueries(port, collection, pace), foldOrder)),
      fold: foldOrder,
      /** The order that these events, its first ones, make. */
      of: (orderId: string, events: readonly RecordedEvent[]) =>
        untyped(orders).applyAll(null, events, orderId) as OrderDocument | null,
    },
    shipments: {
      ...build(untyped(shipments), (port, collection) =>
        orFolded(createShipmentQueries(port, collection), foldShipment),
      ),
      fold: foldShipment,
    },
    eventHistory: build(untyped(eventHistory), (port, collection) =>
      createEventHistoryQueries(port, collection, { source, pace }),
    ),
    logCount: build(untyped(logCount), createLogCountQueries),
    apiKeys: {
      ...build(untyped(apiKeys), (port, collection) =>
        orFolded(createApiKeyQueries(port, collection), (keyId: string, clientId: string) =>
          fold<ApiKeyDocument>(untyped(apiKeys), apiClientStream(clientId), keyId),
        ),
      ),
      uses: createApiKeyUses(side.documents),
    },
    returns: {
      ...build(untyped(returns), (port, collection) =>
        orFolded(createReturnQueries(port, collection, pace), foldReturn),
      ),
      fold: foldReturn,
    },
    stockHistory: createStockHistory(pacedReads(source, pace), findPastStock),
    /** Each with a runner of its own. */
    all,
  };
};

export type ReadModels = ReturnType<typeof createReadModels>;
