/** The shelf was counted, and goods went on moving meanwhile (B9, docs/counts.md). */
import { answerFact, stockProblems } from '../commands/answers.ts';
import { answerProposal, proposalProblems } from '../commands/proposals.ts';
import { businessTime } from '../input/formats.ts';
import type { HttpPorts } from '../ports.ts';
import type { Router } from '../route.ts';
import { Approval } from '../schemas/approvals.ts';
import { DryRun, ref } from '../schemas/common.ts';
import { CountBody, StockLevelAfterFact, StockPath } from '../schemas/stock.ts';

export const registerInventoryCounts = ({ command }: Router, { useCases, clock }: HttpPorts): void => {
  command({
    operation: 'countInventory',
    isRemade: true,
    method: 'POST',
    url: '/v1/warehouses/:warehouseId/inventory/:sku/counts',
    tag: 'Inventory',
    summary: 'Count against the revision at which counting began',
    description:
      'What has moved since `baseRevision` is counted in: a sale during the count is not undone. A later count is not a ' +
      'movement, so the same mistake is not put right twice. Below what is reserved the newest claims lapse, and with ' +
      '`APPROVAL_FROM_UNITS` a large difference is only proposed, as with `PUT`.',
    params: StockPath,
    body: CountBody,
    answers: { 201: ref(StockLevelAfterFact), 200: ref(DryRun), 202: ref(Approval) },
    problems: [...stockProblems, ...proposalProblems, 'COUNT_BASE_NOT_FOUND'],
    handle: async ({ params, body, context, reply }) => {
      const { counted, baseRevision, reason, note } = body;
      const occurredAt = businessTime(body.occurredAt, clock.now());
      const count = { type: 'SetStock', ...params, occurredAt, counted, reason } as const;
      const outcome = await useCases.countStock(
        { count, baseRevision, ...(note === undefined ? {} : { note }) },
        context,
      );
      return answerProposal(outcome, reply) ?? answerFact(outcome, reply, { ...params, status: 201 });
    },
  });
};
