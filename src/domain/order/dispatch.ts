/**
 * A shipment names lines; which reservations it uses up is decided here, so that stock and order agree. Goods that have
 * left are a fact (T28): what no reservation covers is recorded too, up to what the order still lacks, and sources that
 * are not needed any more are let go. More than was ordered is the caller's error.
 */
import { accept, refuse } from '../../eventsourcing/message.ts';
import { isQuantity } from '../values.ts';
import type { DispatchRequest, OrderCommandOf, OrderDecision } from './commands.ts';
import type { OrderEvent } from './events.ts';
import { unshippedOf, unshippedSources } from './lacks.ts';
import type { Allocation, ShippedLine } from './shapes.ts';
import type { OpenAllocation } from './sources.ts';
import { evolveOrder, type PlacedOrder } from './state.ts';

// What lies in parcels must be what the shipment takes along: a label for goods that never left misleads all who read it.

/**
 * Each box must be of a line of the shipment. A piece of it has one box of each code at most, so no code can be there more
 * often than pieces leave.
 * @returns the refusal, with a JSON pointer to the box in `facts`; `null`: nothing is wrong.
 */
const parcelRefusal = ({ lines, parcels }: Pick<DispatchRequest, 'lines' | 'parcels'>): OrderDecision | null => {
  const shipped = new Map(lines.map(({ lineId, quantity }) => [lineId, quantity]));
  const packed = new Map<string, number>();
  for (const [parcel, { boxes }] of parcels.entries()) {
    for (const [box, { lineId, boxCode, quantity }] of boxes.entries()) {
      const pointer = `/parcels/${parcel}/boxes/${box}`;
      const most = shipped.get(lineId);
      if (most === undefined) {
        return refuse('BOX_NOT_SHIPPED', 'The box is of a line that the shipment does not take along.', {
          pointer,
          lineId,
        });
      }
      const kind = JSON.stringify([lineId, boxCode]);
      const sum = (packed.get(kind) ?? 0) + quantity;
      if (sum > most) {
        const detail = 'More boxes of one code than pieces of the line leave.';
        return refuse('BOX_NOT_SHIPPED', detail, { pointer, lineId, packed: sum, shipped: most });
      }
      packed.set(kind, sum);
    }
  }
  return null;
};

type Dispatch = OrderCommandOf<'DispatchShipment'>;

/** Takes the asked quantity of a line from its open reservations at the warehouse, oldest first. */
const takeFrom = (
  reservations: readonly OpenAllocation[],
  quantity: number,
): { readonly taken: readonly ShippedLine[]; readonly missing: number } => {
  let missing = quantity;
  const taken: ShippedLine[] = [];
  for (const { lineId, sku, reservationId, quantity: reserved, shipped } of reservations) {
    const take = Math.min(missing, reserved - shipped);
    if (take === 0) continue;
    missing -= take;
    taken.push({ lineId, sku, reservationId, quantity: take });
  }
  return { taken, missing };
};

const repeats = (ids: readonly string[]): boolean => new Set(ids).size !== ids.length;

/** What is wrong with the command as such, before any reservation is looked at. */
const refusalOf = ({ shipmentId, lines, parcels }: Dispatch, order: PlacedOrder): OrderDecision | null => {
  if (order.phase === 'cancelled') return refuse('ORDER_CANCELLED', 'The order was cancelled.');
  if (order.shipments.some((known) => known.shipmentId === shipmentId)) {
    return refuse('SHIPMENT_ALREADY_DISPATCHED', 'The order has a shipment with this id.');
  }
  if (order.held) return refuse('ORDER_ON_HOLD', 'The order is on hold; release it first.');
  if (repeats(lines.map(({ lineId }) => lineId))) {
    return refuse('ORDER_LINE_REPEATED', 'Name each line once; the quantities are summed by you.');
  }
  if (repeats(parcels.map(({ parcelId }) => parcelId))) {
    return refuse('PARCEL_REPEATED', 'Each parcel needs a parcelId of its own.');
  }
  return lines.every(({ quantity }) => isQuantity(quantity))
    ? null
    : refuse('QUANTITY_INVALID', 'Each line ships a whole number of pieces, at least one.');
};

