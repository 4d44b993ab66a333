/** A shipment names lines; which reservations it uses up is decided here, so that stock and order agree. */
import { accept, refuse } from '../message.ts';
import { isQuantity } from '../values.ts';
import type { OrderCommandOf, OrderDecision } from './commands.ts';
import type { LineQuantity, ShippedLine } from './events.ts';
import { parcelRefusal } from './parcels.ts';
import type { PlacedOrder } from './state.ts';

type Dispatch = OrderCommandOf<'DispatchShipment'>;

/** Takes the asked quantity of a line from its open reservations at this warehouse, oldest first. */
const takeFromReservations = (
  order: PlacedOrder,
  warehouseId: string,
  { lineId, quantity }: LineQuantity,
): readonly ShippedLine[] | null => {
  let missing = quantity;
  const taken: ShippedLine[] = [];
  for (const allocation of order.allocations) {
    if (missing === 0) break;
    if (allocation.lineId !== lineId || allocation.warehouseId !== warehouseId) continue;
    const take = Math.min(missing, allocation.quantity - allocation.shipped);
    if (take === 0) continue;
    missing -= take;
    taken.push({ lineId, sku: allocation.sku, reservationId: allocation.reservationId, quantity: take });
  }
  return missing === 0 ? taken : null;
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

export const dispatch = (command: Dispatch, order: PlacedOrder): OrderDecision => {
  const refusal = refusalOf(command, order);
  if (refusal !== null) return refusal;
  const lines: ShippedLine[] = [];
  for (const line of command.lines) {
    if (!order.lines.some(({ lineId }) => lineId === line.lineId)) {
      return refuse('ORDER_LINE_NOT_FOUND', 'The order has no such line.', { lineId: line.lineId });
    }
    const taken = takeFromReservations(order, command.warehouseId, line);
    if (taken === null) {
      const detail = 'More than is reserved for this line at this warehouse.';
      return refuse('SHIPMENT_EXCEEDS_ALLOCATION', detail, { lineId: line.lineId, warehouseId: command.warehouseId });
    }
    lines.push(...taken);
  }
  const misfit = parcelRefusal(command);
  if (misfit !== null) return misfit;
  const { type: _, ...data } = command;
  return accept({ type: 'OrderShipmentDispatched', data: { ...data, orderId: order.orderId, lines } });
};
