/** Goods that go back. */
import Type from 'typebox';
import { dispositions, returnReasons } from '../../domain/return/events.ts';
import { returnStatuses } from '../../projections/returns/projection.ts';
import {
  Closed,
  Count,
  CustomerId,
  LineId,
  Note,
  Nullable,
  named,
  OccurredAt,
  OrderQuantity,
  PageQuery,
  Reason,
  Revision,
  Sku,
  Sum,
  Time,
  Uuid,
  WarehouseId,
} from './common.ts';
import { linesMax } from './orders.ts';

const ReturnReasonField = Type.Enum([...returnReasons], { type: 'string', examples: ['damaged'] });

export const ReturnBody = Closed({
  warehouseId: Type.Optional({
    ...WarehouseId,
    description: 'Where it is to go; absent: where the first line came from.',
  }),
  lines: Type.Array(Closed({ lineId: LineId, quantity: OrderQuantity }), { minItems: 1, maxItems: linesMax }),
  reason: ReturnReasonField,
  note: Type.Optional({ ...Note, description: 'Free text; kept sealed under the key of the customer.' }),
});

export const ReceiptBody = Closed({
  warehouseId: { ...WarehouseId, description: 'Where it arrived.' },
  lines: Type.Array(
    Closed({
      lineId: LineId,
      quantity: OrderQuantity,
      disposition: Type.Enum([...dispositions], {
        type: 'string',
        description: '`restock`: on hand. `quarantine`: on hand and in quarantine. `scrap`: neither.',
        examples: ['restock'],
      }),
    }),
    { minItems: 1, maxItems: linesMax, description: 'A line may come several times, in several conditions.' },
  ),
  occurredAt: Type.Optional({ ...OccurredAt, description: 'When it arrived; absent: now. At most 5 minutes ahead.' }),
});

export const ReturnCancellationBody = Closed({ reason: Reason });

export const Return = named(
  'Return',
  Closed({
    returnId: Uuid,
    orderId: Uuid,
    customerId: CustomerId,
    warehouseId: Type.Optional({
      ...WarehouseId,
      description: 'Where it is to go; absent where that is out of reach.',
    }),
    status: Type.Enum([...returnStatuses]),
    lines: Type.Array(
      Closed({
        lineId: LineId,
        sku: Sku,
        quantity: { ...Count, description: 'As announced; 0 for a line that came without.' },
        received: { ...Sum, description: 'More than announced may come.' },
        cancelled: { ...Count, description: 'Not waited for any more.' },
        restocked: Sum,
        quarantined: Sum,
        scrapped: Sum,
      }),
    ),
    reason: ReturnReasonField,
    note: Type.Optional(
      Nullable(Type.String({ description: 'For those who see the contact of the customer. `null`: it was erased.' })),
    ),
    cancelReason: Type.Optional(Reason),
    requestedAt: Time,
    updatedAt: Time,
    revision: Revision,
  }),
);

export const ReturnPath = Closed({ returnId: Uuid });
export const ReturnsQuery = Closed({
  orderId: Type.Optional(Uuid),
  warehouseId: Type.Optional(WarehouseId),
  status: Type.Optional(Type.Enum([...returnStatuses])),
  ...PageQuery,
});
