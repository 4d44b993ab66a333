/** `stock.*`, `shipment.*` and `return.*`: what moved in one warehouse, the way of one shipment, and what came back. */
import type { ShipmentLabel } from '../domain/order/shapes.ts';
import type { ReceivedLine, ReturnReceived } from '../domain/return/events.ts';
import type { ParcelStatus, ShipmentEvent } from '../domain/shipment/events.ts';
import { labelOf } from '../domain/shipment/parcel.ts';
import { emptyBalance, moveBalance } from '../domain/stock/balance.ts';
import type { StockEvent } from '../domain/stock/events.ts';
import type { Balance } from '../domain/stock/shapes.ts';
import { availableOf } from '../domain/stock/state.ts';
import { unreachable } from '../eventsourcing/message.ts';
import type { WebhookMessage } from './ports.ts';

interface StockData extends Balance {
  readonly warehouseId: string;
  readonly sku: string;
  /** What may be promised: on hand, less reserved, quarantined and safety stock; never negative. */
  readonly available: number;
}

interface StockChangedData extends StockData {
  /** What moved it, in a word. */
  readonly change: string;
}

/** The figures before the event, `null` where the event does not tell: at the beginning, and before a new policy. */
const balanceBefore = (event: StockEvent): Balance | null => {
  if (event.type === 'StockRegistered' || event.type === 'StockPolicySet') return null;
  const { after } = event.data;
  const moved = moveBalance(emptyBalance, event);
  return {
    onHand: after.onHand - moved.onHand,
    reserved: after.reserved - moved.reserved,
    quarantined: after.quarantined - moved.quarantined,
    incoming: after.incoming - moved.incoming,
    safetyStock: after.safetyStock,
  };
};

/** Field by field, here and in the other messages: what an event gains later must not reach partners by itself. */
const dataOf = ({ data: { warehouseId, sku, after } }: StockEvent): StockData => {
  const { onHand, reserved, quarantined, incoming, safetyStock } = after;
  return { warehouseId, sku, onHand, reserved, quarantined, incoming, safetyStock, available: availableOf(after) };
};

/** What may be promised is no more than the cushion that is held back: time to order more. */
const isLow = (balance: Balance): boolean => balance.safetyStock > 0 && availableOf(balance) <= balance.safetyStock;

const isOut = (balance: Balance): boolean => availableOf(balance) === 0;

/**
 * `stock.changed` for every movement; `stock.low` and `stock.out` only when the event crosses the line, not while the
 * stock stays beyond it. A stock that begins empty, or gets another safety stock, has crossed nothing.
 */
export const stockMessages = (event: StockEvent, change: string): readonly WebhookMessage[] => {
  const { after } = event.data;
  const data = dataOf(event);
  const changed: StockChangedData = { ...data, change };
  const before = balanceBefore(event);
  const messages: WebhookMessage[] = [{ type: 'stock.changed', data: changed }];
  if (before === null) return messages;
  if (isLow(after) && !isLow(before)) messages.push({ type: 'stock.low', data });
  if (isOut(after) && !isOut(before)) messages.push({ type: 'stock.out', data });
  return messages;
};

// `shipment.*`: the way of one shipment. The courier's own words are left out: they are sealed, and may name people.

interface ShipmentData {
  readonly shipmentId: string;
  readonly orderId: string;
  readonly warehouseId: string;
}
interface ShipmentUpdatedData extends ShipmentData {
  /** `dispatched`, `corrected`, `voided` and `delivered` are about the whole shipment; else it is the parcel's status as it stands. */
  readonly status: 'dispatched' | 'corrected' | 'voided' | ParcelStatus;
  /** The label as it stands after a correction. */
  readonly label?: ShipmentLabel;
  /** Absent when it is about the whole shipment. */
  readonly parcelId?: string;
  /** The carrier's time, ISO 8601 UTC. */
  readonly reportedAt?: string;
}
interface ShipmentExceptionData extends ShipmentData {
  readonly parcelId: string;
  readonly status: ParcelStatus;
  readonly reportedAt: string;
}

/** A person has to act, or the customer has to be told. */
const troubles: readonly ParcelStatus[] = ['attempted_delivery', 'delayed', 'exception', 'return_to_sender'];

const updated = (data: ShipmentUpdatedData): WebhookMessage => ({ type: 'shipment.updated', data });

export const shipmentMessages = (event: ShipmentEvent): readonly WebhookMessage[] => {
  const { shipmentId, orderId, warehouseId } = event.data;
  const shipment: ShipmentData = { shipmentId, orderId, warehouseId };
  switch (event.type) {
    case 'ShipmentDispatched':
      return [updated({ ...shipment, status: 'dispatched' })];
    case 'ShipmentCorrected':
      return [updated({ ...shipment, status: 'corrected', label: labelOf(event.data) })];
    case 'ShipmentVoided':
      return [updated({ ...shipment, status: 'voided' })];
    case 'VoidedShipmentReported': {
      const { parcelId, status, reportedAt } = event.data;
      const exception: ShipmentExceptionData = { ...shipment, parcelId, status, reportedAt };
      return [{ type: 'shipment.exception', data: exception }];
    }
    case 'ShipmentDelivered':
      return [updated({ ...shipment, status: 'delivered', reportedAt: event.data.deliveredAt })];
    // The report that it follows from has told it of the parcel.
    case 'ShipmentTurnedBack':
      return [];
    case 'ParcelTracked': {
      const { parcelId, status, parcelStatus, reportedAt } = event.data;
      const messages = [updated({ ...shipment, parcelId, status: parcelStatus, reportedAt })];
      // A late report of a trouble that is over changes nothing any more.
      if (!troubles.includes(status) || status !== parcelStatus) return messages;
      const exception: ShipmentExceptionData = { ...shipment, parcelId, status, reportedAt };
      return [...messages, { type: 'shipment.exception', data: exception }];
    }
    default:
      return unreachable(event);
  }
};

interface ReturnReceivedData {
  readonly returnId: string;
  readonly orderId: string;
  /** Where it arrived. */
  readonly warehouseId: string;
  readonly lines: readonly ReceivedLine[];
}

export const returnMessage = ({ returnId, orderId, warehouseId, lines }: ReturnReceived['data']): WebhookMessage => {
  const data: ReturnReceivedData = {
    returnId,
    orderId,
    warehouseId,
    lines: lines.map(({ lineId, sku, quantity, disposition }) => ({ lineId, sku, quantity, disposition })),
  };
  return { type: 'return.received', data };
};
