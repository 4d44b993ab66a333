/** Policies: what an event asks for. Pure; who carries the asks out derives their command ids from the event. */
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

export type Ask =
  /** `afterLoss`: something that was promised is gone; an order that may not wait then needs a person. */
  | { readonly ask: 'AllocateOrder'; readonly orderId: string; readonly afterLoss?: true }
  | { readonly ask: 'AllocateWaitingOrders'; readonly sku: string }
  | { readonly ask: 'AllocateAllWaitingOrders' }
  | {
      readonly ask: 'ReleaseReservation';
      readonly warehouseId: string;
      readonly sku: string;
      readonly reservationId: string;
      /** What of it is not needed, as what is on its way out of the house stays; absent: all of it. */
      readonly quantity?: number;
      readonly reason: string;
    }
  | {
      readonly ask: 'ShipReserved';
      readonly orderId: string;
      readonly lineId: string;
      readonly warehouseId: string;
      readonly sku: string;
      readonly reservationId: string;
      readonly shipmentId: string;
      readonly quantity: number;
    }
  | { readonly ask: 'RecordDispatch'; readonly shipment: ShipmentDispatched['data'] }
  | {
      readonly ask: 'RecordCorrection';
      readonly orderId: string;
      readonly shipmentId: string;
      readonly label: ShipmentLabel;
    }
  | {
      readonly ask: 'RecordDelivery' | 'RecordTurnBack' | 'RecordVoid';
      readonly orderId: string;
      readonly shipmentId: string;
    }
  /** After all else that the events of its batch ask for: its goods must be booked out before they are booked back. */
  | { readonly ask: 'BookBack'; readonly voided: OrderShipmentVoided['data'] }
  /** Facts and promises disagree. */
  | { readonly ask: 'RaiseException'; readonly orderId: string; readonly code: string; readonly detail: string }
  /** To what the stock still holds for it: none, some, or again all of it where it was made once more meanwhile. */
  | ({ readonly ask: 'LapseAllocation' } & OrderReservation)
  /** Unless the order counts it, or lacks it: what a crash or a quick cancellation left behind would be kept from all. */
  | ({ readonly ask: 'ReleaseUncounted' } & OrderReservation);

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

const releaseAll = (released: readonly Allocation[], reason: string): readonly Ask[] =>
  released.map(({ warehouseId, sku, reservationId, quantity }) => ({
    ask: 'ReleaseReservation',
    warehouseId,
    sku,
    reservationId,
    quantity,
    reason,
  }));

/** The reactions to one event, in an order that never changes: command ids are derived from the index. */
export const reactTo = (event: ReactionEvent): readonly Ask[] => {
  switch (event.type) {
    case 'OrderAllocationLapsed':
    case 'OrderAllocationReduced':
      return [{ ask: 'AllocateOrder', orderId: event.data.orderId, afterLoss: true }];
    case 'OrderPlaced':
    // Nothing is reserved for an order on hold, so it is looked at now.
    case 'OrderReleased':
    // Stock may have come between the plan and its record: look once more.
    case 'OrderBackordered':
      return [{ ask: 'AllocateOrder', orderId: event.data.orderId }];
    case 'OrderAllocated': {
      const { orderId, backordered } = event.data;
      return backordered.length > 0 ? [{ ask: 'AllocateOrder', orderId }] : [];
    }
    case 'OrderCancelled':
    case 'OrderRemainderCancelled':
      // What people hold for it is let go as well.
      return [
        ...releaseAll(event.data.released, 'order_cancelled'),
        { ask: 'AllocateOrder', orderId: event.data.orderId },
      ];
    case 'OrderSourcesReleased':
      return releaseAll(event.data.released, 'not_needed');
    case 'OrderShipmentDispatched': {
      const { orderId, shipmentId, warehouseId, lines } = event.data;
      const ships = lines.map((line): Ask => ({ ask: 'ShipReserved', orderId, warehouseId, shipmentId, ...line }));
      return [{ ask: 'RecordDispatch', shipment: event.data }, ...ships];
    }
    case 'ShipmentCorrected': {
      const { orderId, shipmentId } = event.data;
      return [{ ask: 'RecordCorrection', orderId, shipmentId, label: labelOf(event.data) }];
    }
    case 'OrderShipmentVoided':
      return [
        { ask: 'BookBack', voided: event.data },
        { ask: 'AllocateOrder', orderId: event.data.orderId, afterLoss: true },
      ];
    case 'ShipmentVoided':
      return [{ ask: 'RecordVoid', orderId: event.data.orderId, shipmentId: event.data.shipmentId }];
    case 'VoidedShipmentReported': {
      const { orderId, shipmentId, parcelId, status } = event.data;
      const detail = `Shipment ${shipmentId} was voided, and a courier says that parcel ${parcelId} is ${status}.`;
      return [{ ask: 'RaiseException', orderId, code: voidedReported, detail }];
    }
    case 'ShipmentDelivered':
      return [{ ask: 'RecordDelivery', orderId: event.data.orderId, shipmentId: event.data.shipmentId }];
    case 'ShipmentTurnedBack':
      return [{ ask: 'RecordTurnBack', orderId: event.data.orderId, shipmentId: event.data.shipmentId }];
    case 'StockReserved': {
      const { orderId, warehouseId, sku, reservationId } = event.data;
      return orderId === undefined ? [] : [{ ask: 'ReleaseUncounted', orderId, warehouseId, sku, reservationId }];
    }
    case 'StockReservationTakenOver': {
      const { orderId, warehouseId, sku, reservationId, fromReservationId } = event.data;
      if (orderId === undefined) return [];
      const at = { orderId, warehouseId, sku };
      return [
        { ask: 'ReleaseUncounted', ...at, reservationId },
        // Another process may have given it to the order a moment before it was passed on.
        { ask: 'LapseAllocation', ...at, reservationId: fromReservationId },
      ];
    }
    // Whoever let it go: an order that counts on a reservation which is gone would ship what others were promised.
    case 'StockReservationExpired':
    case 'StockReservationReleased': {
      const { orderId, warehouseId, sku, reservationId } = event.data;
      const waiting: Ask = { ask: 'AllocateWaitingOrders', sku };
      if (orderId === undefined) return [waiting];
      return [{ ask: 'LapseAllocation', orderId, warehouseId, sku, reservationId }, waiting];
    }
    // The pieces are gone: there is nothing to offer to others.
    case 'StockReservationLapsed': {
      const { orderId, warehouseId, sku, reservationId } = event.data;
      return orderId === undefined ? [] : [{ ask: 'LapseAllocation', orderId, warehouseId, sku, reservationId }];
    }
    case 'StockAdjusted':
    case 'StockCounted':
      return event.data.delta > 0 ? [{ ask: 'AllocateWaitingOrders', sku: event.data.sku }] : [];
    case 'WarehouseSourcingSet':
      return event.data.sourcing === 'open' ? [{ ask: 'AllocateAllWaitingOrders' }] : [];
    case 'StockRegistered':
      return event.data.onHand > 0 ? [{ ask: 'AllocateWaitingOrders', sku: event.data.sku }] : [];
    case 'StockReceived':
    case 'StockDispatchVoided':
    case 'StockQuarantineReleased':
    // A lower safety stock sets pieces free; a higher one finds nothing to allocate.
    case 'StockPolicySet':
      return [{ ask: 'AllocateWaitingOrders', sku: event.data.sku }];
    default:
      return unreachable(event);
  }
};
