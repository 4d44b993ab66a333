/** Many changes in one request: each row has its own answer, and one bad row stops no other. */
import Type, { type Static, type TSchema } from 'typebox';
import type { StockChange, StockOutcome } from '../../commands/stock.ts';
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import type { StockCommand } from '../../domain/stock/commands.ts';
import { availableOf } from '../../domain/stock/state.ts';
import { derivedId } from '../../eventsourcing/commandHandling/ids.ts';
import type { CommandContext } from '../../eventsourcing/commandHandling/outcome.ts';
import { unreachable } from '../../eventsourcing/message.ts';
import { showDryRun, showFact } from '../commands/answers.ts';
import { proposedBy } from '../commands/proposals.ts';
import { businessTime } from '../input/formats.ts';
import { tellReplayed } from '../input/headers.ts';
import { createCompiler } from '../input/validation.ts';
import type { HttpPorts } from '../ports.ts';
import { asProblem, Problem, validationProblem } from '../problems/problem.ts';
import { type ProblemCode, problems } from '../problems/problemCodes.ts';
import type { Router } from '../route.ts';
import { Closed, ref } from '../schemas/common.ts';
import { type ChangeRow, ChangesAnswer, ChangesBody, changeRows, changesMax } from '../schemas/stock.ts';

/** Checks one row of a request by its `kind`. The validator throws a Problem for what it does not accept. */
const createRowValidator = (schemas: { readonly [kind: string]: TSchema }): ((row: unknown) => void) => {
  const compile = createCompiler({});
  const byKind = new Map(Object.entries(schemas).map(([kind, schema]) => [kind, compile(schema)]));
  return (row) => {
    const kind: unknown = typeof row === 'object' && row !== null && 'kind' in row ? row.kind : undefined;
    const validate = typeof kind === 'string' ? byKind.get(kind) : undefined;
    if (validate === undefined) throw new Problem('VALIDATION', `"kind" is one of ${[...byKind.keys()].join(', ')}.`);
    if (!validate(row)) throw validationProblem({ validation: [...(validate.errors ?? [])] as never });
  };
};

type InventoryChange = Static<typeof ChangeRow>;

/** 500 rows with a note each stay below it. */
const bodyBytesMax = 2 * 1_024 * 1_024;
/** Checked in one turn of the event loop: some 200 kB of notes. */
const rowsOfTurn = 100;

interface RowAnswer {
  readonly index: number;
  readonly status: number;
  readonly revision?: number;
  readonly onHand?: number;
  readonly available?: number;
  readonly events?: readonly object[];
  readonly approvalId?: string;
  readonly code?: ProblemCode;
  readonly detail?: string;
}

/** What all rows of a request share. */
interface RowsInput {
  readonly context: Omit<CommandContext, 'ifMatch'>;
  readonly reach: Reach;
  /** A warehouse out of reach was named. */
  readonly onMissed: (warehouseId: string) => void;
}

const commandOf = (row: InventoryChange, occurredAt: string): StockCommand => {
  const { warehouseId, sku } = row;
  const target = { warehouseId, sku, occurredAt };
  switch (row.kind) {
    case 'register':
      return { type: 'RegisterStock', ...target, onHand: row.onHand ?? 0, safetyStock: row.safetyStock ?? 0 };
    case 'set':
      return { type: 'SetStock', ...target, counted: row.onHand, reason: row.reason };
    case 'adjustment': {
      const reference = row.reference === undefined ? {} : { reference: row.reference };
      return { type: 'AdjustStock', ...target, delta: row.delta, reason: row.reason, ...reference };
    }
    case 'receipt': {
      const { kind: _, ifRevision: __, occurredAt: ___, ...receipt } = row;
      return { type: 'ReceiveStock', ...receipt, ...target };
    }
    case 'quarantine':
      return { type: 'QuarantineStock', ...target, quantity: row.quantity, reason: row.reason };
    case 'quarantine-release':
      return { type: 'ReleaseQuarantine', ...target, quantity: row.quantity };
    default:
      return unreachable(row);
  }
};

const noteOf = (row: InventoryChange): { readonly note?: string } => ('note' in row ? { note: row.note } : {});

const refusedRow = (index: number, { code, message }: Problem): RowAnswer => ({
  index,
  status: problems[code].status,
  code,
  detail: message,
});

