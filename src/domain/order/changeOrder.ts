/** What of an order may still be changed: its address before anything has left, its lines as far as they have not. */
import { accept, refuse } from '../../eventsourcing/message.ts';
import { isCount, orderLineQuantityMax, orderQuantityMax } from '../values.ts';
import type { AddressCorrection, OrderCommandOf, OrderDecision } from './commands.ts';
import { surplusOf } from './dispatch.ts';
import type { OrderEvent } from './events.ts';
import { unshippedOf, unsourcedOf } from './lacks.ts';
import type { LineQuantity } from './shapes.ts';
import { cancel, keptAgain } from './standing.ts';
import { evolveOrder, isEnded, leftShipments, type PlacedOrder } from './state.ts';

type ChangeOrder = OrderCommandOf<'ChangeOrder'>;

/** Until goods have left: after that the courier has the old address, and only the courier can change it. */
const correctAddress = (command: AddressCorrection, order: PlacedOrder): OrderDecision => {
  if (order.phase === 'cancelled') return refuse('ORDER_CANCELLED', 'The order was cancelled.');
  if (leftShipments(order.shipments).length > 0)
    return refuse('ORDER_ALREADY_SHIPPED', 'Goods have left for the address that stands.');
  if (command.sameAs === order.shipTo) return accept();
  const { shipTo, destinationCountry } = command;
  return accept({ type: 'OrderAddressCorrected', data: { orderId: order.orderId, shipTo, destinationCountry } });
};

/** Pieces of each line that have left. */
const shippedOf = (order: PlacedOrder): ReadonlyMap<string, number> => {
  const shipped = new Map<string, number>();
  for (const { lines } of leftShipments(order.shipments)) {
    for (const { lineId, quantity } of lines) shipped.set(lineId, (shipped.get(lineId) ?? 0) + quantity);
  }
  return shipped;
};

type Asked = NonNullable<ChangeOrder['lines']>;

/** @returns `null`: nothing is wrong. */
const refusalOf = (asked: Asked, order: PlacedOrder): OrderDecision | null => {
  if (isEnded(order)) return refuse('ORDER_CANCELLED', 'The order, or the rest of it, was cancelled.');
  if (new Set(asked.map(({ lineId }) => lineId)).size < asked.length) {
    return refuse('ORDER_LINE_REPEATED', 'Name each line once.');
  }
  const shipped = shippedOf(order);
  const known = new Set(order.lines.map(({ lineId }) => lineId));
  for (const { lineId, quantity, orShipped } of asked) {
    if (!known.has(lineId)) return refuse('ORDER_LINE_NOT_FOUND', 'The order has no such line.', { lineId });
    if (!isCount(quantity)) return refuse('QUANTITY_INVALID', 'A line has a whole number of pieces.', { lineId });
    const left = shipped.get(lineId) ?? 0;
    if (quantity < left && orShipped !== true) {
      return refuse('ORDER_ALREADY_SHIPPED', `${left} pieces of line ${lineId} have left.`, { lineId, shipped: left });
    }
  }
  return null;
};

/** The lines that change, as they are from now on. */
const changesOf = (asked: Asked, order: PlacedOrder): readonly LineQuantity[] => {
  const shipped = shippedOf(order);
  // Fewer than have left were refused, unless as many will do.
  const wanted = new Map(asked.map(({ lineId, quantity }) => [lineId, Math.max(quantity, shipped.get(lineId) ?? 0)]));
  return order.lines.flatMap(({ lineId, quantity: before }) => {
    const quantity = wanted.get(lineId) ?? before;
    return quantity === before ? [] : [{ lineId, quantity }];
  });
};

/** What an order may be after a change; `null`: it may. */
const sizeRefusalOf = (order: PlacedOrder): OrderDecision | null => {
  if (order.lines.some(({ quantity }) => quantity > orderLineQuantityMax)) {
    return refuse('QUANTITY_INVALID', `A line has at most ${orderLineQuantityMax} pieces.`);
  }
  const quantity = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  return quantity > orderQuantityMax
    ? refuse('ORDER_TOO_LARGE', `An order has at most ${orderQuantityMax} pieces.`, { quantity })
    : null;
};

/** Where nothing is left to leave, the order is cancelled, or ends by what was shipped. */
const changeLines = (command: ChangeOrder, order: PlacedOrder): OrderDecision => {
  const { lines: asked = [], reason, note } = command;
  const refusal = refusalOf(asked, order);
  if (refusal !== null) return refusal;
  const lines = changesOf(asked, order);
  if (lines.length === 0) return accept();
  const data = { orderId: order.orderId, lines, released: [], reason, ...(note === undefined ? {} : { note }) };
  const after = evolveOrder(order, { type: 'OrderLinesChanged', data }) as PlacedOrder;
  const tooLarge = sizeRefusalOf(after);
  if (tooLarge !== null) return tooLarge;
  if (unshippedOf(after).length === 0) return cancel({ ...command, type: 'CancelOrder' }, order);
  return accept<OrderEvent>(
    { type: 'OrderLinesChanged', data: { ...data, released: surplusOf(after) } },
    ...keptAgain(order, unsourcedOf(after)),
  );
};

/** All of it or nothing. */
export const changeOrder = (command: ChangeOrder, order: PlacedOrder): OrderDecision => {
  const { address, lines } = command;
  const moved = address === undefined ? accept<OrderEvent>() : correctAddress(address, order);
  if ('refused' in moved || lines === undefined) return moved;
  const changed = changeLines(command, order);
  return 'refused' in changed ? changed : accept<OrderEvent>(...moved.accepted, ...changed.accepted);
};
