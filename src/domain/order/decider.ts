import { accept, type Decider, refuse, unreachable } from '../../eventsourcing/message.ts';
import { recordAllocation } from './allocate.ts';
import { changeOrder } from './changeOrder.ts';
import {
  lineRefusal,
  type OrderCommand,
  type OrderCommandOf,
  type OrderDecision,
  type OrderRefusal,
  orderIdTaken,
} from './commands.ts';
import { dispatch, recordCorrection } from './dispatch.ts';
import type { OrderEvent } from './events.ts';
import { orderVersions } from './fields.ts';
import { promiseFill } from './fills.ts';
import { unshippedSources } from './lacks.ts';
import { decideReturn, returnedMore, returnedOfVoided } from './returns.ts';
import type { ShippedLine } from './shapes.ts';
import { abandon, cancel, hold, release, voidedAtEnd } from './standing.ts';
import { evolveOrder, isEnded, type Order, orderStates, type PlacedOrder, weighOrder } from './state.ts';

type ShipmentEnd = OrderCommandOf<'RecordDelivery' | 'RecordTurnBack'>;

const place = (
  { order, orderNumber, reservePartial, excludesHolds }: OrderCommandOf<'PlaceOrder'>,
  state: Order,
): OrderDecision => {
  if (state.phase !== 'absent') return refuse('ORDER_ID_TAKEN', orderIdTaken);
  if (state.isAbandoned === true) return refuse('ORDER_NUMBER_TAKEN', 'Another order has got the number of this one.');
  const refusal = lineRefusal(order.lines);
  if (refusal !== null) return refusal;
  const { orderId } = order;
  const events: OrderEvent[] = [{ type: 'OrderPlaced', data: order }];
  if (orderNumber !== undefined) events.push({ type: 'OrderNumbered', data: { orderId, orderNumber } });
  if (reservePartial === true) events.push({ type: 'OrderPartsReserved', data: { orderId } });
  if (excludesHolds === true) events.push({ type: 'OrderHoldsExcluded', data: { orderId } });
  return accept(...events);
};

/** What has left stays what it is; of the rest of the reservation, as much as no longer stands. */
const lapse = (command: OrderCommandOf<'LapseAllocation'>, order: PlacedOrder): OrderDecision => {
  const { reservationId } = command;
  const open = unshippedSources(order).find((allocation) => allocation.reservationId === reservationId);
  if (isEnded(order) || open === undefined) return accept();
  const { orderId } = order;
  const quantity = Math.min(open.quantity, command.quantity ?? open.quantity);
  if (quantity <= 0) return accept();
  return quantity === open.quantity
    ? accept({ type: 'OrderAllocationLapsed', data: { orderId, reservationId } })
    : accept({ type: 'OrderAllocationReduced', data: { orderId, reservationId, quantity } });
};

/** How a shipment ended, as its own stream has it. Turned back is the last word. */
const recordEnd = ({ type, shipmentId }: ShipmentEnd, order: PlacedOrder): OrderDecision => {
  const shipment = order.shipments.find((known) => known.shipmentId === shipmentId);
  if (shipment === undefined) return refuse('SHIPMENT_NOT_FOUND', 'The order has no such shipment.');
  const { orderId } = order;
  if (shipment.turnedBack) return accept();
  if (type === 'RecordDelivery') {
    return shipment.delivered ? accept() : accept({ type: 'OrderShipmentDelivered', data: { orderId, shipmentId } });
  }
  const detail = `A parcel of shipment ${shipmentId} goes back to the sender.`;
  return accept<OrderEvent>(
    { type: 'OrderShipmentTurnedBack', data: { orderId, shipmentId } },
    { type: 'OrderExceptionRaised', data: { orderId, code: 'PARCEL_TURNED_BACK', detail } },
  );
};

