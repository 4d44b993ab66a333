/** Pieces on their way from one warehouse to another. */
import Type from 'typebox';
import { transferLinesMax } from '../../domain/transfer/commands.ts';
import { transferStatuses } from '../../domain/transfer/state.ts';
import {
  Closed,
  Count,
  LineId,
  named,
  OccurredAt,
  PageQuery,
  Quantity,
  Reason,
  Revision,
  Sku,
  Sum,
  Time,
  Uuid,
  WarehouseId,
} from './common.ts';

const Status = Type.Enum([...transferStatuses], {
  description:
    '`in_transit`: something has left, and something is on its way or still to leave. `completed`: nothing is. ' +
    '`cancelled`: nothing ever left.',
});
const Target = { ...WarehouseId, examples: ['PAR'] };

export const Transfer = named(
  'Transfer',
  Closed({
    transferId: Uuid,
    fromWarehouseId: Type.Optional({ ...WarehouseId, description: 'For those who reach it.' }),
    toWarehouseId: Type.Optional({ ...Target, description: 'For those who reach it.' }),
    status: Status,
    lines: Type.Array(
      Closed({
        lineId: LineId,
        sku: Sku,
        quantity: { ...Quantity, description: 'Planned.' },
        open: { ...Sum, description: 'Still to leave.' },
        dispatched: Sum,
        inTransit: { ...Sum, description: 'Left, and neither received nor lost.' },
        received: Sum,
        damaged: { ...Sum, description: 'Of those received; in quarantine at the target.' },
        lost: Sum,
        surplus: { ...Sum, description: 'Received beyond what has left, as far as was told.' },
        cancelled: Sum,
      }),
      { description: '`dispatched + surplus = received + inTransit + lost` of each line.' },
    ),
    plannedAt: Time,
    claimsUntil: { ...Time, description: 'So long the source keeps what is to leave.' },
    revision: Revision,
    updatedAt: Time,
  }),
);

export const TransferPath = Closed({ transferId: Uuid });
export const TransfersQuery = Closed({
  warehouseId: Type.Optional({ ...WarehouseId, description: 'From it or to it.' }),
  sku: Type.Optional(Sku),
  status: Type.Optional(Status),
  ...PageQuery,
});

const lines = { minItems: 1, maxItems: transferLinesMax } as const;
export const TransferBody = Closed({
  transferId: Type.Optional(Uuid),
  from: WarehouseId,
  to: Target,
  lines: Type.Array(
    Closed({
      lineId: Type.Optional({ ...LineId, description: 'Absent: its number, from 1.' }),
      sku: Sku,
      quantity: Quantity,
    }),
    lines,
  ),
});
const AskedLine = Closed({ lineId: LineId, quantity: Quantity });
export const DispatchBody = Closed({
  lines: Type.Optional(Type.Array(AskedLine, { ...lines, description: 'Absent: all that is still to leave.' })),
  occurredAt: Type.Optional(OccurredAt),
});
export const TransferReceiptBody = Closed({
  lines: Type.Optional(
    Type.Array(
      Closed({
        lineId: LineId,
        quantity: { ...Quantity, description: 'All that came.' },
        damaged: Type.Optional({ ...Count, description: 'Of these: they go to quarantine. Absent: none.' }),
      }),
      { ...lines, description: 'Absent: all that is on its way, intact.' },
    ),
  ),
  occurredAt: Type.Optional(OccurredAt),
});
export const TransferLossBody = Closed({
  lines: Type.Optional(Type.Array(AskedLine, { ...lines, description: 'Absent: all that is on its way.' })),
  reason: Reason,
  occurredAt: Type.Optional(OccurredAt),
});
export const TransferCancellationBody = Closed({ reason: Reason });
