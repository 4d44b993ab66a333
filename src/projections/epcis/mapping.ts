/** Events of stocks and shipments as EPCIS 2.0 has them (B13): pure, from the event and the names of what is in it. */
import type { LedgerEvent } from '../../domain/events.ts';
import type { ParcelTracked, ShipmentDispatched, ShipmentVoided } from '../../domain/shipment/events.ts';
import type { StockEvent } from '../../domain/stock/events.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';
import type { EpcisIds } from './ids.ts';
import { at, type BizTransaction, type EpcisEvent, envelopeOf } from './shape.ts';
import * as steps from './steps.ts';

/** What happened to pieces of a stock; `null`: nothing that anybody could see in the warehouse. */
const stockFactOf = (
  event: StockEvent,
  ids: EpcisIds,
): {
  readonly step: steps.Step;
  readonly quantity: number;
  readonly delta: number;
  readonly of?: BizTransaction[];
} | null => {
  switch (event.type) {
    case 'StockRegistered': {
      const { onHand } = event.data;
      return onHand === 0 ? null : { step: steps.stored, quantity: onHand, delta: onHand };
    }
    case 'StockReceived': {
      const { quantity, purchaseOrder, asn } = event.data;
      const of = [
        ...(purchaseOrder === undefined
          ? []
          : [{ type: 'po', bizTransaction: ids.transactionOf('po', purchaseOrder) }]),
        ...(asn === undefined ? [] : [{ type: 'desadv', bizTransaction: ids.transactionOf('asn', asn) }]),
      ];
      return { step: steps.received, quantity, delta: quantity, of };
    }
    case 'StockAdjusted': {
      const { delta, reason } = event.data;
      return { step: steps.adjusted(reason), quantity: Math.abs(delta), delta };
    }
    case 'StockCounted':
      return { step: steps.counted, quantity: event.data.counted, delta: event.data.delta };
    case 'StockQuarantined':
      return { step: steps.quarantined, quantity: event.data.quantity, delta: 0 };
    case 'StockQuarantineReleased':
      return { step: steps.cleared, quantity: event.data.quantity, delta: 0 };
    case 'StockShipped':
    case 'StockDeparted': {
      const { quantity, orderId } = event.data;
      const of = orderId === undefined ? [] : [{ bizTransaction: ids.transactionOf('order', orderId) }];
      return { step: steps.picked, quantity, delta: -quantity, of };
    }
    case 'StockArrived': {
      const { quantity, inboundId } = event.data;
      const of = [{ bizTransaction: ids.transactionOf('inbound', inboundId) }];
      return { step: steps.received, quantity, delta: quantity, of };
    }
    case 'StockTransferredOut':
    case 'StockTransferredIn': {
      const { quantity, transferId } = event.data;
      const of = [{ bizTransaction: ids.transactionOf('transfer', transferId) }];
      const isOut = event.type === 'StockTransferredOut';
      return { step: isOut ? steps.sentOn : steps.received, quantity, delta: isOut ? -quantity : quantity, of };
    }
    case 'StockReturned': {
      const { quantity, disposition, returnId } = event.data;
      const of = [{ type: 'rma', bizTransaction: ids.transactionOf('return', returnId) }];
      return { step: steps.returned[disposition], quantity, delta: disposition === 'scrap' ? 0 : quantity, of };
    }
    case 'StockDispatchVoided':
      return { step: steps.stored, quantity: event.data.quantity, delta: event.data.quantity };
    default:
      // Promises, marks and proposals: nothing has moved.
      return null;
  }
};

const stockEventsOf = (event: Recorded<StockEvent>, ids: EpcisIds): readonly EpcisEvent[] => {
  const fact = stockFactOf(event, ids);
  if (fact === null) return [];
  const { step, quantity, delta, of = [] } = fact;
  const { warehouseId, sku } = event.data;
  return [
    {
      type: 'ObjectEvent',
      ...envelopeOf(event, 0),
      action: 'OBSERVE',
      ...step,
      quantityList: [{ epcClass: ids.classOf(sku), quantity }],
      ...at(ids, warehouseId),
      ...(of.length === 0 ? {} : { bizTransactionList: of }),
      'stockledger:onHandDelta': delta,
    },
  ];
};

