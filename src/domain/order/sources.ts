/** The sources of an order as goods leave, claims are lost, and shipments turn out never to have left. */
import type { Allocation, ShippedLine } from './shapes.ts';

export interface OpenAllocation extends Allocation {
  /** How much of the reservation has left the building. */
  readonly shipped: number;
}

/** What left without a reservation becomes a source that is used up, so that its line lacks nothing for it. */
export const ship = (
  allocations: readonly OpenAllocation[],
  warehouseId: string,
  lines: readonly ShippedLine[],
): readonly OpenAllocation[] => {
  const known = new Set(allocations.map(({ reservationId }) => reservationId));
  const shippedOf = new Map(lines.map(({ reservationId, quantity }) => [reservationId, quantity]));
  const taken = allocations.map((allocation) => ({
    ...allocation,
    shipped: allocation.shipped + (shippedOf.get(allocation.reservationId) ?? 0),
  }));
  const uncovered = lines
    .filter(({ reservationId }) => !known.has(reservationId))
    .map((line) => ({ ...line, warehouseId, shipped: line.quantity }));
  return [...taken, ...uncovered];
};

type Lost = Pick<Allocation, 'reservationId' | 'quantity'>;

/** What has left of a reservation stays; what is lost of the rest is gone, so that its line lacks a source again. */
export const lessen = (allocations: readonly OpenAllocation[], lost: readonly Lost[]): readonly OpenAllocation[] => {
  const lostOf = new Map(lost.map(({ reservationId, quantity }) => [reservationId, quantity]));
  return allocations.flatMap((allocation) => {
    const left = allocation.quantity - (lostOf.get(allocation.reservationId) ?? 0);
    const quantity = Math.max(allocation.shipped, left);
    return quantity === 0 ? [] : [{ ...allocation, quantity }];
  });
};

/** What never left is no source any more: its reservation was used up, and its pieces are free at the stock. */
export const unship = (
  allocations: readonly OpenAllocation[],
  lines: readonly ShippedLine[],
): readonly OpenAllocation[] => {
  const backOf = new Map(lines.map(({ reservationId, quantity }) => [reservationId, quantity]));
  return allocations.flatMap((allocation) => {
    const back = backOf.get(allocation.reservationId) ?? 0;
    const quantity = allocation.quantity - back;
    return quantity <= 0 ? [] : [{ ...allocation, quantity, shipped: allocation.shipped - back }];
  });
};

const none: ReadonlyMap<string, number> = new Map();

/** By line: what its sources count for. */
export const countedPerLine = (
  allocations: readonly OpenAllocation[],
  countOf: (allocation: OpenAllocation) => number,
): ReadonlyMap<string, number> => {
  if (allocations.length === 0) return none;
  const counted = new Map<string, number>();
  for (const allocation of allocations) {
    counted.set(allocation.lineId, (counted.get(allocation.lineId) ?? 0) + countOf(allocation));
  }
  return counted;
};
