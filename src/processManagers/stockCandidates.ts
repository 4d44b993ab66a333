/** What an allocation looks at: the stocks that could serve an order, and what it holds of them already. Pure. */

import { lacksOf } from '../domain/order/lacks.ts';
import type { Allocation } from '../domain/order/shapes.ts';
import { isEnded, type PlacedOrder } from '../domain/order/state.ts';
import type { Demand } from '../domain/policies/allocation.ts';
import type { Reservation } from '../domain/stock/claims.ts';
import { availableOf, reservationsOf, roomToReserve, type Stock } from '../domain/stock/state.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';

/** What of a stock concerns one order. An order of 2,000 lines looks at tens of thousands of stocks: their states are let go. */
export interface StockCandidate {
  readonly warehouseId: string;
  readonly sku: string;
  /** Pieces that it can promise. */
  readonly promise: number;
  /** When the stock was registered; `null`: it is not. */
  readonly registeredAt: string | null;
  /** Open reservations of the order, by id. */
  readonly reservations: ReadonlyMap<string, Reservation>;
  /** -1: not registered there. */
  readonly revision: number;
}

/** Of most stocks an order has none. */
const noReservations: StockCandidate['reservations'] = new Map();

/** By SKU, so that a look at one does not walk over those of a thousand other lines. */
export type StockCandidates = ReadonlyMap<string, readonly StockCandidate[]>;

export const candidateAt = (
  candidates: StockCandidates,
  warehouseId: string,
  sku: string,
): StockCandidate | undefined => candidates.get(sku)?.find((candidate) => candidate.warehouseId === warehouseId);

/** Nothing is reserved for it: it is on hold, or has ended. */
export const isLeftAlone = (order: PlacedOrder): boolean => isEnded(order) || order.held;

/**
 * The SKUs that an allocation is about. Lines that have all their sources are left alone: an order that waits for one of
 * its five hundred lines is looked at whenever something of it arrives.
 */
export const skusAskedFor = (order: PlacedOrder): ReadonlySet<string> => {
  if (isLeftAlone(order)) return new Set(order.lines.map(({ sku }) => sku));
  return new Set(lacksOf(order).map(({ sku }) => sku));
};

/** Reservations that one order may need at one stock: each line is one. */
const orderLinesMax = 2_000;

/**
 * Where a stock takes few more reservations, so many pieces: each reservation is of a piece at least, so a plan makes no more
 * of them than the stock takes. A plan that asked for more would be refused, and made again, without end.
 */
export const promiseOf = (stock: Stock | undefined): number => {
  if (stock?.phase !== 'active') return 0;
  const [available, room] = [availableOf(stock.balance), roomToReserve(stock)];
  return room < orderLinesMax ? Math.min(available, room) : available;
};

/** What a reservation is for. One cause, such as an arrival of goods, may serve many orders with a line of that id. */
export interface Purpose {
  readonly causeId: string;
  readonly orderId: string;
  readonly lineId: string;
}

/**
 * The id of the n-th reservation that is made for one purpose at a warehouse. A process that acts for the same cause again,
 * after a crash or a lost race, finds by it what was reserved.
 */
const reservationIdOf = ({ causeId, orderId, lineId }: Purpose, warehouseId: string, count: number): string =>
  derivedId(`reservation/${causeId}/${orderId}/${lineId}/${warehouseId}/${count}`);

const countedBy = (order: PlacedOrder): ReadonlySet<string> =>
  new Set(order.allocations.map(({ reservationId }) => reservationId));

export const candidateFor = (
  orderId: string,
  { warehouseId, sku }: Pick<StockCandidate, 'warehouseId' | 'sku'>,
  { state: stock, revision }: { readonly state: Stock; readonly revision: number },
): StockCandidate => {
  const own = reservationsOf(stock, orderId);
  return {
    warehouseId,
    sku,
    promise: promiseOf(stock),
    registeredAt: stock.phase === 'absent' ? null : stock.registeredAt,
    reservations: own.length === 0 ? noReservations : new Map(own.map((each) => [each.reservationId, each])),
    revision,
  };
};