const answerRow = (index: number, outcome: StockOutcome, reach: Reach): RowAnswer => {
  switch (outcome.kind) {
    case 'recorded':
    case 'unchanged': {
      const { state, revision } = outcome;
      if (state.phase === 'absent') throw new Error('an accepted command left no stock');
      const { balance } = state;
      const fact = outcome.kind === 'recorded' ? showFact(outcome.events) : {};
      const proposal = proposedBy(outcome);
      const done = proposal === null ? { status: 200 } : { status: 202, approvalId: proposal.approvalId };
      return { index, ...done, revision, onHand: balance.onHand, available: availableOf(balance), ...fact };
    }
    case 'dry_run':
      return { index, status: 200, events: showDryRun(outcome.events, reach) };
    case 'refused':
      return refusedRow(index, new Problem(outcome.refusal.code, outcome.refusal.detail));
    case 'stale':
      return refusedRow(index, new Problem('REVISION_CONFLICT', `The current revision is ${outcome.currentRevision}.`));
    default:
      return unreachable(outcome);
  }
};

export const registerInventoryChanges = ({ command }: Router, { useCases, clock }: HttpPorts): void => {
  const validateRow = createRowValidator(changeRows);

  /** @throws Problem for a row that is malformed, in the future, or about a warehouse out of reach. */
  const changeOf = (row: unknown, index: number, { context, reach, onMissed }: RowsInput): StockChange => {
    validateRow(row);
    const checked = row as InventoryChange;
    if (!reachesWarehouse(reach, checked.warehouseId)) {
      onMissed(checked.warehouseId);
      throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
    }
    const occurredAt = businessTime(checked.occurredAt, clock.now());
    const { ifRevision } = checked;
    return {
      command: commandOf(checked, occurredAt),
      ...noteOf(checked),
      context: {
        ...context,
        occurredAt,
        commandId: derivedId(`${context.commandId}/row/${index}`),
        causationId: context.commandId,
        ...(ifRevision === undefined ? {} : { ifMatch: [ifRevision] }),
      },
    };
  };

  command({
    operation: 'changeInventory',
    method: 'POST',
    url: '/v1/inventory/changes',
    tag: 'Inventory',
    summary: `Up to ${changesMax} changes in one request`,
    description:
      'Each row is answered as if it had been sent alone, and is decided on its own; rows for the same stock in their ' +
      'order. With `dryRun`, each row is decided on the stock as it is.',
    body: ChangesBody,
    bodyChecked: Closed({ changes: Type.Array(Type.Object({}), { minItems: 1, maxItems: changesMax }) }),
    bodyBytesMax,
    isBulk: true,
    cost: 10,
    answers: { 207: ref(ChangesAnswer) },
    problems: ['STEP_UP_REQUIRED'],
    handle: async (asked) => {
      // Each row has a revision of its own.
      const { ifMatch: _, ...context } = asked.context;
      const { request } = asked;
      const missed: string[] = [];
      request.missed = missed;
      const onMissed = (warehouseId: string): void => void missed.push(warehouseId);
      const input = { context, reach: asked.reach, onMissed };
      const rows: (StockChange | RowAnswer)[] = [];
      for (const [index, row] of asked.body.changes.entries()) {
        if (index % rowsOfTurn === 0) await asked.takeTurn();
        try {
          rows.push(changeOf(row, index, input));
        } catch (error) {
          rows.push(refusedRow(index, asProblem(error)));
        }
      }
      const changes = rows.filter((row) => 'command' in row);
      const outcomes = (await useCases.changeStocks(changes)).values();
      const results = rows.map((row, index): RowAnswer => {
        if (!('command' in row)) return row;
        const outcome = outcomes.next().value;
        if (outcome?.status === 'fulfilled') {
          const { value } = outcome;
          if (value.kind === 'recorded' && value.isReplay === true) tellReplayed(asked.reply);
          return answerRow(index, value, asked.reach);
        }
        request.log.warn({ err: outcome?.reason as unknown, reqId: request.id, index }, 'row failed');
        return refusedRow(index, asProblem(outcome?.reason));
      });
      asked.reply.code(207);
      return { results };
    },
  });
};
