/** One look at an order, or at a reservation for one: what the two sides say of it just then. */
import type { Handlers } from '../commands/handlers.ts';
import { lacksOf } from '../domain/order/lacks.ts';
import type { Order, PlacedOrder } from '../domain/order/state.ts';
import type { Stock } from '../domain/stock/state.ts';
import { orderStream, stockStream } from '../domain/values.ts';
import type { Loaded } from '../eventsourcing/commandHandling/stateCache.ts';
import type { Seen, Streams } from '../eventsourcing/commandHandling/streams.ts';
import { laterOf, type Position } from '../eventsourcing/message.ts';
import type { AllocationFacts } from './allocationIndex.ts';
import {
  type ClaimDrift,
  type ClaimSubject,
  countedBy,
  heldFor,
  isLost,
  type LookMode,
  unbookedOf,
  uncountedFor,
} from './claims.ts';
import type { OrderClaim } from './ports.ts';
import { promiseOf } from './stockCandidates.ts';

interface FreeStock {
  /** Seen up to here. */
  readonly at: Position;
  /** The stocks, each at its revision. */
  readonly stocks: string;
}

interface WantedPieces {
  readonly sku: string;
  readonly quantity: number;
}

/** Nothing in particular was seen: whatever the store has now. */
const nothing: Seen = { stream: '', revision: -1 };
/** SKUs of one order whose stocks are looked at; of more, others at each look. */
const skusMax = 50;

const positionOf = (since: Position, ...loaded: readonly Loaded<unknown>[]): Position =>
  loaded.reduce((at, { position }) => (position === null ? at : laterOf(at, position)), since);

interface LookPorts {
  readonly handlers: Handlers;
  readonly facts: AllocationFacts;
  /** Of a stream: the latest that the policies have handled; -1: not known. */
  readonly handledUpTo: (stream: string) => number;
}

