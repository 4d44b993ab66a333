/** What an order has at a stock: reserved for it, taken over from its holds, let go, booked out, booked back. */
import type { Handlers } from '../commands/handlers.ts';
import { lookUp } from '../domain/bucketMap.ts';
import type { Allocation, OrderShipmentVoided } from '../domain/order/shapes.ts';
import type { Order } from '../domain/order/state.ts';
import type { Source } from '../domain/policies/allocation.ts';
import type { ReactionOf } from '../domain/policies/reaction.ts';
import type { StockCommandOf } from '../domain/stock/commands.ts';
import { orderStream, stockStream } from '../domain/values.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { Cause } from './cause.ts';
import type { PlanTask } from './planSequence.ts';
import {
  type AllocationSnapshot,
  candidateAt,
  candidateFor,
  type Hold,
  unusedReservationId,
} from './stockCandidates.ts';

interface OrderClaimPorts {
  readonly stocks: Handlers['stock'];
  readonly clock: Clock;
  /** How long an order's reservation is kept before it lapses and the order is planned again. */
  readonly reservationMs: number;
}

export const createOrderClaims = ({ stocks, clock, reservationMs }: OrderClaimPorts) => {
  /**
   * The revision is part of the command's id: the same reservation made anew after its end is another command.
   * @returns nothing when another command was quicker.
   */
  const reserve = async (
    { order, candidates, counted }: Pick<AllocationSnapshot, 'order' | 'candidates' | 'counted'>,
    { from, ...source }: Source & { readonly from?: string },
    cause: Cause,
  ): Promise<readonly Allocation[]> => {
    const { warehouseId, sku, lineId, quantity } = source;
    const candidate = candidateAt(candidates, warehouseId, sku);
    if (candidate === undefined || candidate.registeredAt === null) return [];
    const { orderId } = order;
    const reservationId = unusedReservationId({ causeId: cause.eventId, orderId, lineId }, candidate, counted);
    const now = clock.now();
    // A client's clock may run ahead of ours: nothing may happen before the stock was registered.
    const { registeredAt } = candidate;
    const occurredAt = registeredAt > now ? registeredAt : now;
    const expiresAt = new Date(Date.parse(now) + reservationMs).toISOString();
    const command = { warehouseId, sku, occurredAt, reservationId, quantity, expiresAt, orderId, lineId };
    const outcome = await stocks(
      stockStream(warehouseId, sku),
      { type: 'ReserveStock', ...command, ...(from === undefined ? {} : { from }) },
      cause.context(`reserve/${reservationId}@${candidate.revision}`),
    );
    return outcome.kind === 'recorded' || outcome.kind === 'unchanged' ? [{ ...source, reservationId }] : [];
  };

  return {
    reserve,
    /** The stock is looked at once more: an exchange before this one may have used the id that was free. */
    exchange: async (snapshot: AllocationSnapshot, source: Source, from: string, cause: Cause): Promise<boolean> => {
      const { warehouseId, sku } = source;
      const loaded = await stocks.load(stockStream(warehouseId, sku));
      const candidates = new Map([[sku, [candidateFor(snapshot.order.orderId, source, loaded)]]]);
      return (await reserve({ ...snapshot, candidates }, { ...source, from }, cause)).length > 0;
    },
    release: async (claims: readonly Omit<Hold, 'quantity'>[], cause: Cause): Promise<void> => {
      for (const { warehouseId, sku, reservationId } of claims) {
        const stream = stockStream(warehouseId, sku);
        const { revision } = await stocks.loadSince(stream, cause, true);
        const command = { warehouseId, sku, occurredAt: clock.now(), reservationId, reason: 'not_needed' };
        const context = cause.context(`release/${reservationId}@${revision}`);
        await stocks(stream, { type: 'ReleaseReservation', ...command }, context);
      }
    },
  };
};

export type OrderClaims = ReturnType<typeof createOrderClaims>;

interface ClaimReactionPorts {
  readonly handlers: Pick<Handlers, 'order' | 'stock'>;
  readonly allocate: (orderId: string, cause: Cause, afterLoss: boolean) => Promise<void>;
  readonly clock: Clock;
}

type Release = Omit<StockCommandOf<'ReleaseReservation'>, 'type' | 'occurredAt'>;

/** A person has reserved for an order. */
export interface HoldTask {
  readonly reaction: ReactionOf<'ReleaseUncounted'>;
  readonly cause: Cause;
}

