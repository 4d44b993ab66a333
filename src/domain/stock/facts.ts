/**
 * What happened to the goods, whatever was promised of them (T28): a count, a loss, damage, a departure. It is recorded in
 * any case. What it takes from claims is taken from the newest first, in the same append, so that
 * reserved ≤ on hand − quarantined holds after every append. What it is about beyond what is there moves no figure and
 * is an event of its own.
 */
import { accept, type Sealed } from '../../eventsourcing/message.ts';
import { entriesOf, lookUp } from '../bucketMap.ts';
import { emptyBalance, type StockMovement } from './balance.ts';
import { ownerOf, type Reservation } from './claims.ts';
import type { StockCommandOf, StockDecision, StockTarget } from './commands.ts';
import type { FactCause, StockDiscrepancyRecorded } from './events.ts';
import { keyOf, recordAll } from './reservations.ts';
import { type KnownStock, moveStock, unbookedOf } from './state.ts';

interface Fact {
  readonly target: StockTarget;
  readonly cause: FactCause;
  /** What of it can be booked. */
  readonly movements: readonly StockMovement[];
  /** Pieces of it that the ledger did not know of. */
  readonly missing: number;
  /** What the missing pieces are explained by. */
  readonly about: Omit<StockDiscrepancyRecorded['data'], 'warehouseId' | 'sku' | 'after' | 'missing' | 'cause'>;
}

type LapsingClaim = readonly [reservationId: string, reservation: Reservation];

/** What was taken over has the place of the hold it comes from, which asked for more than any part: its rest goes first. */
const newestFirst = ([, a]: LapsingClaim, [, b]: LapsingClaim): number =>
  a.sequence === b.sequence ? b.quantityAsked - a.quantityAsked : b.sequence - a.sequence;

/** The claims that no longer stand once `quantity` of the reserved pieces are gone; the oldest one of them in part. */
const lapses = (stock: KnownStock, quantity: number, { target, cause }: Fact): readonly StockMovement[] => {
  if (quantity === 0) return [];
  const movements: StockMovement[] = [];
  let left = quantity;
  for (const [reservationId, claim] of [...entriesOf(stock.reservations)].sort(newestFirst)) {
    if (left === 0) break;
    const lost = Math.min(left, claim.quantity);
    left -= lost;
    const data = { ...keyOf(target), reservationId, quantity: lost, ...ownerOf(claim), cause };
    movements.push({ type: 'StockReservationLapsed', data });
  }
  return movements;
};

/** Claims go before marks: what stands in quarantine is the last that anybody may be promised. */
const consequences = (stock: KnownStock, fact: Fact): readonly StockMovement[] => {
  const { onHand, reserved, quarantined } = stock.balance;
  const lost = Math.min(reserved, Math.max(0, reserved + quarantined - onHand));
  const unmarked = Math.max(0, quarantined - onHand);
  const { target, cause, missing, about } = fact;
  const key = keyOf(target);
  return [
    ...lapses(stock, lost, fact),
    ...(unmarked === 0
      ? []
      : [{ type: 'StockQuarantineReduced', data: { ...key, quantity: unmarked, cause } } as const]),
    ...(missing === 0
      ? []
      : [{ type: 'StockDiscrepancyRecorded', data: { ...key, missing, cause, ...about } } as const]),
  ];
};

/** Claims are looked at as they are after the fact: what left against a reservation is no claim any more. */
export const recordFact = (stock: KnownStock, fact: Fact): StockDecision =>
  recordAll(stock, [...fact.movements, ...consequences(fact.movements.reduce(moveStock, stock), fact)]);

/** A loss beyond what is on hand takes all of it; safety stock holds nothing back from a fact. */
export const adjust = (command: StockCommandOf<'AdjustStock'>, stock: KnownStock): StockDecision => {
  const { delta: asked, reason, note, reference } = command;
  const missing = Math.max(0, -asked - stock.balance.onHand);
  const delta = asked + missing;
  const why = { reason, ...(reference === undefined ? {} : { reference }) };
  const data = { ...keyOf(command), delta, ...why, ...(note === undefined ? {} : { note }) };
  return recordFact(stock, {
    target: command,
    cause: 'adjustment',
    movements: [{ type: 'StockAdjusted', data }],
    missing,
    about: why,
  });
};

