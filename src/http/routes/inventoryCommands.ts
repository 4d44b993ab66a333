/** One stock in one warehouse, changed (R3.1). */
import Type, { type Static } from 'typebox';
import type { StockCommand } from '../../domain/stock/commands.ts';
import { ifMatchOf } from '../headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { Router } from '../route.ts';
import type { Commanded } from '../routeSpec.ts';
import { DryRun, ref } from '../schemas/common.ts';
import {
  AdjustmentBody,
  PolicyBody,
  QuarantineBody,
  QuarantineReleaseBody,
  ReceiptBody,
  RegisterBody,
  SetBody,
  StockLevel,
  StockPath,
  WarehousePath,
} from '../schemas/stock.ts';
import { answerStock, stockProblems } from '../stockAnswers.ts';
import { businessTime } from '../times.ts';

const tag = 'Inventory';
const url = '/v1/warehouses/:warehouseId/inventory/:sku';
const created = { 201: ref(StockLevel), 200: ref(DryRun) };
const changed = { 200: Type.Union([ref(StockLevel), ref(DryRun)]) };

type Timed = Commanded<Static<typeof StockPath>, { readonly occurredAt?: string; readonly note?: string }>;

export const registerInventoryCommands = ({ command }: Router, { useCases, clock }: HttpPorts): void => {
  const targetOf = ({ params, body }: Timed) => ({ ...params, occurredAt: businessTime(body.occurredAt, clock.now()) });

  const change = async (asked: Timed, stockCommand: StockCommand, status: 200 | 201): Promise<unknown> => {
    const { note } = asked.body;
    const { context } = asked;
    const outcome = await useCases.changeStock({
      command: stockCommand,
      context,
      ...(note === undefined ? {} : { note }),
    });
    return answerStock(outcome, asked.reply, { ...asked.params, status });
  };

  command({
    operation: 'registerInventory',
    method: 'POST',
    url: '/v1/warehouses/:warehouseId/inventory',
    tag,
    summary: 'Register a SKU in a warehouse',
    params: WarehousePath,
    body: RegisterBody,
    answers: created,
    problems: [...stockProblems, 'STOCK_ALREADY_REGISTERED'],
    handle: async ({ params: { warehouseId }, body, context, reply }) => {
      const { sku, onHand = 0, safetyStock = 0 } = body;
      const occurredAt = businessTime(body.occurredAt, clock.now());
      const stockCommand = { type: 'RegisterStock', warehouseId, sku, occurredAt, onHand, safetyStock } as const;
      const outcome = await useCases.changeStock({ command: stockCommand, context });
      return answerStock(outcome, reply, { warehouseId, sku, status: 201 });
    },
  });

  command({
    operation: 'adjustInventory',
    method: 'POST',
    url: `${url}/adjustments`,
    tag,
    summary: 'Adjust by a difference, with a reason',
    params: StockPath,
    body: AdjustmentBody,
    answers: created,
    problems: [...stockProblems, 'INSUFFICIENT_STOCK'],
    handle: async (asked) => {
      const { delta, reason, reference } = asked.body;
      const optional = reference === undefined ? {} : { reference };
      return change(asked, { type: 'AdjustStock', ...targetOf(asked), delta, reason, ...optional }, 201);
    },
  });

  command({
    operation: 'receiveInventory',
    method: 'POST',
    url: `${url}/receipts`,
    tag,
    summary: 'Receive goods, against a purchase order or an advance shipping notice',
    params: StockPath,
    body: ReceiptBody,
    answers: created,
    problems: stockProblems,
    handle: async (asked) => change(asked, { type: 'ReceiveStock', ...asked.body, ...targetOf(asked) }, 201),
  });

  command({
    operation: 'quarantineInventory',
    method: 'POST',
    url: `${url}/quarantine`,
    tag,
    summary: 'Take pieces out of sale: damaged, or to be inspected',
    params: StockPath,
    body: QuarantineBody,
    answers: created,
    problems: [...stockProblems, 'INSUFFICIENT_STOCK'],
    handle: async (asked) => {
      const { quantity, reason } = asked.body;
      return change(asked, { type: 'QuarantineStock', ...targetOf(asked), quantity, reason }, 201);
    },
  });

  command({
    operation: 'releaseQuarantine',
    method: 'POST',
    url: `${url}/quarantine-releases`,
    tag,
    summary: 'Put pieces back into sale',
    params: StockPath,
    body: QuarantineReleaseBody,
    answers: created,
    problems: [...stockProblems, 'INSUFFICIENT_STOCK'],
    handle: async (asked) => {
      const { quantity } = asked.body;
      return change(asked, { type: 'ReleaseQuarantine', ...targetOf(asked), quantity }, 201);
    },
  });

  command({
    operation: 'setInventory',
    method: 'PUT',
    url,
    tag,
    summary: 'Set the counted quantity',
    description: 'Needs If-Match: a count is about the stock that was seen, and about no other.',
    params: StockPath,
    body: SetBody,
    answers: changed,
    problems: [...stockProblems, 'INSUFFICIENT_STOCK', 'IF_MATCH_REQUIRED'],
    handle: async (asked) => {
      if (ifMatchOf(asked.request) === undefined) {
        throw new Problem('IF_MATCH_REQUIRED', 'Send the ETag of the stock that was counted.');
      }
      const { onHand: counted, reason } = asked.body;
      return change(asked, { type: 'SetStock', ...targetOf(asked), counted, reason }, 200);
    },
  });

  command({
    operation: 'setInventoryPolicy',
    method: 'PUT',
    url: `${url}/policy`,
    tag,
    summary: 'Set the safety stock, which is held back from sale',
    params: StockPath,
    body: PolicyBody,
    answers: changed,
    problems: stockProblems,
    handle: async ({ params, body, context, reply }) => {
      const stockCommand = { type: 'SetStockPolicy', ...params, occurredAt: clock.now(), ...body } as const;
      const outcome = await useCases.changeStock({ command: stockCommand, context });
      return answerStock(outcome, reply, { ...params, status: 200 });
    },
  });

  command({
    operation: 'retireInventory',
    method: 'DELETE',
    url,
    tag,
    summary: 'Retire a stock that is empty',
    params: StockPath,
    answers: changed,
    problems: [...stockProblems, 'STOCK_NOT_EMPTY', 'STEP_UP_REQUIRED'],
    handle: async ({ params, context, reply }) => {
      const stockCommand = { type: 'RetireStock', ...params, occurredAt: clock.now() } as const;
      const outcome = await useCases.changeStock({ command: stockCommand, context });
      return answerStock(outcome, reply, { ...params, status: 200 });
    },
  });
};
