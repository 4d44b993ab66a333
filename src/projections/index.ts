/** The whole public surface of the read side: every read model with its queries, and what keeps them going. */
import {
  apiClientStream,
  inboundStream,
  itemStream,
  orderStream,
  returnStream,
  shipmentStream,
  stockStream,
  transferStream,
  warehouseStream,
} from '../domain/values.ts';
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
import { createInboundQueries, type InboundDocument, inboundShipments } from './inboundShipments/projection.ts';
import { createOpenReservationQueries, openReservations } from './openReservations/projection.ts';
import { createOrderSourcing } from './orderSourcing/queries.ts';
import { createOrderHistory } from './orders/asOf.ts';
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
import { createStockTimesQueries, stockTimes } from './stockTimes/projection.ts';
import { createCarrierRounds } from './trackedShipments/carrierRounds.ts';
import { createTrackedShipmentQueries, trackedShipments } from './trackedShipments/projection.ts';
import { createTransferQueries, type TransferDocument, transfers } from './transfers/projection.ts';

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
  untyped(stockTimes),
  untyped(transfers),
  untyped(inboundShipments),
  untyped(trackedShipments),
  untyped(returns),
];

/** A look at the past sees what was acknowledged before it; where the marks take longer, it reads the whole stream. */
const marksWaitMs = 2_000;

export const createReadModels = (side: ReadSide) => {
  const { source } = side;
  const fold = createFold(side);
  const foldOrder = (id: string) => fold<OrderDocument>(untyped(orders), orderStream(id), id);
  const foldShipment = (id: string) => fold<ShipmentDocument>(untyped(shipments), shipmentStream(id), id);
  const foldReturn = (id: string) => fold<ReturnDocument>(untyped(returns), returnStream(id), id);
  const { all, build } = createReadModelBuilder(side);
  const live = createLiveEvents(source, side.onFailure);
  const pace = createPacer();
  const paced = pacedReads(source, pace);
  const stockTimesModel = build(untyped(stockTimes), createStockTimesQueries);
  const isCaughtUp = async (): Promise<boolean> => {
    const head = await source.head();
    return head === null || stockTimesModel.model.waitFor(head, marksWaitMs);
  };
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
    stockHistory: createStockHistory(paced, { ...stockTimesModel.queries, isCaughtUp }),
    /** As the log has them; each read takes its turn among the long ones. */
    pacedSource: paced,
    orderHistory: createOrderHistory(paced),
    orderSourcing: createOrderSourcing(paced),
    transfers: build(untyped(transfers), (port, collection) =>
      orFolded(createTransferQueries(port, collection, pace), (id: string) =>
        fold<TransferDocument>(untyped(transfers), transferStream(id), id),
      ),
    ),
    inboundShipments: build(untyped(inboundShipments), (port, collection) =>
      orFolded(createInboundQueries(port, collection, pace), (id: string) =>
        fold<InboundDocument>(untyped(inboundShipments), inboundStream(id), id),
      ),
    ),
    trackedShipments: build(untyped(trackedShipments), createTrackedShipmentQueries),
    carrierRounds: createCarrierRounds(side.documents),
    returns: {
      ...build(untyped(returns), (port, collection) =>
        orFolded(createReturnQueries(port, collection, pace), foldReturn),
      ),
      fold: foldReturn,
    },
    /** Each with a runner of its own. */
    all,
  };
};

export type ReadModels = ReturnType<typeof createReadModels>;
