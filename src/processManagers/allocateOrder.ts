/**
 * Gives an order its sources: plan, reserve at each stock, record. The plan is made on the write side's own states and
 * reserves at their exact revisions; the slower one plans again. Repeating it is harmless: what an earlier attempt
 * for the same cause has reserved is found again by its derived id, and no longer asked for.
 */
import type { Handlers } from '../commands/handlers.ts';
import type { CountryPoint, PersonalData } from '../commands/ports.ts';
import type { OrderCommandOf } from '../domain/order/commands.ts';
import type { LineQuantity } from '../domain/order/shapes.ts';
import { promiseLost } from '../domain/order/standing.ts';
import { isEnded, type PlacedOrder } from '../domain/order/state.ts';
import type { AllocationPlan } from '../domain/policies/allocation.ts';
import { itemStream, orderStream, stockStream } from '../domain/values.ts';
import { createSlots, mapLimited, type TakeTurn } from '../eventsourcing/concurrency.ts';
import { unreachable } from '../eventsourcing/message.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { AllocationFacts } from './allocationIndex.ts';
import type { Cause } from './cause.ts';
import { createOrderClaims } from './orderClaims.ts';
import { adoptHolds, createPlanOrder, type DecidedPlan, linesThatMayNotWait } from './planOrder.ts';
import {
  type AllocationSnapshot,
  candidateFor,
  type Hold,
  holdsOf,
  isLeftAlone,
  type StockCandidates,
  skusAskedFor,
  snapshotOf,
} from './stockCandidates.ts';

export interface AllocationPorts {
  readonly handlers: Pick<Handlers, 'order' | 'stock' | 'item'>;
  readonly facts: AllocationFacts;
  readonly countryPoint: CountryPoint;
  readonly personalData: Pick<PersonalData, 'open'>;
  readonly clock: Clock;
  readonly takeTurn: TakeTurn;
  /** How long an order's reservation is kept before it lapses and the order is planned again. */
  readonly reservationMs: number;
}

/** @param afterLoss something that was promised is gone: an order that may not wait for it goes into exception. */
export type AllocateOrder = (orderId: string, cause: Cause, afterLoss: boolean) => Promise<void>;

/** What is recorded of a plan. */
type RecordedPlan = Omit<OrderCommandOf<'RecordAllocation'>, 'type'>;

/** SKUs whose candidates are loaded at once. */
const loadsAtOnce = 16;
/** Reservations of one order that are made side by side: enough to fill a group commit. */
const reservesAtOnce = 256;
/** Lines of orders planned side by side: what is found for each at every warehouse is in memory until the plan is made. */
const linesAtOnce = 4_000;
/** Each round lost to a quicker buyer leaves less stock to lose; this many in a row means something is broken. */
const roundsMax = 50;

