/**
 * What the service does by itself: it chooses warehouses, and follows up. The model takes its choice, and says what is
 * against the rules of docs/sourcing.md and docs/architecture.md.
 */
import { covers, type Decision, type Expected, type LogEvent, type Source } from './log.ts';
import { claimsOf, isEnded, unsourcedOf } from './order.ts';
import { availableOf, decideDeparture } from './stock.ts';
import { isOpen, orderOf, shipmentOf, stockAt, type World } from './world.ts';

export interface Reaction {
  /** What is against the rules. */
  readonly wrong: string | null;
  /** What must follow in the same append. */
  readonly follows: readonly Expected[];
}

export interface Reactions {
  /** Before the event is applied. */
  judge(event: LogEvent, world: World): Reaction;
  /** After any event was applied. */
  note(event: LogEvent, world: World): void;
  /** Goods that left and are not booked out: none at rest. */
  onTheirWay(): readonly string[];
}

const ok: Reaction = { wrong: null, follows: [] };
const wrong = (text: string): Reaction => ({ wrong: text, follows: [] });
const promiseLost = 'PROMISE_LOST';

interface Leaving {
  readonly reservationId: string;
  readonly shipmentId: string;
  readonly quantity: number;
}
const leavingKey = ({ reservationId, shipmentId }: Pick<Leaving, 'reservationId' | 'shipmentId'>): string =>
  `${reservationId} ${shipmentId}`;

