/** What a command only proposed (T13), and an approval as it is shown. */
import type { FastifyReply } from 'fastify';
import type { StockOutcome } from '../../commands/stock.ts';
import type { StockChangeProposed } from '../../domain/stock/proposalEvents.ts';
import type { RecordedEvent } from '../../eventsourcing/message.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';
import { type ApprovalDocument, approvals } from '../../projections/approvals/projection.ts';
import type { ProblemCode } from '../problems/problemCodes.ts';
import { answerOutcome, showFact } from './answers.ts';

/** What a change may be refused for where it is only proposed. */
export const proposalProblems = ['TOO_MANY_PROPOSALS'] as const satisfies readonly ProblemCode[];

type ApprovalEvent = Parameters<typeof approvals.apply>[1];

const isOfApproval = (event: RecordedEvent): event is ApprovalEvent =>
  approvals.handles.some((type) => type === event.type);

/** The approval after these events, of which some may be about others. */
export const approvalAfter = (
  before: ApprovalDocument | null,
  events: readonly RecordedEvent[],
  approvalId: string,
): ApprovalDocument | null =>
  events
    .filter(isOfApproval)
    .filter(({ data }) => data.approvalId === approvalId)
    .reduce<ApprovalDocument | null>((document, event) => approvals.apply(document, event, approvalId), before);

/** `null` for what was done, or refused. */
export const proposedBy = (outcome: StockOutcome): ApprovalDocument | null => {
  if (outcome.kind !== 'recorded') return null;
  const events: readonly Recorded<StockChangeProposed>[] = outcome.events.filter(
    (event): event is Recorded<StockChangeProposed> => event.type === 'StockChangeProposed',
  );
  const [proposed] = events;
  return proposed === undefined ? null : approvalAfter(null, events, proposed.data.approvalId);
};

/** Without its note, so that it may be kept with an idempotency key. @param revision of the stock. */
export const showApprovalPublicly = (approval: ApprovalDocument, revision: number) => {
  const { approvalId, warehouseId, sku, status, change, held, proposedBy: subject, occurredAt, proposedAt } = approval;
  return {
    approvalId,
    warehouseId,
    sku,
    status,
    change,
    held,
    proposedBy: subject,
    occurredAt,
    proposedAt,
    decidedBy: approval.decidedBy ?? null,
    decidedAt: approval.decidedAt ?? null,
    rejectionReason: approval.rejectionReason ?? null,
    revision,
  };
};

/** 202 where the command was only proposed, with the claims that it took; `undefined` where it was not. */
export const answerProposal = (outcome: StockOutcome, reply: FastifyReply): object | undefined => {
  const approval = proposedBy(outcome);
  if (approval === null) return undefined;
  return answerOutcome(outcome, reply, {
    status: 202,
    location: `/v1/approvals/${approval.approvalId}`,
    body: ({ revision, events }) => ({ ...showApprovalPublicly(approval, revision), ...showFact(events) }),
  });
};
