/** An order as it was (B2): the read model's own fold, over the events that count at that moment. */
import { orderStream } from '../../domain/values.ts';
import { untyped } from '../../eventsourcing/projecting/projection.ts';
import { countsAt, type Moment, type PacedStreamReader, slicesOf } from '../moment.ts';
import type { ShownOrderEvent } from './kept.ts';
import { type OrderDocument, orders } from './projection.ts';

export interface OrderHistory {
  /**
   * `null` when it was not placed by then. Its `revision` and `updatedAt` are those of the last event that counts. Reads
   * the stream from its beginning: an order has some ten events, fewer than lie between two snapshots.
   */
  asOf(orderId: string, moment: Moment): Promise<OrderDocument | null>;
}

export const createOrderHistory = (source: PacedStreamReader): OrderHistory => ({
  asOf: async (orderId, moment) => {
    const { handles, applyAll } = untyped(orders);
    let order: object | null = null;
    for await (const slice of slicesOf<ShownOrderEvent>(source, orderStream(orderId), 0)) {
      const counting = slice.filter((event) => handles.includes(event.type) && countsAt(event, moment));
      order = applyAll(order, counting, orderId);
    }
    return order as OrderDocument | null;
  },
});