const openAt = ({ reservations }: StockCandidate, reservationId: string): Reservation | undefined =>
  reservations.get(reservationId);

/** What was reserved for this cause, at these candidates, and the order does not count yet. */
const heldFor = (
  { order, candidates, counted }: Pick<AllocationSnapshot, 'order' | 'candidates' | 'counted'>,
  causeId: string,
): readonly Allocation[] => {
  const held: Allocation[] = [];
  for (const { lineId, sku } of order.lines) {
    for (const candidate of candidates.get(sku) ?? []) {
      const { warehouseId, reservations } = candidate;
      // An id costs a hash, and an order of 2,000 lines looks at tens of thousands of candidates.
      if (reservations.size === 0) continue;
      for (let count = 0; ; count += 1) {
        const reservationId = reservationIdOf({ causeId, orderId: order.orderId, lineId }, warehouseId, count);
        if (counted.has(reservationId)) continue;
        const open = openAt(candidate, reservationId);
        if (open === undefined) break;
        held.push({ lineId, sku, warehouseId, reservationId, quantity: open.quantity });
      }
    }
  }
  return held;
};

/** An id for one more reservation: neither open nor counted by the order, whose goods may have left long ago. */
export const unusedReservationId = (
  purpose: Purpose,
  candidate: StockCandidate,
  counted: ReadonlySet<string>,
): string => {
  for (let count = 0; ; count += 1) {
    const reservationId = reservationIdOf(purpose, candidate.warehouseId, count);
    if (!counted.has(reservationId) && openAt(candidate, reservationId) === undefined) return reservationId;
  }
};

/** What has no source yet, when `held` is counted as one. */
const demandOf = (order: PlacedOrder, held: readonly Allocation[]): readonly Demand[] => {
  const unsourced = lacksOf(order);
  if (held.length === 0) return unsourced;
  const heldOf = new Map<string, number>();
  for (const { lineId, quantity } of held) heldOf.set(lineId, (heldOf.get(lineId) ?? 0) + quantity);
  return unsourced
    .map((line) => ({ ...line, quantity: line.quantity - (heldOf.get(line.lineId) ?? 0) }))
    .filter(({ quantity }) => quantity > 0);
};

/** What one look at an order finds. */
export interface AllocationSnapshot {
  readonly order: PlacedOrder;
  readonly revision: number;
  readonly candidates: StockCandidates;
  /** Ids of the reservations that the order counts. */
  readonly counted: ReadonlySet<string>;
  readonly held: readonly Allocation[];
  readonly demand: readonly Demand[];
}

export const snapshotOf = (
  found: Pick<AllocationSnapshot, 'order' | 'revision' | 'candidates'>,
  causeId: string,
): AllocationSnapshot => {
  const { order, candidates } = found;
  const counted = countedBy(order);
  const held = heldFor({ order, candidates, counted }, causeId);
  return { ...found, counted, held, demand: demandOf(order, held) };
};

/** What is reserved under an order's id, and not by a plan for it. */
export interface Hold extends Pick<Reservation, 'lineId' | 'quantity'> {
  readonly warehouseId: string;
  readonly sku: string;
  readonly reservationId: string;
}

/** Where the order has ended, they are there to be given back. What goods have left from is none, booked out or not. */
export const holdsOf = ({
  order,
  candidates,
  held,
  counted,
}: Omit<AllocationSnapshot, 'revision' | 'demand'>): readonly Hold[] => {
  if (order.excludesHolds === true) return [];
  const claimed = [...candidates.values()].flat().filter(({ reservations }) => reservations.size > 0);
  if (claimed.length === 0) return [];
  const shipped = order.shipments.flatMap(({ lines }) => lines);
  const own = new Set([...counted, ...[...held, ...shipped].map(({ reservationId }) => reservationId)]);
  return claimed.flatMap(({ warehouseId, sku, reservations }) =>
    [...reservations]
      .filter(([reservationId]) => !own.has(reservationId))
      .map(([reservationId, { quantity, lineId }]) => ({
        warehouseId,
        sku,
        reservationId,
        quantity,
        ...(lineId === undefined ? {} : { lineId }),
      })),
  );
};