export const createAllocateOrder = (ports: AllocationPorts): AllocateOrder => {
  const { facts, takeTurn } = ports;
  const { order: orders, stock: stocks, item: items } = ports.handlers;
  const planOrder = createPlanOrder(ports);
  const claims = createOrderClaims({ ...ports, stocks });
  const { reserve, release } = claims;

  /** @param doubted SKUs whose stocks are read from the store, not from the cache. */
  const loadCandidates = async (order: PlacedOrder, cause: Cause, doubted: ReadonlySet<string>) => {
    const loads = await mapLimited([...skusAskedFor(order)], loadsAtOnce, async (sku) => {
      await takeTurn();
      const warehouseIds = await facts.warehousesHolding(sku);
      const candidates = warehouseIds.map(async (warehouseId) => {
        const stream = stockStream(warehouseId, sku);
        const loaded = doubted.has(sku) ? stocks.loadSince(stream, cause) : stocks.load(stream);
        return candidateFor(order.orderId, { warehouseId, sku }, await loaded);
      });
      return [sku, await Promise.all(candidates)] as const;
    });
    return new Map(loads) satisfies StockCandidates;
  };

  /**
   * The order takes its sources, or what was reserved for it is let go. The revision is part of the command's id: the
   * same reservations may be recorded, lapse, and be made anew for the same cause.
   */
  const record = async ({ order, revision }: AllocationSnapshot, plan: RecordedPlan, cause: Cause): Promise<void> => {
    const { orderId } = order;
    const { allocations } = plan;
    const name = `allocate/${orderId}@${revision}/${allocations.map(({ reservationId }) => reservationId).join('/')}`;
    const command = { type: 'RecordAllocation', ...plan } as const;
    const outcome = await orders(orderStream(orderId), command, cause.context(name));
    switch (outcome.kind) {
      case 'recorded':
      case 'unchanged':
        return;
      case 'refused':
        return release(allocations, cause);
      case 'stale':
      case 'dry_run':
        throw new Error(`${orderId}: an allocation came to ${outcome.kind}`);
      default:
        return unreachable(outcome);
    }
  };

  /** Reserves what was planned, and records it. @returns `false` when another command was quicker. */
  const take = async (
    snapshot: AllocationSnapshot,
    { sources, missing, decision }: DecidedPlan,
    cause: Cause,
  ): Promise<boolean> => {
    const { order, held } = snapshot;
    const reserved = await mapLimited(sources, reservesAtOnce, async (source) => {
      await takeTurn();
      return reserve(snapshot, source, cause);
    });
    const allocations = [...held, ...reserved.flat()];
    if (reserved.some((each) => each.length === 0)) {
      // What stays reserved is found again in the next round, unless all must come from one place.
      if (!order.allowSplit && order.reservePartial !== true) await release(allocations, cause);
      return false;
    }
    if (allocations.length === 0 && order.phase !== 'pending') return true;
    const mayNotWait = await linesThatMayNotWait((sku) => items.loadSince(itemStream(sku), cause), order, missing);
    await record(snapshot, { allocations, mayNotWait, ...(decision === undefined ? {} : { decision }) }, cause);
    return true;
  };

  /** No warehouse has what was promised: the order waits, and an exception tells a person. */
  const raiseLoss = async (order: PlacedOrder, missing: readonly LineQuantity[], cause: Cause): Promise<void> => {
    if (missing.length === 0 || order.allowBackorder || order.openExceptions.includes(promiseLost)) return;
    const pieces = missing.reduce((sum, { quantity }) => sum + quantity, 0);
    const detail = `${pieces} pieces of ${missing.length} lines were promised and are gone; no warehouse has them.`;
    const { orderId } = order;
    const raise = { type: 'RaiseException', code: promiseLost, detail } as const;
    await orders(orderStream(orderId), raise, cause.context(`exception/${orderId}`));
  };

  /** Reservations that exist for it become its sources, or are let go. @returns whether to plan again. */
  const settleClaims = async (
    snapshot: AllocationSnapshot,
    holds: readonly Hold[],
    { sources, missing }: AllocationPlan,
    cause: Cause,
  ): Promise<boolean> => {
    const { order, held } = snapshot;
    if (holds.length > 0) {
      const place = order.allowSplit ? {} : { place: sources[0]?.warehouseId ?? null };
      if (await adoptHolds(snapshot, { holds, ...place }, claims, cause)) return true;
    }
    if (order.allowSplit || order.reservePartial === true || held.length === 0 || missing.length === 0) return false;
    // This warehouse has a part and can't give the rest. Another may have all of it.
    await release(held, cause);
    return true;
  };

  /** One look at the order; `false`: look again. */
  const attempt = async (
    orderId: string,
    cause: Cause,
    afterLoss: boolean,
    doubted: ReadonlySet<string> = new Set(),
  ): Promise<boolean> => {
    // An order that is complete in the cache would be left alone, and no append would find out that it no longer is.
    const { state: order, revision } = await orders.loadSince(orderStream(orderId), cause);
    if (order.phase === 'absent') return true;
    const candidates = await loadCandidates(order, cause, doubted);
    await takeTurn();
    const snapshot = snapshotOf({ order, revision, candidates }, cause.eventId);
    const { held, demand } = snapshot;
    const holds = holdsOf(snapshot);
    if (isLeftAlone(order)) {
      await release(isEnded(order) ? [...held, ...holds] : held, cause);
      return true;
    }
    await takeTurn();
    const planned = await planOrder(snapshot, holds);
    const { sources, missing } = planned;
    // Stock that the cache does not have may be in the store, and no append would tell. Where a part was found, nothing is
    // read again: once it is recorded, the order is planned once more.
    const isSure = sources.length > 0 || missing.length === 0;
    const unsure = isSure ? [] : demand.map(({ sku }) => sku).filter((sku) => !doubted.has(sku));
    if (unsure.length > 0) return attempt(orderId, cause, afterLoss, new Set([...doubted, ...unsure]));
    if (await settleClaims(snapshot, holds, planned, cause)) return false;
    const isTaken = await take(snapshot, planned, cause);
    if (isTaken && afterLoss) await raiseLoss(order, missing, cause);
    return isTaken;
  };

  const inSlots = createSlots(linesAtOnce);

  return async (orderId, cause, afterLoss) => {
    const { state } = await orders.load(orderStream(orderId));
    const lines = state.phase === 'absent' ? 1 : state.lines.length;
    for (let round = 1; round <= roundsMax; round += 1) {
      if (await inSlots(() => attempt(orderId, cause, afterLoss), lines)) return;
    }
    throw new Error(`${orderId}: lost ${roundsMax} rounds against other buyers`);
  };
};
