/** Claims on stock: made once, ended once, and each shipment takes from a reservation once. */
import { accept, refuse, unreachable } from '../../eventsourcing/message.ts';
import { lookUp } from '../bucketMap.ts';
import { quantityMax } from '../values.ts';
import { moveBalance, type StockMovement } from './balance.ts';
import { ownerOf, type Reservation } from './claims.ts';
import type { StockCommandOf, StockDecision, StockTarget } from './commands.ts';
import type { StockEvent, StockReservationTakenOver } from './events.ts';
import { availableOf, type KnownStock, reservationsMax, roomToReserve } from './state.ts';

// What every stock decision shares: the figures after it, the key of the stock, the answer to too much.

export const keyOf = ({ warehouseId, sku }: StockTarget): { warehouseId: string; sku: string } => ({
  warehouseId,
  sku,
});

/** Adds the figures after each movement, and refuses what would leave the integers we count in. */
export const recordAll = (
  { balance }: Pick<KnownStock, 'balance'>,
  movements: readonly StockMovement[],
): StockDecision => {
  const events: StockEvent[] = [];
  let after = balance;
  for (const movement of movements) {
    after = moveBalance(after, movement);
    // What came by a transfer may lie beyond it; then it may still become less.
    if (after.onHand > Math.max(quantityMax, balance.onHand))
      return refuse('QUANTITY_TOO_LARGE', `At most ${quantityMax} pieces fit one stock.`);
    events.push({ ...movement, data: { ...movement.data, after } } as StockEvent);
  }
  return accept(...events);
};

export const record = (stock: Pick<KnownStock, 'balance'>, movement: StockMovement): StockDecision =>
  recordAll(stock, [movement]);

export const insufficient = ({ balance }: KnownStock, requested: number, can: number): StockDecision =>
  refuse('INSUFFICIENT_STOCK', `${requested} asked for, ${can} can be taken.`, {
    requested,
    available: availableOf(balance),
    onHand: balance.onHand,
    reserved: balance.reserved,
  });

type TakenOver = Omit<StockReservationTakenOver['data'], 'after'>;

const reservationNotFound: StockDecision = refuse(
  'RESERVATION_NOT_FOUND',
  'No open reservation has this id at this stock.',
);

const isSameClaim = (open: Reservation, command: StockCommandOf<'ReserveStock'>): boolean =>
  open.quantityAsked === command.quantity && open.orderId === command.orderId && open.lineId === command.lineId;

/** In one event, so that at no moment its pieces are free, or claimed twice. */
const takeOver = (data: TakenOver, stock: KnownStock): StockDecision => {
  const open = lookUp(stock.reservations, data.fromReservationId);
  if (open === undefined) return reservationNotFound;
  if (data.quantity > open.quantity) return insufficient(stock, data.quantity, open.quantity);
  return record(stock, { type: 'StockReservationTakenOver', data });
};

/**
 * The same claim again records nothing. Another claim under a taken id is refused: told "nothing to do", a caller whose
 * plan has changed since its first attempt would count on pieces that nobody holds for it.
 */
export const reserve = (command: StockCommandOf<'ReserveStock'>, stock: KnownStock): StockDecision => {
  const { reservationId, quantity, expiresAt } = command;
  const open = lookUp(stock.reservations, reservationId);
  if (open !== undefined) {
    if (isSameClaim(open, command)) return accept();
    return refuse('RESERVATION_ID_TAKEN', 'Another open reservation has this id.', { reservationId });
  }
  const data = { ...keyOf(command), reservationId, quantity, expiresAt, ...ownerOf(command) };
  // Its pieces are claimed already, so the bound is not for it: an order that was promised them gets them.
  if (command.from !== undefined) return takeOver({ ...data, fromReservationId: command.from }, stock);
  const available = availableOf(stock.balance);
  if (quantity > available) return insufficient(stock, quantity, available);
  if (roomToReserve(stock) === 0) {
    return refuse('TOO_MANY_RESERVATIONS', `${reservationsMax} reservations are open at this stock.`);
  }
  return record(stock, { type: 'StockReserved', data });
};

type EndsReservation = StockCommandOf<'ReleaseReservation' | 'ExpireReservation'>;

export const endReservation = (command: EndsReservation, stock: KnownStock): StockDecision => {
  const { reservationId } = command;
  const open = lookUp(stock.reservations, reservationId);
  if (open === undefined) return reservationNotFound;
  const data = { ...keyOf(command), reservationId, quantity: open.quantity, ...ownerOf(open) };
  switch (command.type) {
    case 'ReleaseReservation': {
      const quantity = Math.min(open.quantity, command.quantity ?? open.quantity);
      return record(stock, { type: 'StockReservationReleased', data: { ...data, quantity, reason: command.reason } });
    }
    case 'ExpireReservation':
      return open.expiresAtMs > Date.parse(command.now)
        ? accept()
        : record(stock, { type: 'StockReservationExpired', data });
    default:
      return unreachable(command);
  }
};
