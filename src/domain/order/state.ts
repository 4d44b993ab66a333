import { jsonStates, type Sealed, type StateCodec, unreachable } from '../../eventsourcing/message.ts';
import type { OrderEvent, OrderPlaced } from './events.ts';
import type { ExpectedFill } from './fillEvents.ts';
import { moveReturns, type OrderReturn } from './openReturns.ts';
import type { OrderLine, ShippedLine, SourcingStrategy } from './shapes.ts';
import { lessen, type OpenAllocation, ship, unship } from './sources.ts';

export interface OrderShipment {
  readonly shipmentId: string;
  readonly warehouseId: string;
  readonly lines: readonly ShippedLine[];
  /** Revision of the shipment's stream in which its label was set last. */
  readonly labelRevision: number;
  readonly delivered: boolean;
  /** A parcel of it went back to the sender; then it is not delivered, whatever was said before. */
  readonly turnedBack: boolean;
  /** It never left; its lines lack a source again. */
  readonly voided?: true;
}

export interface PlacedOrder {
  /** `pending`: nothing planned yet. `open`: planned, in whole or in part. `closed`: what had not left was cancelled. */
  readonly phase: 'pending' | 'open' | 'closed' | 'cancelled';
  readonly orderId: string;
  readonly customerId: string;
  /** The client that placed it. */
  readonly placedBy: string;
  /** The number that this client has given it. */
  readonly orderNumber: string | null;
  readonly lines: readonly OrderLine[];
  readonly sourcing: SourcingStrategy;
  readonly preferredWarehouseId: string | null;
  readonly destinationCountry: string;
  readonly shipTo: Sealed;
  readonly placedAt: string;
  readonly allowSplit: boolean;
  readonly allowBackorder: boolean;
  readonly held: boolean;
  readonly allocations: readonly OpenAllocation[];
  readonly shipments: readonly OrderShipment[];
  /** It must come from one place, and keeps what it gets there while it waits for the rest. */
  readonly reservePartial?: true;
  /** What was reserved under its id before it was planned is no source of it. */
  readonly excludesHolds?: true;
  /** Codes of what a person must look at, or what must come right. */
  readonly openExceptions: readonly string[];
  /** Absent: none was ever asked for. */
  readonly returns?: readonly OrderReturn[];
  /** What on its way will fill what it lacks, as it was promised last. */
  readonly fills?: readonly ExpectedFill[];
}
/** `isAbandoned`: no order can be placed under this id any more. */
export type Order = { readonly phase: 'absent'; readonly isAbandoned?: true } | PlacedOrder;

export const orderStates: StateCodec<Order> = jsonStates(1);

/** Bytes, roughly. */
export const weighOrder = (order: Order): number =>
  order.phase === 'absent'
    ? 100
    : 600 +
      150 * (order.lines.length + order.allocations.length + order.shipments.length) +
      300 * (order.fills?.length ?? 0) +
      120 * (order.returns ?? []).reduce((sum, { lines }) => sum + 1 + lines.length, 0);

const changeShipment = (order: PlacedOrder, shipmentId: string, change: Partial<OrderShipment>): PlacedOrder => ({
  ...order,
  shipments: order.shipments.map((shipment) =>
    shipment.shipmentId === shipmentId ? { ...shipment, ...change } : shipment,
  ),
});

