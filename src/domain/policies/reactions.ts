/** Policies: what an event asks for. Pure; who carries the reactions out derives their command ids from the event. */
import { unreachable } from '../../eventsourcing/message.ts';
import type { LedgerEvent } from '../events.ts';
import type { Allocation, OrderShipmentVoided, ShipmentLabel } from '../order/shapes.ts';
import { voidedReported } from '../order/standing.ts';
import type { ShipmentDispatched } from '../shipment/events.ts';
import { labelOf } from '../shipment/parcel.ts';

interface OrderReservation {
  readonly orderId: string;
  readonly warehouseId: string;
  readonly sku: string;
  readonly reservationId: string;
}

export type Reaction =
  /** `afterLoss`: something that was promised is gone; an order that may not wait then needs a person. */
  | { readonly type: 'AllocateOrder'; readonly orderId: string; readonly afterLoss?: true }
  | { readonly type: 'AllocateWaitingOrders'; readonly sku: string }
  | { readonly type: 'AllocateAllWaitingOrders' }
  | (Omit<OrderReservation, 'orderId'> & {
      readonly type: 'ReleaseReservation';
      /** What of it is not needed, as what is on its way out of the house stays; absent: all of it. */
      readonly quantity?: number;
      readonly reason: string;
    })
  | (OrderReservation & {
      readonly type: 'ShipReserved';
      readonly lineId: string;
      readonly shipmentId: string;
      readonly quantity: number;
    })
  | { readonly type: 'RecordDispatch'; readonly shipment: ShipmentDispatched['data'] }
  | {
      readonly type: 'RecordCorrection';
      readonly orderId: string;
      readonly shipmentId: string;
      readonly label: ShipmentLabel;
    }
  | {
      readonly type: 'RecordDelivery' | 'RecordTurnBack' | 'RecordVoid';
      readonly orderId: string;
      readonly shipmentId: string;
    }
  /** After all else that the events of its batch ask for: its goods must be booked out before they are booked back. */
  | { readonly type: 'BookBack'; readonly voided: OrderShipmentVoided['data'] }
  /** Facts and promises disagree. */
  | { readonly type: 'RaiseException'; readonly orderId: string; readonly code: string; readonly detail: string }
  /** To what the stock still holds for it: none, some, or again all of it where it was made once more meanwhile. */
  | ({ readonly type: 'LapseAllocation' } & OrderReservation)
  /** Unless the order counts it, or lacks it: what a crash or a quick cancellation left behind would be kept from all. */
  | ({ readonly type: 'ReleaseUncounted' } & OrderReservation);

export type ReactionOf<Type extends Reaction['type']> = Extract<Reaction, { type: Type }>;

export const reactionTypes = [
  'OrderPlaced',
  'OrderAllocated',
  'OrderAllocationLapsed',
  'OrderAllocationReduced',
  'OrderSourcesReleased',
  'OrderBackordered',
  'OrderReleased',
  'OrderCancelled',
  'OrderRemainderCancelled',
  'OrderShipmentDispatched',
  'OrderShipmentVoided',
  'ShipmentCorrected',
  'ShipmentVoided',
  'VoidedShipmentReported',
  'ShipmentDelivered',
  'ShipmentTurnedBack',
  'StockReserved',
  'StockReservationTakenOver',
  'StockReservationExpired',
  'StockReservationLapsed',
  'StockDispatchVoided',
  'StockReceived',
  'StockAdjusted',
  'StockCounted',
  'StockReservationReleased',
  'StockQuarantineReleased',
  'StockPolicySet',
  'StockRegistered',
  'WarehouseSourcingSet',
] as const satisfies readonly LedgerEvent['type'][];

export type ReactionEvent = Extract<LedgerEvent, { type: (typeof reactionTypes)[number] }>;

const releaseAll = (released: readonly Allocation[], reason: string): readonly Reaction[] =>
  released.map(({ warehouseId, sku, reservationId, quantity }) => ({
    type: 'ReleaseReservation',
    warehouseId,
    sku,
    reservationId,
    quantity,
    reason,
  }));