/** What follows where a claim on a stock was made, passed on, or ended: the order and the stock agree on it again. */
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
  const lapse = async (reaction: ReactionOf<'LapseAllocation'>, cause: Cause): Promise<void> => {
    const { orderId, warehouseId, sku, reservationId } = reaction;
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
    await handlers.order(orderStream(orderId), command, cause.contextAtEventTime('follow/lapse'));
  };

  const isCountedBy = (order: Order | undefined, reservationId: string): boolean =>
    order !== undefined &&
    order.phase !== 'absent' &&
    order.allocations.some((each) => each.reservationId === reservationId);

  /** Mostly the order counts it by now, and nothing is to be done. */
  const isCounted = ({ orderId, reservationId }: ReactionOf<'ReleaseUncounted'>): boolean =>
    isCountedBy(handlers.order.known(orderStream(orderId))?.state, reservationId);

  /** An order that lacks it takes it over; what of it is left then is let go. */
  const settleUncounted = async (reaction: ReactionOf<'ReleaseUncounted'>, cause: Cause): Promise<void> => {
    const { type: _, orderId, ...reservation } = reaction;
    const { warehouseId, sku, reservationId } = reservation;
    if (isCounted(reaction)) return;
    const { state: order } = await handlers.order.loadSince(orderStream(orderId), cause);
    // A first plan counts it or lets it go. Let go here after a crash, the pieces of a hold could go to another order.
    if (isCountedBy(order, reservationId) || order.phase === 'pending') return;
    const { state: stock } = await handlers.stock.loadSince(stockStream(warehouseId, sku), cause);
    if (stock.phase === 'absent' || lookUp(stock.reservations, reservationId) === undefined) return;
    await allocate(orderId, cause, false);
    await release({ ...reservation, reason: 'not_needed' }, cause);
  };

  /** The first plan of an order asks for what is held; one that was planned before is to look once more. */
  const plansFor = async ({
    reaction: { orderId, warehouseId, sku },
    cause,
  }: HoldTask): Promise<readonly PlanTask[]> => {
    // The plan must see it, whichever process it was recorded by.
    await handlers.stock.loadSince(stockStream(warehouseId, sku), cause);
    const { state: order } = await handlers.order.loadSince(orderStream(orderId), cause);
    if (order.phase === 'absent' || order.phase === 'pending') return [];
    return [{ reaction: { type: 'AllocateOrder', orderId }, cause }];
  };

  return { release, lapse, isCounted, settleUncounted, plansFor };
};

type GoodsMove = StockCommandOf<'ShipStock' | 'VoidDeparture'> & { readonly orderId: string };

/**
 * The goods have moved, whatever the ledger had reserved: they are booked out, and back if they never left. What doesn't
 * fit is an exception that a person looks at. Command ids follow from the event, so that a second try finds the first.
 */
export const createMoveGoods = ({ order, stock }: Pick<Handlers, 'order' | 'stock'>, clock: Clock) => {
  const move = async (command: GoodsMove, cause: Cause): Promise<void> => {
    const { type, warehouseId, sku, reservationId, shipmentId, quantity, orderId } = command;
    const context = cause.contextAtEventTime(`follow/${type === 'ShipStock' ? 'ship' : 'void'}/${reservationId}`);
    const stream = stockStream(warehouseId, sku);
    const outcome = await stock(stream, command, context);
    // An event that is handled again long after: its reservation may be gone because this command was done then.
    if (outcome.kind !== 'refused' || (await stock.hasRecorded(stream, context.commandId))) return;
    const did = type === 'ShipStock' ? 'took' : 'did not take';
    const detail = `Shipment ${shipmentId} ${did} ${quantity} of ${sku} at ${warehouseId}: ${outcome.refusal.detail}`;
    const raise = { type: 'RaiseException', code: outcome.refusal.code, detail } as const;
    await order(orderStream(orderId), raise, cause.context(`exception/${reservationId}`));
  };

  return {
    ship: ({ type: _, ...goods }: ReactionOf<'ShipReserved'>, cause: Cause): Promise<void> =>
      move({ type: 'ShipStock', occurredAt: clock.now(), ...goods }, cause),
    /** One line after another: a crash in between leaves the rest to the next attempt. */
    bookBack: async (voided: OrderShipmentVoided['data'], cause: Cause): Promise<void> => {
      const { orderId, shipmentId, warehouseId } = voided;
      for (const line of voided.lines) {
        const goods = { orderId, shipmentId, warehouseId, ...line };
        await move({ type: 'VoidDeparture', occurredAt: clock.now(), ...goods }, cause);
      }
    },
  };
};
