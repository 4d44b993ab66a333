/** Changes of stocks that a second person has to approve before they are done (T13, ADR 28). */
import Type from 'typebox';
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import type { StockCommandOf } from '../../domain/stock/commands.ts';
import type { ApprovalDocument } from '../../projections/approvals/projection.ts';
import { stockLevelId } from '../../projections/stockLevels/projection.ts';
import { answerOutcome, showFact, stockProblems } from '../commands/answers.ts';
import { approvalAfter, showApprovalPublicly } from '../commands/proposals.ts';
import { showResource } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { findApproval, findApprovalNow, showApproval } from '../reads/approvals.ts';
import { answerPageOf, pageRequestOf } from '../reads/lists.ts';
import type { Router } from '../route.ts';
import type { CommandInput } from '../routeSpec.ts';
import { Approval, ApprovalPath, ApprovalsQuery, RejectionBody } from '../schemas/approvals.ts';
import { DryRun, NotModified, PageOf, ref } from '../schemas/common.ts';

const tag = 'Approvals';
const decided = { 200: Type.Union([ref(Approval), ref(DryRun)]) };

/** The warehouses to look in; absent: all. @throws Problem for one out of reach. */
const within = (reach: Reach, warehouseId: string | undefined): { readonly warehouseIds?: readonly string[] } => {
  if (warehouseId === undefined) return reach.warehouses === 'all' ? {} : { warehouseIds: reach.warehouses };
  if (!reachesWarehouse(reach, warehouseId)) throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
  return { warehouseIds: [warehouseId] };
};

const registerApprovalReads = ({ read }: Router, ports: HttpPorts): void => {
  const { readModels, personalData } = ports;
  const { approvals, stockLevels } = readModels;

  /** Those of the stocks as they are now. */
  const revisionsOf = async (found: readonly ApprovalDocument[]): Promise<(approval: ApprovalDocument) => number> => {
    const levels = await stockLevels.queries.getMany(found);
    const known = new Map(levels.map((level) => [stockLevelId(level.warehouseId, level.sku), level.revision]));
    return ({ warehouseId, sku, revision }) => known.get(stockLevelId(warehouseId, sku)) ?? revision;
  };

  read({
    operation: 'getApproval',
    url: '/v1/approvals/:approvalId',
    tag,
    summary: 'One change that waits for a second person, or was decided',
    params: ApprovalPath,
    answers: { 200: ref(Approval), 304: NotModified },
    problems: ['APPROVAL_NOT_FOUND'],
    models: [approvals.model, stockLevels.model],
    handle: async ({ params: { approvalId }, reach, request, reply }) => {
      const approval = await findApproval(ports, approvalId, reach);
      const revision = (await revisionsOf([approval]))(approval);
      return showResource(
        await showApproval(approval, revision, reach, personalData),
        { request, reply },
        approval.revision,
      );
    },
  });

  read({
    operation: 'listApprovals',
    url: '/v1/approvals',
    tag,
    summary: 'Changes that wait for a second person, and those that were decided, the newest first',
    query: ApprovalsQuery,
    answers: { 200: PageOf(ref(Approval)) },
    problems: ['INVALID_CURSOR', 'WAREHOUSE_NOT_FOUND'],
    models: [approvals.model, stockLevels.model],
    handle: async ({ query, reach }) => {
      const { status, warehouseId } = query;
      const page = await approvals.queries.list({
        ...pageRequestOf(query),
        ...within(reach, warehouseId),
        ...(status === undefined ? {} : { status }),
      });
      const revisionOf = await revisionsOf(page.items);
      return answerPageOf(page, (approval) => showApproval(approval, revisionOf(approval), reach, personalData));
    },
  });
};

type Decision = StockCommandOf<'ApproveChange' | 'RejectChange'>;

export const registerApprovals = (router: Router, ports: HttpPorts): void => {
  const { useCases, clock } = ports;
  registerApprovalReads(router, ports);

  const decide = async (
    { params: { approvalId }, reach, context, reply }: CommandInput<{ readonly approvalId: string }, unknown>,
    commandOf: (target: Pick<Decision, 'warehouseId' | 'sku' | 'occurredAt' | 'approvalId'>) => Decision,
  ): Promise<unknown> => {
    const found = await findApprovalNow(ports, approvalId, reach);
    const { warehouseId, sku, change } = found;
    // What was lost, found or counted happened when the proposal says, whoever approves it when (docs/times.md).
    const occurredAt = change.kind === 'retirement' ? clock.now() : found.occurredAt;
    const command = commandOf({ warehouseId, sku, occurredAt, approvalId });
    const outcome = await useCases.changeStock({ command, context });
    return answerOutcome(outcome, reply, {
      status: 200,
      body: ({ events, revision }) => ({
        ...showApprovalPublicly(approvalAfter(found, events, approvalId) ?? found, revision),
        ...showFact(events),
      }),
    });
  };

  router.command({
    operation: 'approveChange',
    method: 'POST',
    url: '/v1/approvals/:approvalId/approval',
    tag,
    summary: 'Approve a change that somebody else has proposed: it is done',
    description:
      'By a person who may change the stock, and is not the one who proposed it. It is decided on the stock as it is now: an ' +
      'adjustment by its difference; a count by what it differed by when it was made, so that what has moved since ' +
      'stays counted; a retirement only where the stock is empty.',
    params: ApprovalPath,
    answers: decided,
    problems: [
      ...stockProblems,
      'APPROVAL_NOT_FOUND',
      'NOT_CAUGHT_UP',
      'APPROVAL_BY_PROPOSER',
      'APPROVAL_ENDED',
      'APPROVAL_OPEN',
      'COUNTED_SINCE',
      'STOCK_NOT_EMPTY',
      'PERSON_REQUIRED',
      'STEP_UP_REQUIRED',
    ],
    handle: (asked) =>
      decide(asked, (target) => ({ type: 'ApproveChange', ...target, approvedBy: asked.principal.subject })),
  });

  router.command({
    operation: 'rejectChange',
    method: 'POST',
    url: '/v1/approvals/:approvalId/rejection',
    tag,
    summary: 'Reject a proposed change, or take back one of your own: nothing is done, and what was held is free',
    params: ApprovalPath,
    body: RejectionBody,
    answers: decided,
    problems: ['STOCK_NOT_FOUND', 'APPROVAL_NOT_FOUND', 'NOT_CAUGHT_UP', 'APPROVAL_ENDED'],
    handle: (asked) =>
      decide(asked, (target) => ({
        type: 'RejectChange',
        ...target,
        rejectedBy: asked.principal.subject,
        reason: asked.body.reason,
      })),
  });
};
