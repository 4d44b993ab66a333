/** Whether an order goes on: held and released, cancelled in whole or what has not left of it, in exception. */
import { accept, refuse, type Sealed } from '../../eventsourcing/message.ts';
import type { OrderDecision, ReasonedCommand } from './commands.ts';
import type { OrderEvent } from './events.ts';
import { unshippedOf, unshippedSources } from './lacks.ts';
import type { LineQuantity } from './shapes.ts';
import { isEnded, leftShipments, type Order, type PlacedOrder } from './state.ts';

/** An order that may not wait was promised goods that a fact took away, and no warehouse has them. */
export const promiseLost = 'PROMISE_LOST';

/** A shipment turned out never to have left after the rest of its order was cancelled. */
export const voidedAtEnd = 'VOIDED_AT_END';
/** A courier has goods of a shipment that was voided. */
export const voidedReported = 'VOIDED_SHIPMENT_REPORTED';

interface Why {
  readonly reason: string;
  readonly note?: Sealed;
}
/** Without the field that is missing. */
const whyOf = ({ reason, note }: Why): Why => ({ reason, ...(note === undefined ? {} : { note }) });

/** Ends those of the exceptions that are open. */
const resolve = (order: PlacedOrder, codes: readonly string[], why: Why): readonly OrderEvent[] => {
  const open = [...new Set(order.openExceptions)].filter((code) => codes.includes(code));
  if (open.length === 0) return [];
  return [{ type: 'OrderExceptionResolved', data: { orderId: order.orderId, codes: open, ...whyOf(why) } }];
};

/** A lost promise is kept after all once nothing lacks a source. */
export const keptAgain = (order: PlacedOrder, backordered: readonly LineQuantity[]): readonly OrderEvent[] =>
  backordered.length === 0 ? resolve(order, [promiseLost], { reason: 'sourced_again' }) : [];

export const abandon = (orderId: string, state: Order): OrderDecision =>
  state.phase !== 'absent' || state.isAbandoned === true
    ? accept()
    : accept({ type: 'OrderAbandoned', data: { orderId } });

/** What has left can not be cancelled; what has not is, and nothing is reserved for it again. */
export const cancel = (command: ReasonedCommand, order: PlacedOrder): OrderDecision => {
  if (isEnded(order)) return accept();
  const { orderId } = order;
  const released = unshippedSources(order);
  if (leftShipments(order.shipments).length === 0) {
    return accept({ type: 'OrderCancelled', data: { orderId, ...whyOf(command), released } });
  }
  const cancelled = unshippedOf(order);
  if (cancelled.length === 0) {
    return refuse('ORDER_ALREADY_SHIPPED', 'All of it has left the warehouse; ask for a return instead.');
  }
  const rest = { type: 'OrderRemainderCancelled', data: { orderId, ...whyOf(command), cancelled, released } } as const;
  return accept<OrderEvent>(rest, ...resolve(order, [promiseLost], { reason: command.reason }));
};

/** A hold keeps goods from being reserved and from leaving; where all have left there is nothing to keep. */
export const hold = (command: ReasonedCommand, order: PlacedOrder): OrderDecision => {
  if (order.phase === 'cancelled') return refuse('ORDER_CANCELLED', 'The order was cancelled.');
  if (order.held) return accept();
  if (unshippedOf(order).length === 0) {
    return refuse('ORDER_ALREADY_SHIPPED', 'Nothing of the order is left to be held back.');
  }
  return accept({ type: 'OrderHeld', data: { orderId: order.orderId, ...whyOf(command) } });
};

/** Lifts a hold, and ends the exceptions: to release an order is to have looked at it. */
export const release = (command: ReasonedCommand, order: PlacedOrder): OrderDecision => {
  const { orderId } = order;
  const released: OrderEvent = { type: 'OrderReleased', data: { orderId, ...whyOf(command) } };
  const resolved = resolve(order, order.openExceptions, command);
  if (order.phase === 'cancelled') {
    return resolved.length > 0 ? accept(...resolved) : refuse('ORDER_CANCELLED', 'The order was cancelled.');
  }
  if (!order.held && resolved.length === 0) {
    return refuse('ORDER_NOT_ON_HOLD', 'The order is neither on hold nor in exception.');
  }
  return accept<OrderEvent>(...(order.held ? [released] : []), ...resolved);
};