/** Reserved for lines that need it no more, the newest first. */
export const surplusOf = (order: PlacedOrder): readonly Allocation[] => {
  const wanted = new Map(order.lines.map(({ lineId, quantity }) => [lineId, quantity]));
  const surplus = new Map<string, number>();
  for (const { lineId, quantity } of order.allocations) {
    surplus.set(lineId, (surplus.get(lineId) ?? -(wanted.get(lineId) ?? 0)) + quantity);
  }
  const released: Allocation[] = [];
  for (const source of unshippedSources(order).toReversed()) {
    const left = surplus.get(source.lineId) ?? 0;
    if (left <= 0) continue;
    const quantity = Math.min(left, source.quantity);
    surplus.set(source.lineId, left - quantity);
    released.push({ ...source, quantity });
  }
  return released;
};

export const dispatch = (command: Dispatch, order: PlacedOrder): OrderDecision => {
  const refusal = refusalOf(command, order);
  if (refusal !== null) return refusal;
  const { shipmentId, warehouseId } = command;
  const lacking = new Map(unshippedOf(order).map(({ lineId, quantity }) => [lineId, quantity]));
  const skus = new Map(order.lines.map(({ lineId, sku }) => [lineId, sku]));
  const here = order.allocations.filter((allocation) => allocation.warehouseId === warehouseId);
  const reservations = Map.groupBy(here, ({ lineId }) => lineId);
  const lines: ShippedLine[] = [];
  for (const { lineId, quantity } of command.lines) {
    const sku = skus.get(lineId);
    if (sku === undefined) return refuse('ORDER_LINE_NOT_FOUND', 'The order has no such line.', { lineId });
    const unshipped = lacking.get(lineId) ?? 0;
    if (quantity > unshipped) {
      const detail = `Line ${lineId} lacks ${unshipped}, ${quantity} were to leave.`;
      return refuse('SHIPMENT_EXCEEDS_ORDER', detail, { lineId, unshipped });
    }
    const { taken, missing } = takeFrom(reservations.get(lineId) ?? [], quantity);
    lines.push(...taken);
    const reservationId = `${shipmentId}.${lineId}`;
    if (missing > 0) lines.push({ lineId, sku, reservationId, quantity: missing });
  }
  const misfit = parcelRefusal(command);
  if (misfit !== null) return misfit;
  const { type: _, ...data } = command;
  const { orderId } = order;
  const dispatched: OrderEvent = { type: 'OrderShipmentDispatched', data: { ...data, orderId, lines } };
  const after = evolveOrder(order, dispatched);
  const released = after.phase === 'absent' ? [] : surplusOf(after);
  if (released.length === 0) return accept(dispatched);
  return accept<OrderEvent>(dispatched, {
    type: 'OrderSourcesReleased',
    data: { orderId, reason: 'shipped_from_elsewhere', released },
  });
};

/** The label of a shipment as its own stream has it. */
export const recordCorrection = (command: OrderCommandOf<'RecordCorrection'>, order: PlacedOrder): OrderDecision => {
  const { shipmentId, shipmentRevision, label } = command;
  const shipment = order.shipments.find((known) => known.shipmentId === shipmentId);
  if (shipment === undefined) return refuse('SHIPMENT_NOT_FOUND', 'The order has no such shipment.');
  if (shipmentRevision <= shipment.labelRevision) return accept();
  const { orderId } = order;
  const { warehouseId } = shipment;
  return accept({
    type: 'OrderShipmentCorrected',
    data: { orderId, shipmentId, warehouseId, shipmentRevision, ...label },
  });
};
