/** What follows where a claim on a stock was made, passed on, or ended: the order and the stock agree on it again. */
import type { Handlers } from '../commands/handlers.ts';
import { lookUp } from '../domain/bucketMap.ts';
import type { Order } from '../domain/order/state.ts';
import type { Ask } from '../domain/policies/reactions.ts';
import type { StockCommandOf } from '../domain/stock/commands.ts';
import { orderStream, stockStream } from '../domain/values.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { Cause } from './cause.ts';
import type { PlanTask } from './contest.ts';

interface ClaimReactionPorts {
  readonly handlers: Pick<Handlers, 'order' | 'stock'>;
  readonly allocate: (orderId: string, cause: Cause, afterLoss: boolean) => Promise<void>;
  readonly clock: Clock;
}

type Release = Omit<StockCommandOf<'ReleaseReservation'>, 'type' | 'occurredAt'>;
type AskOf<Name extends Ask['ask']> = Extract<Ask, { ask: Name }>;

/** A person has reserved for an order. */
export interface HoldTask {
  readonly ask: AskOf<'ReleaseUncounted'>;
  readonly cause: Cause;
}

export const createClaimReactions = ({ handlers, allocate, clock }: ClaimReactionPorts) => {
  const release = async (reservation: Release, cause: Cause): Promise<void> => {
    const command = { ...reservation, occurredAt: clock.now() };
    const context = cause.context(`release/${reservation.reservationId}`);
    const stream = stockStream(reservation.warehouseId, reservation.sku);
    await handlers.stock(stream, { type: 'ReleaseReservation', ...command }, context);
  };

  /**
   * The order may count on what the stock holds under this id, less what the order has dispatched and the stock has not
   * booked out yet. An attempt that wants all from one place gives back what it got and may take it again under the id.
   */
  const lapse = async (ask: AskOf<'LapseAllocation'>, cause: Cause): Promise<void> => {
    const { orderId, warehouseId, sku, reservationId } = ask;
    const stream = stockStream(warehouseId, sku);
    const { state } = await handlers.stock.loadSince(stream, cause);
    const held = state.phase === 'absent' ? undefined : lookUp(state.reservations, reservationId);
    const { state: order } = await handlers.order.loadSince(orderStream(orderId), cause);
    if (order.phase === 'absent') return;
    const counted = order.allocations.find((allocation) => allocation.reservationId === reservationId);
    if (counted === undefined) return;
    // A voided shipment comes back to the order first, and to the stock later.
    const leaving = Math.max(0, counted.shipped - (held?.shipped ?? counted.shipped));
    const standing = Math.max(0, (held?.quantity ?? 0) - leaving);
    const quantity = counted.quantity - counted.shipped - standing;
    if (quantity <= 0) return;
    const command = { type: 'LapseAllocation', reservationId, quantity } as const;
    await handlers.order(orderStream(orderId), command, cause.context('follow/lapse'));
  };

  const isCountedBy = (order: Order | undefined, reservationId: string): boolean =>
    order !== undefined &&
    order.phase !== 'absent' &&
    order.allocations.some((each) => each.reservationId === reservationId);

  /** Mostly the order counts it by now, and nothing is to be done. */
  const isCounted = ({ orderId, reservationId }: AskOf<'ReleaseUncounted'>): boolean =>
    isCountedBy(handlers.order.known(orderStream(orderId))?.state, reservationId);

  /** An order that lacks it takes it over, in its turn; what is still there then is let go. */
  const settleUncounted = async (ask: AskOf<'ReleaseUncounted'>, cause: Cause): Promise<void> => {
    const { ask: _, orderId, ...reservation } = ask;
    const { warehouseId, sku, reservationId } = reservation;
    if (isCounted(ask)) return;
    const { state: order } = await handlers.order.loadSince(orderStream(orderId), cause);
    // Its first plan counts it or lets it go. Let go here, after a crash, the pieces of a hold would be anybody's.
    if (isCountedBy(order, reservationId) || order.phase === 'pending') return;
    const { state: stock } = await handlers.stock.loadSince(stockStream(warehouseId, sku), cause);
    if (stock.phase === 'absent' || lookUp(stock.reservations, reservationId) === undefined) return;
    await allocate(orderId, cause, false);
    await release({ ...reservation, reason: 'not_needed' }, cause);
  };

  /** The first plan of an order asks for what is held; one that was planned before is to look once more. */
  const plansFor = async ({ ask: { orderId, warehouseId, sku }, cause }: HoldTask): Promise<readonly PlanTask[]> => {
    // The plan must see it, whichever process it was recorded by.
    await handlers.stock.loadSince(stockStream(warehouseId, sku), cause);
    const { state: order } = await handlers.order.loadSince(orderStream(orderId), cause);
    if (order.phase === 'absent' || order.phase === 'pending') return [];
    return [{ ask: { ask: 'AllocateOrder', orderId }, cause }];
  };

  return { release, lapse, isCounted, settleUncounted, plansFor };
};
