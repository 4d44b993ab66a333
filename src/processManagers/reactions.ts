/**
 * Policies at work: what an event asks for is done as commands whose ids are derived from the event
 * (docs/architecture.md, "The way of an event"). An event may be handed over again after a crash; what was done is
 * recognised, what was not is finished.
 */
import type { Handlers } from '../commands/handlers.ts';
import { isEnded } from '../domain/order/state.ts';
import type { Reaction, ReactionOf, Tell, TellOf } from '../domain/policies/reaction.ts';
import { reactionTypes, reactTo } from '../domain/policies/reactions.ts';
import { orderStream } from '../domain/values.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import { createKeyedQueue, createKeySetQueue, eachLimited, type TakeTurn } from '../eventsourcing/concurrency.ts';
import { type RecordedEvent, unreachable } from '../eventsourcing/message.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { AllocateOrder } from './allocateOrder.ts';
import type { AllocationFacts } from './allocationIndex.ts';
import { type Cause, causeOf } from './cause.ts';
import { createClaimReactions, createMoveGoods, type HoldTask } from './orderClaims.ts';
import { createPlanSequence, type PlanTask } from './planSequence.ts';
import { createPromiseFills, type FillTask, type OrderFillTask } from './promiseFills.ts';
import { type Arrival, createServeWaiting } from './serveWaiting.ts';

/** Orders and stocks that are worked on side by side: enough to fill a group commit. */
const concurrency = 128;

export interface Reactions {
  readonly types: readonly string[];
  /** Does everything that these events ask for. Events of one order keep their order. */
  handle(events: readonly RecordedEvent[]): Promise<void>;
  /** Does one thing that an event should have asked for. */
  perform(reaction: Reaction, cause: Cause): Promise<void>;
}

export interface ReactionPorts {
  readonly handlers: Handlers;
  readonly facts: AllocationFacts;
  readonly allocateOrder: AllocateOrder;
  readonly clock: Clock;
  readonly takeTurn: TakeTurn;
}

type Tellers = {
  readonly [To in Tell['to']]: (
    stream: string,
    command: TellOf<To>['command'],
    context: CommandContext,
  ) => Promise<unknown>;
};

interface ReactionTask {
  readonly reaction: Reaction;
  readonly cause: Cause;
}

/** A person may reserve for an order by hand, before it is placed too; only what a policy reserved is a policy's to let go. */
const isByPerson = ({ metadata }: RecordedEvent): boolean => metadata.actor.kind !== 'system';

export const createReactions = (ports: ReactionPorts): Reactions => {
  const { handlers, allocateOrder, clock } = ports;
  const inTurn = createKeyedQueue();
  const allocate = (orderId: string, cause: Cause, afterLoss = false): Promise<void> =>
    inTurn(orderId, () => allocateOrder(orderId, cause, afterLoss));

  const { serve, serveAll, serveOlder } = createServeWaiting({ ...ports, allocate });
  const inSequence = createPlanSequence(ports);
  const promiseFills = createPromiseFills(ports);

  /** Older orders that wait for the same SKUs are planned first: their goods may have come a moment ago. */
  const allocateInLine = async ({ orderId, afterLoss }: ReactionOf<'AllocateOrder'>, cause: Cause): Promise<void> => {
    const { state: order } = await handlers.order.load(orderStream(orderId));
    if (order.phase !== 'absent' && !isEnded(order)) await serveOlder(order, cause);
    await allocate(orderId, cause, afterLoss);
  };

  const { ship, bookBack } = createMoveGoods(handlers, clock);
  const { release, lapse, isCounted, settleUncounted, plansFor } = createClaimReactions({
    handlers,
    allocate: allocateOrder,
    clock,
  });

  const tellers: Tellers = handlers;
  const tell = async <To extends Tell['to']>(reaction: TellOf<To>, cause: Cause): Promise<void> => {
    const { to, stream, command, name } = reaction;
    await tellers[to](stream, command, cause.contextAtEventTime(name));
  };

  const perform = async (reaction: Reaction, cause: Cause): Promise<void> => {
    switch (reaction.type) {
      case 'AllocateOrder':
        return allocateInLine(reaction, cause);
      case 'AllocateWaitingOrders':
        return serve([{ sku: reaction.sku, cause }]);
      case 'AllocateAllWaitingOrders':
        return serveAll(cause);
      case 'ReleaseReservation':
        return release(reaction, cause);
      // One after another with the plans of the same order: each would act on a state that the other changes.
      case 'ReleaseUncounted':
        return isCounted(reaction) ? undefined : inTurn(reaction.orderId, () => settleUncounted(reaction, cause));
      case 'LapseAllocation':
        return inTurn(reaction.orderId, () => lapse(reaction, cause));
      case 'ShipReserved':
        return ship(reaction, cause);
      case 'BookBack':
        return bookBack(reaction.voided, cause);
      case 'PromiseFills':
        return promiseFills([{ ...reaction, cause }], []);
      case 'PromiseOrder':
        return promiseFills([], [{ ...reaction, cause }]);
      case 'Tell':
        return tell(reaction, cause);
      default:
        return unreachable(reaction);
    }
  };

  return {
    types: reactionTypes,
    handle: async (events) => {
      const tasks: ReactionTask[] = [];
      /** Voided shipments are booked back after all shipments of the batch are booked out. */
      const returns: ReactionTask[] = [];
      const plans: PlanTask[] = [];
      /** Goods that arrive in several events of one batch are offered once, after the last of them. */
      const arrivals = new Map<string, Arrival>();
      const byPeople: HoldTask[] = [];
      const fills: FillTask[] = [];
      const fillsOfOrders: OrderFillTask[] = [];
      for (const event of events) {
        const cause = causeOf(event);
        for (const reaction of reactTo(event)) {
          if (reaction.type === 'ReleaseUncounted' && isByPerson(event)) byPeople.push({ reaction, cause });
          else if (reaction.type === 'AllocateWaitingOrders') arrivals.set(reaction.sku, { sku: reaction.sku, cause });
          else if (reaction.type === 'AllocateOrder') plans.push({ reaction, cause });
          else if (reaction.type === 'PromiseFills') fills.push({ ...reaction, cause });
          else if (reaction.type === 'PromiseOrder') fillsOfOrders.push({ ...reaction, cause });
          else if (reaction.type === 'BookBack') returns.push({ reaction, cause });
          else tasks.push({ reaction, cause });
        }
      }
      await eachLimited(byPeople, concurrency, async (task) => {
        plans.push(...(await plansFor(task)));
      });
      const performTask = ({ reaction, cause }: ReactionTask): Promise<void> => perform(reaction, cause);
      await eachLimited(tasks, concurrency, performTask);
      await eachLimited(returns, concurrency, performTask);
      const inLane = createKeySetQueue();
      await eachLimited(await inSequence(plans), concurrency, ({ reaction, cause, scarceSkus }) =>
        inLane(scarceSkus, () => allocateInLine(reaction, cause)),
      );
      await serve([...arrivals.values()]);
      const cameIn = [...arrivals.values()].map((arrival) => ({ ...arrival, because: 'goods_came' as const }));
      await promiseFills([...cameIn, ...fills], fillsOfOrders);
    },
    perform,
  };
};
