/** What an order and a stock say of one claim, where the two differ, and which claims the policies have handled lately. */
import type { Handlers } from '../commands/handlers.ts';
import { lookUp } from '../domain/bucketMap.ts';
import { lacksOf } from '../domain/order/lacks.ts';
import type { OrderShipmentDispatched } from '../domain/order/shapes.ts';
import type { OpenAllocation } from '../domain/order/sources.ts';
import type { Order, PlacedOrder } from '../domain/order/state.ts';
import type { Reaction, ReactionOf } from '../domain/policies/reaction.ts';
import type { Reservation } from '../domain/stock/claims.ts';
import { reservationsOf, type Stock } from '../domain/stock/state.ts';
import { orderStream, stockStream } from '../domain/values.ts';
import type { Streams } from '../eventsourcing/commandHandling/streams.ts';
import type { Position, RecordedEvent } from '../eventsourcing/message.ts';
import type { DriftKind, OrderClaim } from './ports.ts';

const openAt = (stock: Stock, reservationId: string): Reservation | undefined =>
  stock.phase === 'absent' ? undefined : lookUp(stock.reservations, reservationId);

const isCounted = (order: Order, reservationId: string): boolean =>
  order.phase !== 'absent' && order.allocations.some((allocation) => allocation.reservationId === reservationId);

/** Why the claim is to be let go; `null`: the order counts it, its first plan is still to decide, or it is gone. */
export const uncountedFor = (claim: OrderClaim, order: Order, stock: Stock): 'unknown' | 'cancelled' | null => {
  const open = openAt(stock, claim.reservationId);
  if (open === undefined || open.orderId !== claim.orderId) return null;
  if (order.phase === 'pending') return null;
  if (!isCounted(order, claim.reservationId)) return 'unknown';
  return order.phase === 'cancelled' ? 'cancelled' : null;
};

/** Departures that the order has recorded and the stock has not; voided ones too, which are booked out and then back. */
export const unbookedOf = (
  { orderId, warehouseId, reservationId }: OrderClaim,
  order: Order,
  stock: Stock,
): readonly ReactionOf<'ShipReserved'>[] => {
  const open = openAt(stock, reservationId);
  if (order.phase === 'absent' || open === undefined || open.orderId !== orderId) return [];
  return order.shipments.flatMap(({ shipmentId, lines }) =>
    lines
      .filter((line) => line.reservationId === reservationId && !open.shipmentIds.includes(shipmentId))
      .map((line) => ({ type: 'ShipReserved', orderId, warehouseId, shipmentId, ...line })),
  );
};

/** What the order still wants to ship, so that a stock must hold it. */
export const countedBy = (order: PlacedOrder): readonly OpenAllocation[] =>
  order.phase === 'cancelled' ? [] : order.allocations.filter(({ quantity, shipped }) => quantity > shipped);

/** Pieces that were reserved under the order's id, and are there for it when it is planned. */
export const heldFor = (order: PlacedOrder, stock: Stock): number =>
  order.excludesHolds === true
    ? 0
    : reservationsOf(stock, order.orderId)
        .filter(({ reservationId }) => !isCounted(order, reservationId))
        .reduce((sum, { quantity }) => sum + quantity, 0);

/** The order records a departure before the stock does, so a stock that holds less than the order counts has lost it. */
export const isLost = ({ reservationId, quantity, shipped }: OpenAllocation, stock: Stock): boolean =>
  (openAt(stock, reservationId)?.quantity ?? 0) < quantity - shipped;

/** `isSure`: the store is read, not the cache. Other processes may have recorded what the policies here did not handle. */
export type ClaimSubject = { readonly orderId: string } | { readonly claim: OrderClaim; readonly isSure?: boolean };

export interface LookMode {
  /** `false`: as the cache has it, which may be behind. `true`: as the store has it now. */
  readonly isSure: boolean;
  /** The head of the log when the look began. */
  readonly since: Position;
}

/** An order and a stock that do not agree on a claim. */
export interface ClaimDrift {
  readonly kind: DriftKind;
  /** The same for the same drift, at whichever revisions it is seen. */
  readonly name: string;
  /** The revisions at which it was seen: ids of commands are derived from it, so that a second try is the same one. */
  readonly version: string;
  /** Differs at a second look when something was recorded in between, which the policies may not have handled yet. */
  readonly basis: string;
  readonly reaction: Reaction;
  /** Of the latest event that it was worked out from. */
  readonly at: Position;
  /** Of the order. */
  readonly stream: string;
  readonly revision: number;
}

/**
 * Compares an order with its stocks in memory. Where they agree, the reconciler does not read the store.
 * @param handledUpTo of a stream: the latest that the policies have handled.
 */
