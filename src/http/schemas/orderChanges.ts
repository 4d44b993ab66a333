/** What people may change of an order that was placed. */
import Type from 'typebox';
import { orderLineQuantityMax } from '../../domain/values.ts';
import { Closed, Count, LineId, Note, Reason, Uuid } from './common.ts';
import { Address, linesMax, orderStatuses } from './orders.ts';

/** What of an order may be changed: its address before anything has left, its lines as far as they have not. */
export const OrderCorrection = Closed({
  shipTo: Type.Optional(Address),
  lines: Type.Optional(
    Type.Array(
      Closed({
        lineId: LineId,
        quantity: {
          ...Count,
          maximum: orderLineQuantityMax,
          description: 'Wanted in all, what has left counted; 0: none.',
        },
      }),
      { minItems: 1, maxItems: linesMax },
    ),
  ),
  reason: Type.Optional(Reason),
  note: Type.Optional(Note),
});
export const OrderLinePath = Closed({ orderId: Uuid, lineId: LineId });

const settableStatuses = ['cancelled', 'on_hold', 'released'] as const;

export const StatusBody = Closed({
  status: Type.Enum([...settableStatuses, ...orderStatuses.filter((status) => status !== 'cancelled')], {
    description: `${settableStatuses.join(', ')}; what facts decide is refused with the command to use.`,
    examples: ['cancelled'],
  }),
  reason: Reason,
  note: Type.Optional(Note),
});