/** The reactions to one event, in an order that never changes: command ids are derived from the index. */
export const reactTo = (event: ReactionEvent): readonly Reaction[] => {
  switch (event.type) {
    case 'OrderAllocationLapsed':
    case 'OrderAllocationReduced':
      return [{ type: 'AllocateOrder', orderId: event.data.orderId, afterLoss: true }];
    case 'OrderPlaced':
    // Nothing is reserved for an order on hold, so it is looked at now.
    case 'OrderReleased':
    // Stock may have come between the plan and its record: look once more.
    case 'OrderBackordered':
      return [{ type: 'AllocateOrder', orderId: event.data.orderId }];
    case 'OrderAllocated': {
      const { orderId, backordered } = event.data;
      return backordered.length > 0 ? [{ type: 'AllocateOrder', orderId }] : [];
    }
    case 'OrderCancelled':
    case 'OrderRemainderCancelled':
      // What people hold for it is let go as well.
      return [
        ...releaseAll(event.data.released, 'order_cancelled'),
        { type: 'AllocateOrder', orderId: event.data.orderId },
      ];
    case 'OrderSourcesReleased':
      return releaseAll(event.data.released, 'not_needed');
    case 'OrderShipmentDispatched': {
      const { orderId, shipmentId, warehouseId, lines } = event.data;
      const ships = lines.map(
        (line): Reaction => ({ type: 'ShipReserved', orderId, warehouseId, shipmentId, ...line }),
      );
      return [{ type: 'RecordDispatch', shipment: event.data }, ...ships];
    }
    case 'ShipmentCorrected': {
      const { orderId, shipmentId } = event.data;
      return [{ type: 'RecordCorrection', orderId, shipmentId, label: labelOf(event.data) }];
    }
    case 'OrderShipmentVoided':
      return [
        { type: 'BookBack', voided: event.data },
        { type: 'AllocateOrder', orderId: event.data.orderId, afterLoss: true },
      ];
    case 'ShipmentVoided':
      return [{ type: 'RecordVoid', orderId: event.data.orderId, shipmentId: event.data.shipmentId }];
    case 'VoidedShipmentReported': {
      const { orderId, shipmentId, parcelId, status } = event.data;
      const detail = `Shipment ${shipmentId} was voided, and a courier says that parcel ${parcelId} is ${status}.`;
      return [{ type: 'RaiseException', orderId, code: voidedReported, detail }];
    }
    case 'ShipmentDelivered':
      return [{ type: 'RecordDelivery', orderId: event.data.orderId, shipmentId: event.data.shipmentId }];
    case 'ShipmentTurnedBack':
      return [{ type: 'RecordTurnBack', orderId: event.data.orderId, shipmentId: event.data.shipmentId }];
    case 'StockReserved': {
      const { orderId, warehouseId, sku, reservationId } = event.data;
      return orderId === undefined ? [] : [{ type: 'ReleaseUncounted', orderId, warehouseId, sku, reservationId }];
    }
    case 'StockReservationTakenOver': {
      const { orderId, warehouseId, sku, reservationId, fromReservationId } = event.data;
      if (orderId === undefined) return [];
      const at = { orderId, warehouseId, sku };
      return [
        { type: 'ReleaseUncounted', ...at, reservationId },
        // Another process may have given it to the order a moment before it was passed on.
        { type: 'LapseAllocation', ...at, reservationId: fromReservationId },
      ];
    }
    // An order that counts on a reservation which is gone would ship what others were promised, whoever let it go.
    case 'StockReservationExpired':
    case 'StockReservationReleased': {
      const { orderId, warehouseId, sku, reservationId } = event.data;
      const waiting: Reaction = { type: 'AllocateWaitingOrders', sku };
      if (orderId === undefined) return [waiting];
      return [{ type: 'LapseAllocation', orderId, warehouseId, sku, reservationId }, waiting];
    }
    // The pieces are gone: there is nothing to offer to others.
    case 'StockReservationLapsed': {
      const { orderId, warehouseId, sku, reservationId } = event.data;
      return orderId === undefined ? [] : [{ type: 'LapseAllocation', orderId, warehouseId, sku, reservationId }];
    }
    case 'StockAdjusted':
    case 'StockCounted':
      return event.data.delta > 0 ? [{ type: 'AllocateWaitingOrders', sku: event.data.sku }] : [];
    case 'WarehouseSourcingSet':
      return event.data.sourcing === 'open' ? [{ type: 'AllocateAllWaitingOrders' }] : [];
    case 'StockRegistered':
      return event.data.onHand > 0 ? [{ type: 'AllocateWaitingOrders', sku: event.data.sku }] : [];
    case 'StockReceived':
    case 'StockDispatchVoided':
    case 'StockQuarantineReleased':
    // A lower safety stock sets pieces free; a higher one finds nothing to allocate.
    case 'StockPolicySet':
      return [{ type: 'AllocateWaitingOrders', sku: event.data.sku }];
    default:
      return unreachable(event);
  }
};