interface CountedShelf {
  readonly target: StockTarget;
  /** Pieces on the shelf now. Below 0: so many have left since beyond what was counted. */
  readonly there: number;
  readonly reason: string;
  readonly note?: Sealed;
  /** See `StockCounted`. */
  readonly shelf?: { readonly counted: number; readonly revision: number };
}

export const recordCount = ({ target, there, reason, note, shelf }: CountedShelf, stock: KnownStock): StockDecision => {
  const [counted, missing] = [Math.max(0, there), Math.max(0, -there)];
  const delta = counted - stock.balance.onHand;
  const said = { ...(note === undefined ? {} : { note }), ...(shelf === undefined ? {} : { shelf }) };
  const data = { ...keyOf(target), counted, delta, reason, ...said };
  const movements = [{ type: 'StockCounted', data }] as const;
  return recordFact(stock, { target, cause: 'count', movements, missing, about: {} });
};

export const quarantine = (command: StockCommandOf<'QuarantineStock'>, stock: KnownStock): StockDecision => {
  const { reason, note } = command;
  const { onHand, quarantined } = stock.balance;
  const quantity = Math.min(command.quantity, onHand - quarantined);
  const missing = command.quantity - quantity;
  const data = { ...keyOf(command), quantity, reason, ...(note === undefined ? {} : { note }) };
  const movements = [{ type: 'StockQuarantined', data }] as const;
  return recordFact(stock, { target: command, cause: 'quarantine', movements, missing, about: { reason } });
};

/**
 * Goods that left the building. They use up their reservation; what it does not cover, because it was released, ran out
 * or lapsed a moment before, is booked out all the same.
 */
export const ship = (command: StockCommandOf<'ShipStock'>, stock: KnownStock): StockDecision => {
  const { reservationId, quantity, shipmentId } = command;
  const open = lookUp(stock.reservations, reservationId);
  if (open?.shipmentIds.includes(shipmentId) === true) return accept();
  const covered = Math.min(quantity, open?.quantity ?? 0);
  const departed = Math.min(quantity - covered, stock.balance.onHand - covered);
  const missing = quantity - covered - departed;
  const about = { reservationId, ...ownerOf(open ?? command), shipmentId };
  const data = { ...keyOf(command), ...about };
  const movements: StockMovement[] = [];
  if (covered > 0) movements.push({ type: 'StockShipped', data: { ...data, quantity: covered } });
  if (departed > 0) movements.push({ type: 'StockDeparted', data: { ...data, quantity: departed } });
  return recordFact(stock, { target: command, cause: 'departure', movements, missing, about });
};

/**
 * The goods of a shipment are here after all. What could not be booked out for it is not booked back: the ledger is as it
 * was before. A stock that was retired meanwhile is opened again, as goods lie on its shelf.
 */
export const voidDeparture = (command: StockCommandOf<'VoidDeparture'>, stock: KnownStock): StockDecision => {
  const { reservationId, shipmentId, occurredAt } = command;
  const quantity = command.quantity - unbookedOf(stock.unbooked, command);
  if (quantity <= 0) return accept();
  const key = keyOf(command);
  const about = { reservationId, ...ownerOf(lookUp(stock.reservations, reservationId) ?? command), shipmentId };
  const back: StockMovement = { type: 'StockDispatchVoided', data: { ...key, ...about, quantity } };
  if (stock.phase === 'active') return recordAll(stock, [back]);
  const opened = { ...key, onHand: 0, safetyStock: 0, registeredAt: occurredAt };
  return recordAll({ balance: emptyBalance }, [{ type: 'StockRegistered', data: opened }, back]);
};