export const createAgreement = (
  { order: orders, stock: stocks }: Pick<Handlers, 'order' | 'stock'>,
  handledUpTo: (stream: string) => number,
) => {
  /** `undefined`: it is not known as far as the policies have handled it. */
  const knownAt = <State>({ known }: Pick<Streams<State>, 'known'>, stream: string): State | undefined => {
    const kept = known(stream);
    return kept === undefined || kept.revision < handledUpTo(stream) ? undefined : kept.state;
  };
  const stockAt = ({ warehouseId, sku }: Pick<OrderClaim, 'warehouseId' | 'sku'>): Stock | undefined =>
    knownAt(stocks, stockStream(warehouseId, sku));

  const isWaiting = (order: PlacedOrder): boolean =>
    !order.held && (order.phase === 'pending' || lacksOf(order).length > 0);

  return (subject: ClaimSubject): boolean => {
    if ('claim' in subject) {
      const { claim, isSure } = subject;
      if (isSure === true) return false;
      const [order, stock] = [knownAt(orders, orderStream(claim.orderId)), stockAt(claim)];
      if (order === undefined || stock === undefined) return false;
      return uncountedFor(claim, order, stock) === null && unbookedOf(claim, order, stock).length === 0;
    }
    const order = knownAt(orders, orderStream(subject.orderId));
    if (order === undefined || order.phase === 'absent') return order !== undefined;
    if (isWaiting(order)) return false;
    return countedBy(order).every((allocation) => {
      const stock = stockAt(allocation);
      return stock !== undefined && !isLost(allocation, stock);
    });
  };
};

/** Some 300 orders a second between two looks; of more than twice as many, the oldest are left to the pages. */
const ordersMax = 3_000;
const claimsMax = 6_000;
/** SKUs whose waiting orders are looked up, a query each. */
const skusMax = 200;
/** Of which it is known what the policies have handled: both sides of each claim that is looked at, and as many again. */
const streamsMax = 20_000;

interface HandledLately {
  readonly orderIds: readonly string[];
  readonly claims: readonly OrderClaim[];
  /** Of stocks that may have got free pieces. */
  readonly skus: readonly string[];
}

/**
 * Keeps the newest entries: `max` at least, and less than twice as many. A Map keeps holes where keys were deleted, so to
 * take out the oldest one for each new one would walk over them.
 */
const createNewest = <T>(max: number) => {
  let older = new Map<string, T>();
  let entries = new Map<string, T>();
  return {
    add: (key: string, value: T): void => {
      entries.set(key, value);
      if (entries.size < max) return;
      older = entries;
      entries = new Map();
    },
    get: (key: string): T | undefined => entries.get(key) ?? older.get(key),
    take: (): readonly T[] => {
      const taken = new Map([...older, ...entries]);
      older = new Map();
      entries = new Map();
      return [...taken.values()];
    },
  };
};

const departedWith = ({ orderId, warehouseId, lines }: OrderShipmentDispatched['data']): readonly OrderClaim[] =>
  lines.map(({ sku, reservationId }) => ({ orderId, warehouseId, sku, reservationId }));

/** What the policies have handled since the last look: a fault of theirs is most likely there. */
export const createRecentClaims = () => {
  const revisions = createNewest<number>(streamsMax);
  const orderIds = createNewest<string>(ordersMax);
  const claims = createNewest<OrderClaim>(claimsMax);
  const skus = createNewest<string>(skusMax);
  const addClaim = (claim: OrderClaim): void =>
    claims.add(`${claim.warehouseId}.${claim.sku}.${claim.reservationId}`, claim);
  return {
    note: (events: readonly RecordedEvent[]): void => {
      for (const { stream, revision, type, data } of events) {
        revisions.add(stream, Math.max(revision, revisions.get(stream) ?? -1));
        if (type === 'OrderShipmentDispatched') {
          for (const claim of departedWith(data as OrderShipmentDispatched['data'])) addClaim(claim);
        }
        const { orderId, warehouseId, sku, reservationId } = data as Partial<OrderClaim>;
        if (orderId !== undefined) orderIds.add(orderId, orderId);
        if (sku === undefined || warehouseId === undefined) continue;
        if (type !== 'StockReserved' && type !== 'StockReservationTakenOver') skus.add(sku, sku);
        else if (orderId !== undefined && reservationId !== undefined) {
          addClaim({ orderId, warehouseId, sku, reservationId });
        }
      }
    },
    /** The revision up to which they have handled a stream; -1: not known. */
    handledUpTo: (stream: string): number => revisions.get(stream) ?? -1,
    /** All of it; the next look begins with nothing. */
    take: (): HandledLately => ({ orderIds: orderIds.take(), claims: claims.take(), skus: skus.take() }),
  };
};
