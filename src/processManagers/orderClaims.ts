/** Reservations for an order: made at each stock, taken over from its holds, and let go. */
import type { Handlers } from '../commands/handlers.ts';
import type { Allocation } from '../domain/order/shapes.ts';
import type { Source } from '../domain/policies/allocation.ts';
import { stockStream } from '../domain/values.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { Cause } from './cause.ts';
import { type Hold, type Look, shelfFor, shelfOf, unusedReservationId } from './stockCandidates.ts';

interface Ports {
  readonly stocks: Handlers['stock'];
  readonly clock: Clock;
  /** How long an order's reservation is kept before it lapses and the order is planned again. */
  readonly reservationMs: number;
}

export const createOrderClaims = ({ stocks, clock, reservationMs }: Ports) => {
  /**
   * The revision is part of the command's id: the same reservation made anew after its end is another command.
   * @returns nothing when somebody was quicker.
   */
  const reserve = async (
    { order, shelves, counted }: Pick<Look, 'order' | 'shelves' | 'counted'>,
    { from, ...source }: Source & { readonly from?: string },
    cause: Cause,
  ): Promise<readonly Allocation[]> => {
    const { warehouseId, sku, lineId, quantity } = source;
    const shelf = shelfOf(shelves, warehouseId, sku);
    if (shelf === undefined || shelf.registeredAt === null) return [];
    const { orderId } = order;
    const reservationId = unusedReservationId({ causeId: cause.eventId, orderId, lineId }, shelf, counted);
    const now = clock.now();
    // A client's clock may run ahead of ours: nothing may happen before the stock was registered.
    const { registeredAt } = shelf;
    const occurredAt = registeredAt > now ? registeredAt : now;
    const expiresAt = new Date(Date.parse(now) + reservationMs).toISOString();
    const command = { warehouseId, sku, occurredAt, reservationId, quantity, expiresAt, orderId, lineId };
    const outcome = await stocks(
      stockStream(warehouseId, sku),
      { type: 'ReserveStock', ...command, ...(from === undefined ? {} : { from }) },
      cause.context(`reserve/${reservationId}@${shelf.revision}`),
    );
    return outcome.kind === 'recorded' || outcome.kind === 'unchanged' ? [{ ...source, reservationId }] : [];
  };

  return {
    reserve,
    /** The stock is looked at once more: an exchange before this one may have used the id that was free. */
    exchange: async (look: Look, source: Source, from: string, cause: Cause): Promise<boolean> => {
      const { warehouseId, sku } = source;
      const loaded = await stocks.load(stockStream(warehouseId, sku));
      const shelves = new Map([[sku, [shelfFor(look.order.orderId, source, loaded)]]]);
      return (await reserve({ ...look, shelves }, { ...source, from }, cause)).length > 0;
    },
    release: async (claims: readonly Omit<Hold, 'quantity'>[], cause: Cause): Promise<void> => {
      for (const { warehouseId, sku, reservationId } of claims) {
        const stream = stockStream(warehouseId, sku);
        const { revision } = await stocks.loadSince(stream, cause);
        const command = { warehouseId, sku, occurredAt: clock.now(), reservationId, reason: 'not_needed' };
        const context = cause.context(`release/${reservationId}@${revision}`);
        await stocks(stream, { type: 'ReleaseReservation', ...command }, context);
      }
    },
  };
};

export type OrderClaims = ReturnType<typeof createOrderClaims>;
