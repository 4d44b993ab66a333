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
export const returnedMore = 'RETURN_EXCEEDS_SHIPPED';

/** Each is kept in the state of the order. Who returns piece by piece has a few dozen. */
export const returnsMax = 200;

/** So many lines of them: all of the largest order, five times over. */
export const returnLinesMax = 10_000;

const none: readonly OrderReturn[] = [];

/** Pieces, by line. One walk over all of them: an order may have thousands of lines, and hundreds of returns. */
type PerLine = ReadonlyMap<string, number>;

const sumPerLine = <T extends { readonly lineId: string }>(
  parts: Iterable<T>,
  countOf: (part: T) => number,
): PerLine => {
  const sums = new Map<string, number>();
  for (const part of parts) sums.set(part.lineId, (sums.get(part.lineId) ?? 0) + countOf(part));
  return sums;
};

const shippedOf = (shipments: PlacedOrder['shipments']): PerLine =>
  sumPerLine(
    leftShipments(shipments).flatMap(({ lines }) => lines),
    ({ quantity }) => quantity,
  );

const countedOf = (order: PlacedOrder, countOf: (line: OrderReturnLine) => number): PerLine =>
  sumPerLine(
    (order.returns ?? none).flatMap(({ lines }) => lines),
    countOf,
  );

/** Pieces that have come back, by line. */
export const returnedOf = (order: PlacedOrder): PerLine => countedOf(order, ({ received }) => received);

type RequestReturn = OrderCommandOf<'RequestReturn'>;

const linesRefusal = ({ lines }: RequestReturn, order: PlacedOrder): OrderDecision | null => {
  if (new Set(lines.map(({ lineId }) => lineId)).size !== lines.length) {
    return refuse('ORDER_LINE_REPEATED', 'Name each line once.');
  }
  const [known, shipped] = [new Set(order.lines.map(({ lineId }) => lineId)), shippedOf(order.shipments)];
  const counted = countedOf(order, ({ expected, received }) => expected + received);
  for (const { lineId, quantity } of lines) {
    if (!known.has(lineId)) {
      return refuse('ORDER_LINE_NOT_FOUND', 'The order has no such line.', { lineId });
    }
    if (!isQuantity(quantity)) return refuse('QUANTITY_INVALID', 'A return is of a whole number of pieces.');
    const returnable = Math.max(0, (shipped.get(lineId) ?? 0) - (counted.get(lineId) ?? 0));
    if (quantity > returnable) {
      const detail = `${quantity} of line ${lineId} are announced, ${returnable} may be: what has left and is not back or announced.`;
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
  const knownLines = known.reduce((sum, each) => sum + each.lines.length, 0);
  if (known.length >= returnsMax || knownLines + command.lines.length > returnLinesMax) {
    const detail = `An order has at most ${returnsMax} returns of ${returnLinesMax} lines together, the ended ones too.`;
    return refuse('TOO_MANY_RETURNS', detail);
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
  const [returned, shipped] = [returnedOf(order), shippedOf(order.shipments)];
  const beyond = lines.filter(
    ({ lineId, quantity }) => (returned.get(lineId) ?? 0) + quantity > (shipped.get(lineId) ?? 0),
  );
  if (beyond.length === 0) return accept(received);
  const named = beyond.map(({ lineId }) => lineId).join(', ');
  const detail = `With return ${returnId}, more came back than has left, of line ${named}.`;
  return accept<OrderEvent>(received, { type: 'OrderExceptionRaised', data: { orderId, code: returnedMore, detail } });
};

export const decideReturn = (command: RequestReturn | Told, order: PlacedOrder): OrderDecision =>
  command.type === 'RequestReturn' ? requestReturn(command, order) : told(command, order);

/**
 * What of a shipment that is said never to have left has come back all the same: pieces that were received, beyond what all
 * other shipments took along. They are in a house already, and are not booked back a second time.
 */
export const returnedOfVoided = (order: PlacedOrder, shipmentId: string): PerLine => {
  if (order.returns === undefined) return new Map();
  const others = shippedOf(order.shipments.filter((shipment) => shipment.shipmentId !== shipmentId));
  return new Map(
    [...returnedOf(order)].map(([lineId, pieces]) => [lineId, Math.max(0, pieces - (others.get(lineId) ?? 0))]),
  );
};