/** First what leaves, then what is packed into each parcel that says what lies in it. */
const dispatchEventsOf = (event: Recorded<ShipmentDispatched>, ids: EpcisIds): readonly EpcisEvent[] => {
  const { shipmentId, orderId, warehouseId, lines, parcels } = event.data;
  const skus = new Map(lines.map(({ lineId, sku }) => [lineId, sku]));
  const bizTransactionList = [{ bizTransaction: ids.transactionOf('order', orderId) }];
  const pieces = new Map<string, number>();
  for (const { sku, quantity } of lines) pieces.set(sku, (pieces.get(sku) ?? 0) + quantity);
  const leaving: EpcisEvent = {
    type: 'ObjectEvent',
    ...envelopeOf(event, 0),
    action: 'OBSERVE',
    ...steps.shipped,
    epcList: parcels.map(({ parcelId }) => ids.parcelOf(shipmentId, parcelId)),
    quantityList: [...pieces].map(([sku, quantity]) => ({ epcClass: ids.classOf(sku), quantity })),
    readPoint: { id: ids.placeOf(warehouseId) },
    bizTransactionList,
  };
  const packing = parcels.flatMap(({ parcelId, boxes }, index): readonly EpcisEvent[] => {
    if (boxes.length === 0) return [];
    return [
      {
        type: 'AggregationEvent',
        ...envelopeOf(event, index + 1),
        action: 'ADD',
        ...steps.packed,
        parentID: ids.parcelOf(shipmentId, parcelId),
        // A box is a part of what was sold, and has no GTIN of its own here.
        childQuantityList: boxes.map(({ lineId, boxCode, quantity }) => ({
          epcClass: ids.boxOf(skus.get(lineId) ?? lineId, boxCode),
          quantity,
        })),
        ...at(ids, warehouseId),
        bizTransactionList,
      },
    ];
  });
  return [leaving, ...packing];
};

const trackingEventsOf = (event: Recorded<ParcelTracked>, ids: EpcisIds): readonly EpcisEvent[] => {
  const { shipmentId, orderId, parcelId, status } = event.data;
  const step = steps.reported(status);
  if (step === null) return [];
  const epcList = [ids.parcelOf(shipmentId, parcelId)];
  const bizTransactionList = [{ bizTransaction: ids.transactionOf('order', orderId) }];
  return [{ type: 'ObjectEvent', ...envelopeOf(event, 0), action: 'OBSERVE', ...step, epcList, bizTransactionList }];
};

const voidEventsOf = (event: Recorded<ShipmentVoided>, ids: EpcisIds): readonly EpcisEvent[] => {
  const { shipmentId, warehouseId } = event.data;
  const epcList = [ids.shipmentOf(shipmentId)];
  const here = at(ids, warehouseId);
  return [{ type: 'ObjectEvent', ...envelopeOf(event, 0), action: 'OBSERVE', ...steps.unshipped, epcList, ...here }];
};

/** What is told of in EPCIS. Each is of one warehouse: `data.warehouseId`. */
export const epcisTypes = [
  'StockRegistered',
  'StockReceived',
  'StockAdjusted',
  'StockCounted',
  'StockQuarantined',
  'StockQuarantineReleased',
  'StockShipped',
  'StockDeparted',
  'StockDispatchVoided',
  'StockArrived',
  'StockTransferredOut',
  'StockTransferredIn',
  'StockReturned',
  'ShipmentDispatched',
  'ShipmentVoided',
  'ParcelTracked',
] as const;

export type MappedEvent = Extract<LedgerEvent, { readonly type: (typeof epcisTypes)[number] }>;

export const epcisEventsOf = (event: Recorded<MappedEvent>, ids: EpcisIds): readonly EpcisEvent[] => {
  switch (event.type) {
    case 'ShipmentDispatched':
      return dispatchEventsOf(event, ids);
    case 'ParcelTracked':
      return trackingEventsOf(event, ids);
    case 'ShipmentVoided':
      return voidEventsOf(event, ids);
    default:
      return stockEventsOf(event, ids);
  }
};
