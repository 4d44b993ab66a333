/** Changes of stocks that a second person has to approve. */
import Type from 'typebox';
import { approvalStatuses } from '../../projections/approvals/projection.ts';
import {
  AdjustmentReason,
  Closed,
  Count,
  Delta,
  Nullable,
  named,
  OccurredAt,
  PageQuery,
  Reason,
  Reference,
  Revision,
  Sku,
  Time,
  Uuid,
  WarehouseId,
} from './common.ts';
import { LapsedReservations, Missing } from './stock.ts';

const Subject = Type.String({ examples: ['9f1c7a52'] });

const Change = Type.Union(
  [
    Closed({
      kind: Type.Literal('adjustment'),
      delta: Delta,
      reason: AdjustmentReason,
      reference: Type.Optional(Reference),
    }),
    Closed({
      kind: Type.Literal('count'),
      counted: Count,
      delta: { ...Delta, description: 'How far the count lay from the ledger. It is what an approval carries out.' },
      reason: Reason,
    }),
    Closed({ kind: Type.Literal('retirement') }),
  ],
  { description: 'What was asked for.' },
);

export const Approval = named(
  'Approval',
  Closed({
    approvalId: Uuid,
    warehouseId: WarehouseId,
    sku: Sku,
    status: Type.Enum([...approvalStatuses], { description: '`superseded`: a later count has settled it.' }),
    change: Change,
    held: { ...Count, description: 'Pieces that were taken out of sale when it was proposed.' },
    proposedBy: { ...Subject, description: 'Subject; somebody else has to approve it.' },
    occurredAt: { ...OccurredAt, description: 'When it happened, as the proposal says.' },
    proposedAt: Time,
    decidedBy: Nullable(Subject),
    decidedAt: Nullable(Time),
    rejectionReason: Nullable(Reason),
    note: Type.Optional(
      Nullable(
        Type.String({ description: 'For those who may read notes. `null`: the data of its author was erased.' }),
      ),
    ),
    revision: { ...Revision, description: 'Of the stock. With it as `If-Match`, that very stock is decided on.' },
    lapsedReservations: Type.Optional(LapsedReservations),
    missing: Type.Optional(Missing),
  }),
);

export const ApprovalPath = Closed({ approvalId: Uuid });
export const ApprovalsQuery = Closed({
  warehouseId: Type.Optional(WarehouseId),
  status: Type.Optional(Type.Enum([...approvalStatuses])),
  ...PageQuery,
});
export const RejectionBody = Closed({ reason: Reason });
