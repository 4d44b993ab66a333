/** What can be asked of an order, and why it may be refused. Nothing here is stored. */
import { type Decision, refuse, type Sealed } from '../../eventsourcing/message.ts';
import type { ReturnReason } from '../return/events.ts';
import { isQuantity, orderLineQuantityMax, orderQuantityMax } from '../values.ts';
import type { OrderEvent, OrderPlaced } from './events.ts';
import type { OrderFillPromised } from './fillEvents.ts';
import type { Allocation, LineQuantity, OrderLine, ParcelDeclared, ShipmentLabel, SourcingDecision } from './shapes.ts';

export interface DispatchRequest {
  readonly shipmentId: string;
  readonly warehouseId: string;
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly lines: readonly LineQuantity[];
  readonly parcels: readonly ParcelDeclared[];
}

/** How many pieces of a line are wanted in all. `orShipped`: or as many as have left, where these are more. */
export interface LineChange extends LineQuantity {
  readonly orShipped?: true;
}

export interface AddressCorrection {
  readonly shipTo: Sealed;
  readonly destinationCountry: string;
  /** The address as it stood when it was opened and found to be the same: nothing to do while it still stands. */
  readonly sameAs?: Sealed;
}
export type OrderReturnCommand =
  | {
      readonly type: 'RequestReturn';
      readonly returnId: string;
      /** Absent: where the first line came from. */
      readonly warehouseId?: string;
      readonly lines: readonly LineQuantity[];
      readonly reason: ReturnReason;
      readonly note?: Sealed;
    }
  /** As the stream of the return has it: neither is ever refused. */
  | {
      readonly type: 'RecordReturnReceipt' | 'RecordReturnCancellation';
      readonly returnId: string;
      readonly warehouseId: string;
      readonly lines: readonly LineQuantity[];
    };
export type OrderReturnRefusal =
  /** More than has left, less what came back and what other returns announce. */
  'RETURN_EXCEEDS_SHIPPED' | 'TOO_MANY_RETURNS';

export type OrderCommand =
  | {
      readonly type: 'PlaceOrder';
      readonly order: OrderPlaced['data'];
      readonly orderNumber?: string;
      readonly reservePartial?: true;
      /** Reservations under its id are not this customer's. */
      readonly excludesHolds?: true;
    }
  /** Unless it is placed: closes an id under which an order was announced and has not come. */
  | { readonly type: 'AbandonOrder'; readonly orderId: string }
  /** The result of a plan, reserved already. What stays without a source follows from the order itself. */
  | {
      readonly type: 'RecordAllocation';
      readonly allocations: readonly Allocation[];
      /** Lines whose item may not be backordered, of those that the plan could not give all of. */
      readonly mayNotWait?: readonly string[];
      readonly decision?: SourcingDecision;
    }
  /** `quantity`: how much of it no longer stands; absent: all that has not left. */
  | { readonly type: 'LapseAllocation'; readonly reservationId: string; readonly quantity?: number }
  | { readonly type: 'HoldOrder' | 'ReleaseOrder' | 'CancelOrder'; readonly reason: string; readonly note?: Sealed }
  | {
      readonly type: 'ChangeOrder';
      readonly address?: AddressCorrection;
      readonly lines?: readonly LineChange[];
      readonly reason: string;
      readonly note?: Sealed;
    }
  | ({ readonly type: 'DispatchShipment' } & DispatchRequest)
  | {
      readonly type: 'RecordCorrection';
      readonly shipmentId: string;
      readonly shipmentRevision: number;
      readonly label: ShipmentLabel;
    }
  | { readonly type: 'RecordDelivery' | 'RecordTurnBack'; readonly shipmentId: string }
  | { readonly type: 'RecordVoid'; readonly shipmentId: string }
  | { readonly type: 'RaiseException'; readonly code: string; readonly detail: string }
  | OrderReturnCommand
  | ({ readonly type: 'PromiseFill' } & Omit<OrderFillPromised['data'], 'orderId'>);

/** The command of that type, e.g. `OrderCommandOf<'CancelOrder'>`. */
export type OrderCommandOf<Type extends OrderCommand['type']> = Extract<OrderCommand, { type: Type }>;
/** What a person does to an order as a whole, with a reason. */
export type ReasonedCommand = OrderCommandOf<'HoldOrder' | 'ReleaseOrder' | 'CancelOrder'>;

export type OrderRefusal =
  | 'ORDER_NOT_FOUND'
  | 'ORDER_ID_TAKEN'
  | 'ORDER_NUMBER_TAKEN'
  | 'ORDER_LINE_REPEATED'
  | 'ORDER_CANCELLED'
  | 'ORDER_ON_HOLD'
  | 'ORDER_NOT_ON_HOLD'
  | 'ORDER_ALREADY_SHIPPED'
  | 'ORDER_LINE_NOT_FOUND'
  /** A quantity of a line is no whole number, or not positive. */
  | 'QUANTITY_INVALID'
  /** Another plan was quicker; the sender of this one releases what it reserved. */
  | 'ALLOCATION_EXCEEDS_DEMAND'
  /** More than the line still lacks. What has left is recorded even when it was not reserved, but not more than was ordered. */
  | 'SHIPMENT_EXCEEDS_ORDER'
  | 'SHIPMENT_ALREADY_DISPATCHED'
  | 'SHIPMENT_NOT_FOUND'
  | 'PARCEL_REPEATED'
  /** A box of a parcel is of no line of the shipment, or there are more of them than pieces. */
  | 'BOX_NOT_SHIPPED'
  | 'ORDER_TOO_LARGE'
  | 'CURRENCIES_MIXED'
  | OrderReturnRefusal;

/** All that is told of it: the id may be another customer's. */
export const orderIdTaken = 'Another order has this id.';

export type OrderDecision = Decision<OrderEvent, OrderRefusal>;

// What an order must be in itself, before anything is asked about stock.

/** @returns `null`: nothing is wrong. */
export const lineRefusal = (lines: readonly OrderLine[]): OrderDecision | null => {
  if (lines.length > 1 && new Set(lines.map(({ lineId }) => lineId)).size !== lines.length) {
    return refuse('ORDER_LINE_REPEATED', 'Each line needs a lineId of its own.');
  }
  if (!lines.every(({ quantity }) => isQuantity(quantity) && quantity <= orderLineQuantityMax)) {
    const detail = `Each line orders a whole number of pieces, from 1 to ${orderLineQuantityMax}.`;
    return refuse('QUANTITY_INVALID', detail);
  }
  const quantity = lines.reduce((sum, line) => sum + line.quantity, 0);
  if (quantity > orderQuantityMax) {
    return refuse('ORDER_TOO_LARGE', `An order has at most ${orderQuantityMax} pieces.`, { quantity });
  }
  if (lines.every(({ currency }) => currency === lines[0]?.currency)) return null;
  const currencies = [...new Set(lines.map(({ currency }) => currency))];
  return refuse('CURRENCIES_MIXED', 'All lines of an order are in one currency.', { currencies });
};