export const createReactions = (): Reactions => {
  /** Reservations made for orders, ever. */
  const made = new Map<string, Source & { readonly orderId: string }>();
  const leaving = new Map<string, Leaving>();
  /** Where in the log each event is, and since where each closed warehouse is closed. */
  const indexes = new Map<string, number>();
  const closedSince = new Map<string, number>();
  let count = 0;

  const reserved = ({ data, causationId }: LogEvent, world: World): Reaction => {
    const { orderId, lineId, sku, warehouseId, quantity } = data;
    const stock = stockAt(world, warehouseId, sku);
    const order = orderOf(world, orderId);
    if (stock === undefined || quantity > availableOf(stock.figures)) return wrong('reserves more than is available');
    if (order?.lines.find((line) => line.lineId === lineId)?.sku !== sku) return wrong('reserves for no such line');
    const causedAt = indexes.get(causationId);
    const closedAt = closedSince.get(warehouseId);
    const knewIt = causedAt !== undefined && closedAt !== undefined && closedAt <= causedAt;
    return knewIt && !isOpen(world, warehouseId) ? wrong('reserves at a closed warehouse') : ok;
  };

  const released = ({ data, type, recordedAt }: LogEvent, world: World): Reaction => {
    const claim = stockAt(world, data.warehouseId, data.sku)?.claims.get(data.reservationId);
    if (claim === undefined || data.quantity > claim.quantity) return wrong('ends a claim that is not there');
    if (type === 'StockReservationExpired') return claim.expiresAt <= recordedAt ? ok : wrong('ends a claim too early');
    // What an order does not need of what was held for it is let go.
    const isFree = claim.isByPerson && (claim.orderId === undefined || orderOf(world, claim.orderId) === undefined);
    return isFree ? wrong('lets go what a person has reserved') : ok;
  };

  const takenOver = ({ data }: LogEvent, world: World): Reaction => {
    const { fromReservationId, quantity, orderId, lineId, sku, warehouseId } = data;
    const held = stockAt(world, warehouseId, sku)?.claims.get(fromReservationId);
    const order = orderOf(world, orderId);
    if (held?.orderId !== orderId || quantity > held.quantity) return wrong('takes over what is not held for it');
    if (order?.excludesHolds === true) return wrong('takes over what others hold');
    return order?.lines.find((line) => line.lineId === lineId)?.sku === sku ? ok : wrong('takes over for no such line');
  };

  const departed = (event: LogEvent, world: World): Reaction => {
    const { reservationId, shipmentId, warehouseId, sku } = event.data;
    const gone = leaving.get(leavingKey({ reservationId, shipmentId }));
    const stock = stockAt(world, warehouseId, sku);
    if (gone === undefined || stock === undefined) return wrong('books out what has not left');
    leaving.delete(leavingKey(gone));
    return matching(event, decideDeparture(stock, gone));
  };

  const matching = ({ type, data }: LogEvent, { events: [first, ...follows] }: Decision): Reaction =>
    first !== undefined && first.type === type && covers(data, first.data)
      ? { wrong: null, follows }
      : wrong(`is not what follows: ${JSON.stringify(first)}`);

  const allocated = ({ data }: LogEvent, world: World): Reaction => {
    const order = orderOf(world, data.orderId);
    if (order === undefined || isEnded(order)) return wrong('gives sources to no order, or one that has ended');
    const left = new Map(unsourcedOf(order).map(({ lineId, quantity }) => [lineId, quantity]));
    for (const source of data.allocations) {
      const { reservationId, lineId, quantity } = source;
      const { orderId, ...known } = made.get(reservationId) ?? { orderId: '' };
      if (orderId !== data.orderId || !covers(source, known)) return wrong(`counts on no reservation ${reservationId}`);
      left.set(lineId, (left.get(lineId) ?? 0) - quantity);
    }
    const lacking = [...left]
      .filter(([, quantity]) => quantity !== 0)
      .map(([lineId, quantity]) => ({ lineId, quantity }));
    if (!covers(data.backordered, lacking)) return wrong(`lacks ${JSON.stringify(lacking)}`);
    const isKept =
      lacking.length === 0 && order.exceptions.some(({ code, isOpen: open }) => open && code === promiseLost);
    return { wrong: null, follows: isKept ? [{ type: 'OrderExceptionResolved', data: { codes: [promiseLost] } }] : [] };
  };

  const backordered = ({ data }: LogEvent, world: World): Reaction => {
    const order = orderOf(world, data.orderId);
    if (order?.phase !== 'pending') return wrong('waits, and was planned before');
    return covers(data.backordered, unsourcedOf(order)) ? ok : wrong('waits for something else than it lacks');
  };

  const cancelled = ({ data }: LogEvent, world: World): Reaction => {
    const order = orderOf(world, data.orderId);
    if (order?.phase !== 'pending' || data.reason !== 'insufficient_stock') return wrong('cancels an order by itself');
    const mayWait = order.lines.every(({ sku }) => world.items.get(`item ${sku}`)?.mayWait !== false);
    return order.allowBackorder && mayWait ? wrong('cancels an order that may wait') : ok;
  };

  const lapsed = ({ data }: LogEvent, world: World): Reaction => {
    const order = orderOf(world, data.orderId);
    const source =
      order === undefined ? undefined : claimsOf(order).find((each) => each.reservationId === data.reservationId);
    if (source === undefined) return wrong('loses a source that it has not');
    const held = stockAt(world, source.warehouseId, source.sku)?.claims.get(data.reservationId)?.quantity ?? 0;
    const onTheWay = [...leaving.values()]
      .filter(({ reservationId }) => reservationId === data.reservationId)
      .reduce((sum, { quantity }) => sum + quantity, 0);
    const lost = (data.quantity as number | undefined) ?? source.quantity;
    return lost <= source.quantity - Math.max(0, held - onTheWay) ? ok : wrong('loses a source that still stands');
  };

  const raised = ({ data }: LogEvent, world: World): Reaction => {
    const order = orderOf(world, data.orderId);
    if (data.code !== promiseLost) return wrong(`raises ${data.code}`);
    return order?.allowBackorder === false && order.phase === 'open' ? ok : wrong('was promised nothing');
  };

  const dispatchedOf = ({ data: { orderId, shipmentId } }: LogEvent, world: World) =>
    orderOf(world, orderId)?.shipments.find((sent) => sent.shipmentId === shipmentId);

  const rules: { readonly [type: string]: (event: LogEvent, world: World) => Reaction } = {
    StockReserved: reserved,
    StockReservationTakenOver: takenOver,
    StockReservationReleased: released,
    StockReservationExpired: released,
    StockShipped: departed,
    StockDeparted: departed,
    StockDiscrepancyRecorded: departed,
    OrderAllocated: allocated,
    OrderBackordered: backordered,
    OrderCancelled: cancelled,
    OrderAllocationLapsed: lapsed,
    OrderAllocationReduced: lapsed,
    OrderExceptionRaised: raised,
    OrderShipmentDelivered: (event, world) => {
      const isThere = shipmentOf(world, event.data.shipmentId)?.end !== 'none';
      return isThere && dispatchedOf(event, world)?.delivered === false ? ok : wrong('is delivered twice, or is not');
    },
    OrderShipmentTurnedBack: (event, world) => {
      const hasTurned = shipmentOf(world, event.data.shipmentId)?.end === 'turned_back';
      if (!hasTurned || dispatchedOf(event, world)?.turnedBack !== false) return wrong('turns back twice, or has not');
      return { wrong: null, follows: [{ type: 'OrderExceptionRaised', data: { code: 'PARCEL_TURNED_BACK' } }] };
    },
    OrderShipmentCorrected: (event, world) =>
      dispatchedOf(event, world) === undefined ? wrong('corrects no shipment') : ok,
    ShipmentDispatched: (event, world) => {
      const isNew = shipmentOf(world, event.data.shipmentId) === undefined;
      return isNew && dispatchedOf(event, world) !== undefined ? ok : wrong('leaves twice, or has not left');
    },
  };

  return {
    judge: (event, world) => {
      return rules[event.type]?.(event, world) ?? wrong('was asked for by no command');
    },
    note: (event, world) => {
      indexes.set(event.id, count);
      count += 1;
      const { orderId, lineId, sku, reservationId, warehouseId, quantity, shipmentId } = event.data;
      const isClaim = event.type === 'StockReserved' || event.type === 'StockReservationTakenOver';
      if (isClaim && event.actor.kind === 'system')
        made.set(reservationId, { orderId, lineId, sku, reservationId, warehouseId, quantity });
      if (event.type === 'OrderShipmentDispatched') {
        for (const line of event.data.lines) leaving.set(leavingKey({ ...line, shipmentId }), { ...line, shipmentId });
      }
      if (event.type === 'WarehouseSourcingSet') {
        if (isOpen(world, warehouseId)) closedSince.delete(warehouseId);
        else closedSince.set(warehouseId, count - 1);
      }
    },
    onTheirWay: () => [...leaving.keys()],
  };
};
