/** What happened to a stock (R3.1): facts of the physical world, which no reservation stands against (T28). */
import Type, { type Static } from 'typebox';
import type { StockOutcome } from '../../commands/stock.ts';
import type { StockCommand } from '../../domain/stock/commands.ts';
import { answerFact, answerStock, stockProblems } from '../commands/answers.ts';
import { answerProposal, proposalProblems } from '../commands/proposals.ts';
import { businessTime } from '../input/formats.ts';
import { ifMatchOf } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import type { Router } from '../route.ts';
import type { CommandInput } from '../routeSpec.ts';
import { Approval } from '../schemas/approvals.ts';
import { DryRun, ref } from '../schemas/common.ts';
import {
  AdjustmentBody,
  QuarantineBody,
  ReceiptBody,
  SetBody,
  StockLevel,
  StockLevelAfterFact,
  StockPath,
} from '../schemas/stock.ts';

const tag = 'Inventory';
const url = '/v1/warehouses/:warehouseId/inventory/:sku';
const created = { 201: ref(StockLevel), 200: ref(DryRun) };
const factRecorded = { 201: ref(StockLevelAfterFact), 200: ref(DryRun) };

const factRule =
  'A fact is recorded even below what is reserved: the newest claims that no longer stand lapse, and their orders look ' +
  'for other sources. What goes beyond what is there is told as `missing`.';

const proposalRule =
  'Where the operator wants a second person for so many pieces (`APPROVAL_FROM_UNITS`), it is only proposed: 202 with the ' +
  'approval. What may be gone counts as quarantined until then.';

type TimedInput = CommandInput<Static<typeof StockPath>, { readonly occurredAt?: string; readonly note?: string }>;

export const registerInventoryFacts = ({ command }: Router, { useCases, clock }: HttpPorts): void => {
  const targetOf = ({ params, body }: TimedInput) => ({
    ...params,
    occurredAt: businessTime(body.occurredAt, clock.now()),
  });

  const change = ({ body: { note }, context }: TimedInput, stockCommand: StockCommand): Promise<StockOutcome> =>
    useCases.changeStock({ command: stockCommand, context, ...(note === undefined ? {} : { note }) });

  const changeLevel = async (asked: TimedInput, stockCommand: StockCommand): Promise<unknown> =>
    answerStock(await change(asked, stockCommand), asked.reply, { ...asked.params, status: 201 });

  const recordFact = async (asked: TimedInput, stockCommand: StockCommand, status: 200 | 201): Promise<unknown> => {
    const outcome = await change(asked, stockCommand);
    return answerProposal(outcome, asked.reply) ?? answerFact(outcome, asked.reply, { ...asked.params, status });
  };

  command({
    operation: 'adjustInventory',
    isRemade: true,
    method: 'POST',
    url: `${url}/adjustments`,
    tag,
    summary: 'Adjust by a difference, with a reason',
    description: `${factRule} ${proposalRule}`,
    params: StockPath,
    body: AdjustmentBody,
    answers: { ...factRecorded, 202: ref(Approval) },
    problems: [...stockProblems, ...proposalProblems],
    handle: async (asked) => {
      const { delta, reason, reference } = asked.body;
      const optional = reference === undefined ? {} : { reference };
      return recordFact(asked, { type: 'AdjustStock', ...targetOf(asked), delta, reason, ...optional }, 201);
    },
  });

  command({
    operation: 'receiveInventory',
    isRemade: true,
    method: 'POST',
    url: `${url}/receipts`,
    tag,
    summary: 'Receive goods, against a purchase order or an advance shipping notice',
    params: StockPath,
    body: ReceiptBody,
    answers: created,
    problems: stockProblems,
    handle: async (asked) => changeLevel(asked, { type: 'ReceiveStock', ...asked.body, ...targetOf(asked) }),
  });

  command({
    operation: 'quarantineInventory',
    isRemade: true,
    method: 'POST',
    url: `${url}/quarantine`,
    tag,
    summary: 'Take pieces out of sale: damaged, or to be inspected',
    description: factRule,
    params: StockPath,
    body: QuarantineBody,
    answers: factRecorded,
    problems: stockProblems,
    handle: async (asked) => {
      const { quantity, reason } = asked.body;
      return recordFact(asked, { type: 'QuarantineStock', ...targetOf(asked), quantity, reason }, 201);
    },
  });

  command({
    operation: 'setInventory',
    isRemade: true,
    method: 'PUT',
    url,
    tag,
    summary: 'Set the counted quantity',
    description: `Needs If-Match: a count is about the stock that was seen, and about no other. ${factRule} ${proposalRule}`,
    params: StockPath,
    body: SetBody,
    answers: { 200: Type.Union([ref(StockLevelAfterFact), ref(DryRun)]), 202: ref(Approval) },
    problems: [...stockProblems, ...proposalProblems, 'IF_MATCH_REQUIRED'],
    handle: async (asked) => {
      if (ifMatchOf(asked.request) === undefined) {
        throw new Problem('IF_MATCH_REQUIRED', 'Send the ETag of the stock that was counted.');
      }
      const { onHand: counted, reason } = asked.body;
      return recordFact(asked, { type: 'SetStock', ...targetOf(asked), counted, reason }, 200);
    },
  });
};
