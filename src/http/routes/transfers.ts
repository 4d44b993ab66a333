/** Pieces go from one warehouse to another (docs/transfers.md). */
import Type from 'typebox';
import type { TransferOutcome } from '../../commands/transfers.ts';
import { reachesWarehouse } from '../../domain/access/authorize.ts';
import type { TransferCommand } from '../../domain/transfer/commands.ts';
import { transferStream } from '../../domain/values.ts';
import { derivedTimeId } from '../../eventsourcing/commandHandling/ids.ts';
import { transferDocument } from '../../projections/transfers/projection.ts';
import { answerOutcome } from '../commands/answers.ts';
import { businessTime } from '../input/formats.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { noTransfer, requireWarehouses, showTransfer } from '../reads/transfers.ts';
import type { Router } from '../route.ts';
import type { CommandInput } from '../routeSpec.ts';
import { DryRun, ref } from '../schemas/common.ts';
import {
  DispatchBody,
  Transfer,
  TransferBody,
  TransferCancellationBody,
  TransferLossBody,
  TransferPath,
  TransferReceiptBody,
} from '../schemas/transfers.ts';

const tag = 'Transfers';
const created = { 201: ref(Transfer), 200: ref(DryRun) };
const changed = { 200: Type.Union([ref(Transfer), ref(DryRun)]) };
const lineProblems = ['TRANSFER_LINE_NOT_FOUND', 'TRANSFER_LINE_REPEATED', 'QUANTITY_INVALID'] as const;

type ChangeInput = CommandInput<{ readonly transferId: string }, { readonly occurredAt?: string }>;

/** What is left out stands for all. */
const linesOf = <L>({ lines }: { readonly lines?: L }): { readonly lines?: L } =>
  lines === undefined ? {} : { lines };

export const registerTransfers = ({ command }: Router, { useCases, clock }: HttpPorts): void => {
  const answer = (
    outcome: TransferOutcome,
    { reply, reach }: Pick<ChangeInput, 'reply' | 'reach'>,
    form: { readonly status: 200 | 201; readonly location?: string },
  ): object | undefined =>
    answerOutcome(outcome, reply, {
      ...form,
      body: ({ state, revision, updatedAt }) => {
        if (state.phase === 'absent') throw new Error('an accepted command left no transfer');
        return showTransfer(transferDocument(state, { revision, updatedAt }), reach);
      },
    });

  /** Only who reaches that end may say what happened there; to all others there is no such transfer. */
  const change = async (
    asked: ChangeInput,
    end: 'fromWarehouseId' | 'toWarehouseId',
    transferCommand: TransferCommand,
  ): Promise<object | undefined> => {
    const { params, body, context, reach } = asked;
    const { state } = await useCases.load.transfer(transferStream(params.transferId));
    if (state.phase === 'absent' || !reachesWarehouse(reach, state[end])) throw noTransfer();
    const timed = { ...context, occurredAt: businessTime(body.occurredAt, clock.now()) };
    return answer(await useCases.changeTransfer(params.transferId, transferCommand, timed), asked, { status: 200 });
  };

  command({
    operation: 'planTransfer',
    method: 'POST',
    url: '/v1/transfers',
    tag,
    summary: 'Plan a transfer: its pieces are kept for it at the source',
    description: 'All of it or nothing. It is for who reaches both warehouses.',
    body: TransferBody,
    answers: created,
    problems: [
      'WAREHOUSE_NOT_FOUND',
      'STOCK_NOT_FOUND',
      'STOCK_RETIRED',
      'INSUFFICIENT_STOCK',
      'TRANSFER_ID_TAKEN',
      'TRANSFER_LINE_REPEATED',
      'QUANTITY_INVALID',
    ],
    handle: async (asked) => {
      const { body, context, claimedAt, reach } = asked;
      const { from: fromWarehouseId, to: toWarehouseId } = body;
      requireWarehouses(reach, fromWarehouseId, toWarehouseId);
      if (fromWarehouseId === toWarehouseId) throw new Problem('VALIDATION', '"to" is another warehouse than "from".');
      const transferId = body.transferId ?? derivedTimeId(`transfer/${context.commandId}`, await claimedAt());
      const lines = body.lines.map(({ lineId, sku, quantity }, index) => ({
        lineId: lineId ?? `${index + 1}`,
        sku,
        quantity,
      }));
      const request = { transferId, fromWarehouseId, toWarehouseId, lines };
      const outcome = await useCases.planTransfer(request, context);
      return answer(outcome, asked, { status: 201, location: `/v1/transfers/${transferId}` });
    },
  });

  command({
    operation: 'dispatchTransfer',
    method: 'POST',
    url: '/v1/transfers/:transferId/dispatch',
    tag,
    summary: 'Pieces have left the source',
    description: 'A fact: recorded beyond what was planned, and after a cancellation. For who reaches the source.',
    params: TransferPath,
    body: DispatchBody,
    answers: changed,
    problems: ['TRANSFER_NOT_FOUND', 'TRANSFER_NOTHING_LEFT', 'OCCURRED_IN_FUTURE', ...lineProblems],
    handle: (asked) => change(asked, 'fromWarehouseId', { type: 'DispatchTransfer', ...linesOf(asked.body) }),
  });

  command({
    operation: 'receiveTransfer',
    method: 'POST',
    url: '/v1/transfers/:transferId/receipts',
    tag,
    summary: 'Pieces have come to the target',
    description:
      'A fact: in parts, less or more than left, also after they were declared lost. For who reaches the target.',
    params: TransferPath,
    body: TransferReceiptBody,
    answers: changed,
    problems: ['TRANSFER_NOT_FOUND', 'TRANSFER_NOTHING_LEFT', 'OCCURRED_IN_FUTURE', ...lineProblems],
    handle: (asked) => change(asked, 'toWarehouseId', { type: 'ReceiveTransfer', ...linesOf(asked.body) }),
  });

  command({
    operation: 'recordTransferLoss',
    method: 'POST',
    url: '/v1/transfers/:transferId/losses',
    tag,
    summary: 'Pieces that left will not come',
    description:
      'Of what is on its way. What comes after all is received, and was not lost. For who reaches the target.',
    params: TransferPath,
    body: TransferLossBody,
    answers: changed,
    problems: [
      'TRANSFER_NOT_FOUND',
      'TRANSFER_NOTHING_LEFT',
      'LOSS_EXCEEDS_TRANSIT',
      'OCCURRED_IN_FUTURE',
      ...lineProblems,
    ],
    handle: (asked) => {
      const { reason } = asked.body;
      return change(asked, 'toWarehouseId', { type: 'RecordLoss', reason, ...linesOf(asked.body) });
    },
  });

  command({
    operation: 'cancelTransfer',
    method: 'POST',
    url: '/v1/transfers/:transferId/cancellation',
    tag,
    summary: 'What has not left will not',
    description: 'What was kept for it is free. What has left is received, or lost. For who reaches the source.',
    params: TransferPath,
    body: TransferCancellationBody,
    answers: changed,
    problems: ['TRANSFER_NOT_FOUND', 'TRANSFER_NOTHING_LEFT'],
    handle: (asked) => {
      const { reason } = asked.body;
      return change({ ...asked, body: {} }, 'fromWarehouseId', { type: 'CancelTransfer', reason });
    },
  });
};