export const createClaimLooks = ({ handlers: { order: orders, stock: stocks }, facts, handledUpTo }: LookPorts) => {
  let turn = 0;

  /** Another process may have recorded what the policies have handled here, and the cache would never hear of it. */
  const stateAt = async <State>(
    { load, loadSince }: Pick<Streams<State>, 'load' | 'loadSince'>,
    stream: string,
    { isSure }: LookMode,
  ): Promise<Loaded<State>> => {
    if (isSure) return loadSince(stream, nothing);
    const known = await load(stream);
    return known.revision < handledUpTo(stream) ? loadSince(stream, nothing) : known;
  };
  const orderAt = (orderId: string, view: LookMode): Promise<Loaded<Order>> =>
    stateAt(orders, orderStream(orderId), view);
  const stockAt = (
    { warehouseId, sku }: Pick<OrderClaim, 'warehouseId' | 'sku'>,
    view: LookMode,
  ): Promise<Loaded<Stock>> => stateAt(stocks, stockStream(warehouseId, sku), view);

  const atClaim = async (claim: OrderClaim, view: LookMode): Promise<readonly ClaimDrift[]> => {
    const { orderId, warehouseId, sku, reservationId } = claim;
    const stock = await stockAt(claim, view);
    const order = await orderAt(orderId, view);
    const name = `${stockStream(warehouseId, sku)}/${reservationId}`;
    const seen = {
      version: `${order.revision}/${stock.revision}`,
      // Its name alone: a reservation is made once, and a shipment takes from it once.
      basis: '',
      at: positionOf(view.since, order, stock),
      stream: orderStream(orderId),
      revision: order.revision,
    };
    const unbooked = unbookedOf(claim, order.state, stock.state);
    if (unbooked.length > 0) {
      const kind = 'unbooked_departure';
      return unbooked.map((reaction) => ({ ...seen, kind, name: `departed/${name}/${reaction.shipmentId}`, reaction }));
    }
    const why = uncountedFor(claim, order.state, stock.state);
    if (why === null) return [];
    const reservation = { warehouseId, sku, reservationId };
    const drift = { ...seen, kind: 'uncounted_reservation', name: `uncounted/${name}` } as const;
    return why === 'cancelled'
      ? [{ ...drift, reaction: { type: 'ReleaseReservation', ...reservation, reason: 'order_cancelled' } }]
      : [{ ...drift, reaction: { type: 'ReleaseUncounted', orderId, ...reservation } }];
  };

  const lostOf = async (order: Loaded<PlacedOrder>, view: LookMode): Promise<readonly ClaimDrift[]> => {
    const { orderId } = order.state;
    const drifts: ClaimDrift[] = [];
    for (const allocation of countedBy(order.state)) {
      const { warehouseId, sku, reservationId } = allocation;
      const stock = await stockAt(allocation, view);
      if (!isLost(allocation, stock.state)) continue;
      drifts.push({
        kind: 'lost_reservation',
        name: `lost/${orderId}/${stockStream(warehouseId, sku)}/${reservationId}`,
        version: `${order.revision}/${stock.revision}`,
        basis: `${order.revision}`,
        reaction: { type: 'LapseAllocation', orderId, warehouseId, sku, reservationId },
        at: positionOf(view.since, order, stock),
        stream: orderStream(orderId),
        revision: order.revision,
      });
    }
    return drifts;
  };

  /** Where a warehouse that the order may be planned from has so many of each; `null`: none has. */
  const placeOf = async (
    order: PlacedOrder,
    wanted: readonly WantedPieces[],
    view: LookMode,
  ): Promise<FreeStock | null> => {
    const open = new Set((await facts.warehouses()).map(({ warehouseId }) => warehouseId));
    const holding = await facts.warehousesHolding(wanted[0]?.sku ?? '');
    const place = order.allowSplit ? undefined : order.allocations[0]?.warehouseId;
    for (const warehouseId of holding.filter((id) => place === undefined || id === place)) {
      const found: (Loaded<Stock> & { readonly name: string })[] = [];
      let isAsked = open.has(warehouseId);
      for (const { sku, quantity } of wanted) {
        const stock = await stockAt({ warehouseId, sku }, view);
        const held = heldFor(order, stock.state);
        isAsked ||= held > 0;
        if (promiseOf(stock.state) + held < quantity) break;
        found.push({ ...stock, name: `${stockStream(warehouseId, sku)}@${stock.revision}` });
      }
      if (found.length < wanted.length || !isAsked) continue;
      return { at: positionOf(view.since, ...found), stocks: found.map(({ name }) => name).join() };
    }
    return null;
  };

  /** Where something is free that the order lacks; all of it, where it must come from one place. `null`: it is short. */
  const freeFor = async (order: PlacedOrder, view: LookMode): Promise<FreeStock | null> => {
    const lacking = Map.groupBy(lacksOf(order), ({ sku }) => sku);
    const all = [...lacking].map(([sku, lines]) => ({
      sku,
      quantity: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    }));
    if (all.length === 0) return null;
    const from = all.length > skusMax ? (turn * skusMax) % all.length : 0;
    const wanted = all.slice(from, from + skusMax);
    if (!order.allowSplit) return placeOf(order, wanted, view);
    for (const { sku } of wanted) {
      const free = await placeOf(order, [{ sku, quantity: 1 }], view);
      if (free !== null) return free;
    }
    return null;
  };

  const waitingIn = async (order: Loaded<PlacedOrder>, view: LookMode): Promise<readonly ClaimDrift[]> => {
    const { orderId, phase, held } = order.state;
    if (held) return [];
    const free = phase === 'pending' ? { at: view.since, stocks: '' } : await freeFor(order.state, view);
    if (free === null) return [];
    return [
      {
        kind: 'waiting_beside_stock',
        name: `waiting/${orderId}`,
        version: `${order.revision}`,
        basis: `${order.revision} ${free.stocks}`,
        reaction: { type: 'AllocateOrder', orderId },
        at: positionOf(free.at, order),
        stream: orderStream(orderId),
        revision: order.revision,
      },
    ];
  };

  return {
    at: async (subject: ClaimSubject, view: LookMode): Promise<readonly ClaimDrift[]> => {
      if ('claim' in subject) return atClaim(subject.claim, subject.isSure === true ? { ...view, isSure: true } : view);
      const order = await orderAt(subject.orderId, view);
      if (order.state.phase === 'absent') return [];
      const placed = { ...order, state: order.state };
      return [...(await lostOf(placed, view)), ...(await waitingIn(placed, view))];
    },
    /** Whether anything was recorded of the order since. */
    hasMoved: async ({ stream, revision }: ClaimDrift): Promise<boolean> =>
      (await orders.loadSince(stream, nothing)).revision > revision,
    /** Of orders with very many lines, the next look takes others. */
    nextTurn: (): void => {
      turn += 1;
    },
  };
};
