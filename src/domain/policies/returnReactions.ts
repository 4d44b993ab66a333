/** What a return asks for: the order decides on a request, the return on what arrives; the stock and the order are told. */

import type { OrderReturnCommand } from '../order/commands.ts';
import type { OrderReturnEvent } from '../order/returnEvents.ts';
import { sumPerLine } from '../return/decider.ts';
import type { ReturnEvent } from '../return/events.ts';
import { orderStream, returnStream, stockStream } from '../values.ts';
import type { Reaction, ReactionTable } from './reaction.ts';

const tellOrder = (orderId: string, name: string, command: OrderReturnCommand): Reaction => ({
  type: 'Tell',
  to: 'order',
  stream: orderStream(orderId),
  command,
  name: `follow/${name}`,
});

export const orderReturnReactions: ReactionTable<OrderReturnEvent> = {
  OrderReturnRequested: ({ data }) => [
    {
      type: 'Tell',
      to: 'return',
      stream: returnStream(data.returnId),
      command: { type: 'RecordRequest', request: data },
      name: 'follow/return',
    },
  ],
  OrderReturnReceived: null,
  OrderReturnCancelled: null,
};

export const returnReactions: ReactionTable<ReturnEvent> = {
  ReturnRequested: null,
  ReturnReceived: ({ data, occurredAt }) => {
    const { returnId, orderId, warehouseId } = data;
    const lines = sumPerLine(data.lines);
    return [
      ...data.lines.map(
        ({ sku, ...line }, index): Reaction => ({
          type: 'Tell',
          to: 'stock',
          stream: stockStream(warehouseId, sku),
          command: { type: 'ReturnStock', warehouseId, sku, occurredAt, returnId, orderId, ...line },
          name: `follow/return/${index}`,
        }),
      ),
      tellOrder(orderId, 'receipt', { type: 'RecordReturnReceipt', returnId, warehouseId, lines }),
    ];
  },
  ReturnCancelled: ({ data: { returnId, orderId, warehouseId, lines } }) => [
    tellOrder(orderId, 'cancellation', { type: 'RecordReturnCancellation', returnId, warehouseId, lines }),
  ],
};