/** Lines without the pieces that are named, by line; and whether there were any. */
const without = (
  lines: readonly ShippedLine[],
  pieces: ReadonlyMap<string, number>,
): readonly [readonly ShippedLine[], boolean] => {
  const left = new Map(pieces);
  const rest = lines.flatMap((line) => {
    const taken = Math.min(line.quantity, left.get(line.lineId) ?? 0);
    left.set(line.lineId, (left.get(line.lineId) ?? 0) - taken);
    return taken === line.quantity ? [] : [{ ...line, quantity: line.quantity - taken }];
  });
  const sum = (of: readonly ShippedLine[]): number => of.reduce((total, { quantity }) => total + quantity, 0);
  return [rest, sum(rest) < sum(lines)];
};

/**
 * As the shipment's own stream has it, which voids none that has ended. An order that may still be sourced is planned
 * again for what never left; of one whose rest was cancelled a person must say what becomes of it.
 */
const recordVoid = (shipmentId: string, order: PlacedOrder): OrderDecision => {
  const shipment = order.shipments.find((known) => known.shipmentId === shipmentId);
  if (shipment === undefined) return refuse('SHIPMENT_NOT_FOUND', 'The order has no such shipment.');
  if (shipment.voided === true || shipment.delivered || shipment.turnedBack) return accept();
  const { orderId } = order;
  const { warehouseId } = shipment;
  const [lines, isReturned] = without(shipment.lines, returnedOfVoided(order, shipmentId));
  const voided: OrderEvent = { type: 'OrderShipmentVoided', data: { orderId, shipmentId, warehouseId, lines } };
  const raise = (code: string, detail: string): OrderEvent => ({
    type: 'OrderExceptionRaised',
    data: { orderId, code, detail },
  });
  return accept<OrderEvent>(
    voided,
    ...(isReturned ? [raise(returnedMore, `Of shipment ${shipmentId}, which never left, pieces have come back.`)] : []),
    ...(isEnded(order)
      ? [
          raise(
            voidedAtEnd,
            `Shipment ${shipmentId} never left, and the rest of the order was cancelled: nothing replaces it.`,
          ),
        ]
      : []),
  );
};

const decidePlaced = (
  command: Exclude<OrderCommand, { type: 'PlaceOrder' | 'AbandonOrder' }>,
  order: PlacedOrder,
): OrderDecision => {
  const { orderId } = order;
  switch (command.type) {
    case 'RecordAllocation':
      return recordAllocation(command, order);
    case 'LapseAllocation':
      return lapse(command, order);
    case 'HoldOrder':
      return hold(command, order);
    case 'ReleaseOrder':
      return release(command, order);
    case 'CancelOrder':
      return cancel(command, order);
    case 'ChangeOrder':
      return changeOrder(command, order);
    case 'DispatchShipment':
      return dispatch(command, order);
    case 'RecordCorrection':
      return recordCorrection(command, order);
    case 'RecordDelivery':
    case 'RecordTurnBack':
      return recordEnd(command, order);
    case 'RecordVoid':
      return recordVoid(command.shipmentId, order);
    case 'RaiseException':
      return accept({ type: 'OrderExceptionRaised', data: { orderId, code: command.code, detail: command.detail } });
    case 'RequestReturn':
    case 'RecordReturnReceipt':
    case 'RecordReturnCancellation':
      return decideReturn(command, order);
    case 'PromiseFill':
      return promiseFill(command, order);
    default:
      return unreachable(command);
  }
};

export const orderDecider: Decider<Order, OrderCommand, OrderEvent, OrderRefusal> = {
  category: 'order',
  initialState: { phase: 'absent' },
  decide: (command, order) => {
    if (command.type === 'PlaceOrder') return place(command, order);
    if (command.type === 'AbandonOrder') return abandon(command.orderId, order);
    return order.phase === 'absent' ? refuse('ORDER_NOT_FOUND', 'No such order.') : decidePlaced(command, order);
  },
  evolve: evolveOrder,
  weigh: weighOrder,
  codec: orderStates,
  schemaVersions: orderVersions,
};
