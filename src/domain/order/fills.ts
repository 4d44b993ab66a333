/** Which goods on their way will fill what an order waits for (T2, B10). */
import { accept } from '../../eventsourcing/message.ts';
import { sameJson } from '../values.ts';
import type { OrderCommandOf, OrderDecision } from './commands.ts';
import type { ExpectedFill } from './fillEvents.ts';
import { isEnded, type PlacedOrder } from './state.ts';

const noFills: readonly ExpectedFill[] = [];

/** What was promised last of this SKU. */
export const fillsOf = ({ fills = noFills }: PlacedOrder, sku: string): readonly ExpectedFill[] =>
  fills.filter((fill) => fill.sku === sku);

/** The same again is no news. */
export const promiseFill = (command: OrderCommandOf<'PromiseFill'>, order: PlacedOrder): OrderDecision => {
  const { sku, fills, because } = command;
  if (isEnded(order) || sameJson(fillsOf(order, sku), fills)) return accept();
  return accept({ type: 'OrderFillPromised', data: { orderId: order.orderId, sku, fills, because } });
};
