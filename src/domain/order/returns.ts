/**
 * What of an order may go back. It is decided here and not in the stream of a return, so that two requests at once are
 * never for more together than has left.
 */
import { accept, refuse } from '../../eventsourcing/message.ts';
import { isQuantity } from '../values.ts';
import type { OrderCommandOf, OrderDecision } from './commands.ts';
import type { OrderEvent } from './events.ts';
import type { OrderReturn, OrderReturnLine } from './openReturns.ts';
import { leftShipments, type PlacedOrder } from './state.ts';

/** More came back than had left: a box of another order, or a shipment that was said never to have left. */
const returnedMore = 'RETURN_EXCEEDS_SHIPPED';

/** Each is kept in the state of the order. Who returns piece by piece has a few dozen. */
export const returnsMax = 200;

const none: readonly OrderReturn[] = [];

const shippedOf = (order: PlacedOrder, lineId: string): number =>
  leftShipments(order.shipments)
    .flatMap(({ lines }) => lines)
    .reduce((sum, line) => (line.lineId === lineId ? sum + line.quantity : sum), 0);

const countedOf = (order: PlacedOrder, lineId: string, countOf: (line: OrderReturnLine) => number): number =>
  (order.returns ?? none)
    .flatMap(({ lines }) => lines)
    .reduce((sum, line) => (line.lineId === lineId ? sum + countOf(line) : sum), 0);

/** Pieces of a line that have come back, by what was received. */
export const returnedOf = (order: PlacedOrder, lineId: string): number =>
  countedOf(order, lineId, ({ received }) => received);

/** Pieces of a line that may still be announced. */
const returnableOf = (order: PlacedOrder, lineId: string): number =>
  Math.max(0, shippedOf(order, lineId) - countedOf(order, lineId, ({ expected, received }) => expected + received));

type RequestReturn = OrderCommandOf<'RequestReturn'>;

const linesRefusal = ({ lines }: RequestReturn, order: PlacedOrder): OrderDecision | null => {
  if (new Set(lines.map(({ lineId }) => lineId)).size !== lines.length) {
    return refuse('ORDER_LINE_REPEATED', 'Name each line once.');
  }
  for (const { lineId, quantity } of lines) {
    if (!order.lines.some((line) => line.lineId === lineId)) {
      return refuse('ORDER_LINE_NOT_FOUND', 'The order has no such line.', { lineId });
    }
    if (!isQuantity(quantity)) return refuse('QUANTITY_INVALID', 'A return is of a whole number of pieces.');
    const returnable = returnableOf(order, lineId);
    if (quantity > returnable) {
      const detail = 'More than has left, less what came back and what open returns announce.';
      return refuse('RETURN_EXCEEDS_SHIPPED', detail, { lineId, returnable });
    }
  }
  return null;
};

const requestReturn = (command: RequestReturn, order: PlacedOrder): OrderDecision => {
  const { returnId, reason, note } = command;
  const known = order.returns ?? none;
  if (known.some((each) => each.returnId === returnId)) return accept();
  const refusal = linesRefusal(command, order);
  if (refusal !== null) return refusal;
  if (known.length >= returnsMax) {
    return refuse('TOO_MANY_RETURNS', `An order has at most ${returnsMax} returns, the ended ones too.`);
  }
  const skuOf = new Map(order.lines.map(({ lineId, sku }) => [lineId, sku]));
  const lines = command.lines.map(({ lineId, quantity }) => ({ lineId, sku: skuOf.get(lineId) ?? '', quantity }));
  const source = leftShipments(order.shipments).find((shipment) =>
    shipment.lines.some(({ lineId }) => lineId === lines[0]?.lineId),
  );
  const warehouseId = command.warehouseId ?? source?.warehouseId;
  if (warehouseId === undefined) return refuse('RETURN_EXCEEDS_SHIPPED', 'Nothing of it has left.');
  const { orderId, customerId } = order;
  const why = { reason, ...(note === undefined ? {} : { note }) };
  return accept({ type: 'OrderReturnRequested', data: { returnId, orderId, customerId, warehouseId, lines, ...why } });
};

type Told = OrderCommandOf<'RecordReturnReceipt' | 'RecordReturnCancellation'>;

const told = ({ type, returnId, warehouseId, lines }: Told, order: PlacedOrder): OrderDecision => {
  const { orderId } = order;
  const data = { orderId, returnId, warehouseId, lines };
  if (type === 'RecordReturnCancellation') return accept({ type: 'OrderReturnCancelled', data });
  const received: OrderEvent = { type: 'OrderReturnReceived', data };
  const beyond = lines.filter(
    ({ lineId, quantity }) => returnedOf(order, lineId) + quantity > shippedOf(order, lineId),
  );
  if (beyond.length === 0) return accept(received);
  const named = beyond.map(({ lineId }) => lineId).join(', ');
  const detail = `With return ${returnId}, more came back than has left, of line ${named}.`;
  return accept<OrderEvent>(received, { type: 'OrderExceptionRaised', data: { orderId, code: returnedMore, detail } });
};

export const decideReturn = (command: RequestReturn | Told, order: PlacedOrder): OrderDecision =>
  command.type === 'RequestReturn' ? requestReturn(command, order) : told(command, order);