const evolvePlaced = (order: PlacedOrder, event: Exclude<OrderEvent, OrderPlaced>): PlacedOrder => {
  switch (event.type) {
    case 'OrderNumbered':
      return { ...order, orderNumber: event.data.orderNumber };
    case 'OrderPartsReserved':
      return { ...order, reservePartial: true };
    case 'OrderHoldsExcluded':
      return { ...order, excludesHolds: true };
    case 'OrderAbandoned':
      return order;
    case 'OrderAddressCorrected':
      return { ...order, shipTo: event.data.shipTo, destinationCountry: event.data.destinationCountry };
    case 'OrderLinesChanged': {
      const changed = new Map(event.data.lines.map((line) => [line.lineId, line]));
      const lines = order.lines.map((line) => ({ ...line, ...changed.get(line.lineId) }));
      return { ...order, lines, allocations: lessen(order.allocations, event.data.released) };
    }
    case 'OrderAllocated': {
      const fresh = event.data.allocations.map((allocation) => ({ ...allocation, shipped: 0 }));
      const allocated: PlacedOrder = { ...order, phase: 'open', allocations: [...order.allocations, ...fresh] };
      if (order.fills === undefined) return allocated;
      // Nothing on its way is for a line that lacks nothing any more.
      const lacking = new Set(event.data.backordered.map(({ lineId }) => lineId));
      return { ...allocated, fills: order.fills.filter(({ lineId }) => lacking.has(lineId)) };
    }
    case 'OrderBackordered':
      return { ...order, phase: 'open' };
    case 'OrderAllocationLapsed':
      return { ...order, allocations: lessen(order.allocations, [{ ...event.data, quantity: Infinity }]) };
    case 'OrderAllocationReduced':
      return { ...order, allocations: lessen(order.allocations, [event.data]) };
    case 'OrderSourcesReleased':
      return { ...order, allocations: lessen(order.allocations, event.data.released) };
    case 'OrderHeld':
      return { ...order, held: true };
    case 'OrderReleased':
      return { ...order, held: false };
    case 'OrderCancelled':
      return { ...order, phase: 'cancelled' };
    case 'OrderRemainderCancelled':
      return { ...order, phase: 'closed', held: false, allocations: lessen(order.allocations, event.data.released) };
    case 'OrderShipmentDispatched': {
      const { shipmentId, warehouseId, lines } = event.data;
      const shipment = { shipmentId, warehouseId, lines, labelRevision: 0, delivered: false, turnedBack: false };
      const allocations = ship(order.allocations, warehouseId, lines);
      return { ...order, phase: 'open', allocations, shipments: [...order.shipments, shipment] };
    }
    case 'OrderShipmentCorrected':
      return changeShipment(order, event.data.shipmentId, { labelRevision: event.data.shipmentRevision });
    case 'OrderShipmentVoided': {
      const voided = changeShipment(order, event.data.shipmentId, { voided: true });
      return { ...voided, allocations: unship(order.allocations, event.data.lines) };
    }
    case 'OrderShipmentDelivered':
      return changeShipment(order, event.data.shipmentId, { delivered: true });
    case 'OrderShipmentTurnedBack':
      return changeShipment(order, event.data.shipmentId, { delivered: false, turnedBack: true });
    case 'OrderExceptionRaised':
      return { ...order, openExceptions: [...order.openExceptions, event.data.code] };
    case 'OrderExceptionResolved': {
      const { codes } = event.data;
      return { ...order, openExceptions: order.openExceptions.filter((code) => !codes.includes(code)) };
    }
    case 'OrderReturnRequested':
    case 'OrderReturnReceived':
    case 'OrderReturnCancelled':
      return { ...order, returns: moveReturns(order.returns, event) };
    case 'OrderFillPromised': {
      const { sku, fills } = event.data;
      return { ...order, fills: [...(order.fills ?? []).filter((fill) => fill.sku !== sku), ...fills] };
    }
    default:
      return unreachable(event);
  }
};

/** Total: history is already true. */
export const evolveOrder = (order: Order, event: OrderEvent): Order => {
  if (event.type === 'OrderPlaced') {
    const { orderId, customerId, placedBy, lines, sourcing, allowSplit, allowBackorder } = event.data;
    return {
      phase: 'pending',
      orderId,
      customerId,
      placedBy,
      orderNumber: null,
      lines,
      sourcing,
      preferredWarehouseId: event.data.preferredWarehouseId ?? null,
      destinationCountry: event.data.destinationCountry,
      shipTo: event.data.shipTo,
      placedAt: event.data.placedAt,
      allowSplit,
      allowBackorder,
      held: false,
      allocations: [],
      shipments: [],
      openExceptions: [],
    };
  }
  if (order.phase !== 'absent') return evolvePlaced(order, event);
  return event.type === 'OrderAbandoned' ? { phase: 'absent', isAbandoned: true } : order;
};

/** Those that were not voided. */
export const leftShipments = <Shipment extends OrderShipment>(shipments: readonly Shipment[]): readonly Shipment[] =>
  shipments.filter(({ voided }) => voided !== true);

/** Nothing of it is sourced, shipped or waited for any more. */
export const isEnded = ({ phase }: PlacedOrder): boolean => phase === 'closed' || phase === 'cancelled';
