/** The shop's own number of an order: taken once, before the order is placed (T26). */
import type { OrderNumberTaken } from '../domain/orderNumber/events.ts';
import { orderNumberStream, orderStream } from '../domain/values.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';
import type { CommandContext, Refused } from '../eventsourcing/commandHandling/outcome.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { Handlers } from './handlers.ts';

/** No request runs longer: then an order that has a number and was not placed never will be. Clocks decide only the wait. */
export const placingMaxMs = 30_000;

type NumberedOrder = OrderNumberTaken['data'];

/**
 * A shop's own order number, one order for each (T26). The number is taken in a stream of its own at an exact revision,
 * before the order is placed: of two requests at once, in whatever processes, one is refused.
 *
 * A crash may leave a number with an order that was never placed. The next request for the number closes that order's id
 * first, so that it can never be placed, and takes the number after that.
 */
export const createTakeOrderNumber = (
  { order, orderNumber }: Pick<Handlers, 'order' | 'orderNumber'>,
  clock: Clock,
): ((wanted: NumberedOrder, context: CommandContext) => Promise<Refused<'ORDER_NUMBER_TAKEN'> | null>) => {
  /** Whether this order has not got the number and never will. */
  const isGivenUp = async (
    orderId: string,
    { takenAt, wanted }: { readonly takenAt: string; readonly wanted: NumberedOrder },
    context: CommandContext,
  ): Promise<boolean> => {
    const { state } = await order.load(orderStream(orderId));
    if (state.phase !== 'absent') return state.orderNumber !== wanted.orderNumber || state.placedBy !== wanted.client;
    if (state.isAbandoned === true) return true;
    if (Date.parse(clock.now()) - Date.parse(takenAt) < placingMaxMs) return false;
    const closed = await order(orderStream(orderId), { type: 'AbandonOrder', orderId }, context);
    return (closed.kind === 'recorded' || closed.kind === 'unchanged') && closed.state.phase === 'absent';
  };

  return async (wanted, { ifMatch: _, ...context }) => {
    const stream = orderNumberStream(derivedId(`order-number/${JSON.stringify([wanted.client, wanted.orderNumber])}`));
    const own = (name: string): CommandContext => ({
      ...context,
      commandId: derivedId(`${context.commandId}/${name}`),
    });
    const take = { type: 'TakeOrderNumber', ...wanted } as const;
    const first = await orderNumber(stream, take, { ...own('number'), expectsNew: true });
    if (first.kind !== 'refused') return null;
    if (context.dryRun === true) return first;
    const { state: holder, updatedAt } = await orderNumber.load(stream);
    if (holder.phase === 'free' || updatedAt === null) return first;
    const { orderId } = holder;
    if (!(await isGivenUp(orderId, { takenAt: updatedAt, wanted }, own(`abandon/${orderId}`)))) return first;
    const second = await orderNumber(stream, { ...take, insteadOf: orderId }, own(`number/${orderId}`));
    return second.kind === 'refused' ? second : null;
  };
};
