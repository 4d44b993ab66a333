/** Everything that changes one stock, one by one or many in a request. */
import type { StockCommand, StockRefusal } from '../domain/stock/commands.ts';
import type { StockEvent } from '../domain/stock/events.ts';
import type { Stock } from '../domain/stock/state.ts';
import { stockStream, warehouseStream } from '../domain/values.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';
import type { CommandContext, Outcome } from '../eventsourcing/commandHandling/outcome.ts';
import { createSlots } from '../eventsourcing/concurrency.ts';
import { refuse } from '../eventsourcing/message.ts';
import type { Handlers, SealNote } from './handlers.ts';

/** The revision at which counting began is not one that the count can be carried on from. */
export type CountRefusal = 'COUNT_BASE_NOT_FOUND';
export type StockOutcome = Outcome<Stock, StockEvent, StockRefusal | 'WAREHOUSE_NOT_FOUND' | CountRefusal>;

export interface StockChange {
  /** Without its note, which is sealed here. */
  readonly command: StockCommand;
  readonly note?: string;
  readonly context: CommandContext;
}

/**
 * Stocks of bulk changes that are written at once, of all requests together: what two messages to the embedded writer take, one
 * that it works on and the next. More would only wait there, and what people and shops ask for would wait behind it.
 */
const bulkStocksMax = 128;
/** Rows for one stock that are asked for at once: as many as one append takes. */
const bulkRowsMax = 128;

const noWarehouse: StockOutcome = {
  kind: 'refused',
  refusal: refuse('WAREHOUSE_NOT_FOUND', 'No such warehouse.').refused,
};

interface StockUseCasePorts {
  readonly sealNote: SealNote;
  /** Counts and adjustments of so many pieces, and retirements, take a second person (T13); 0: nothing does. */
  readonly approvalFromUnits: number;
}

export const createStockUseCases = (
  { stock, warehouse }: Handlers,
  { sealNote, approvalFromUnits }: StockUseCasePorts,
) => {
  /** What a person or a client states about the shelf, and nothing that has a document of its own. */
  const withTerms = (command: StockCommand, { commandId, actor }: CommandContext): StockCommand => {
    if (approvalFromUnits === 0) return command;
    switch (command.type) {
      case 'AdjustStock':
      case 'SetStock':
      case 'RetireStock': {
        // An old key may come again for another stock, and must not make the same id.
        const approvalId = derivedId(`approval/${commandId}/${stockStream(command.warehouseId, command.sku)}`);
        return { ...command, approval: { fromUnits: approvalFromUnits, approvalId, by: actor.subject } };
      }
      default:
        return command;
    }
  };

  /** Facts and seals, before the command takes its place in the queue of its stream. */
  const prepare = async ({ command: asked, note, context }: StockChange): Promise<StockCommand | StockOutcome> => {
    const command = withTerms(asked, context);
    const { warehouseId, sku } = command;
    if (command.type === 'RegisterStock') {
      const { state } = await warehouse.load(warehouseStream(warehouseId));
      if (state.phase === 'absent') return noWarehouse;
    }
    if (note === undefined) return command;
    switch (command.type) {
      case 'AdjustStock':
      case 'SetStock':
      case 'QuarantineStock':
        return { ...command, note: await sealNote(note, stockStream(warehouseId, sku), context) };
      default:
        return command;
    }
  };

  const submit = (command: StockCommand, context: CommandContext): Promise<StockOutcome> =>
    stock(
      stockStream(command.warehouseId, command.sku),
      command,
      context.occurredAt === undefined ? { ...context, occurredAt: command.occurredAt } : context,
    );

  /** Rows for one stock, decided in their order. */
  const submitRows = async (rows: readonly StockChange[]): Promise<readonly PromiseSettledResult<StockOutcome>[]> => {
    const prepared = await Promise.allSettled(rows.map(prepare));
    const outcomes = rows.map(({ context }, index): Promise<StockOutcome> => {
      const row = prepared[index];
      if (row?.status !== 'fulfilled') return Promise.reject(row?.reason as Error);
      return 'kind' in row.value ? Promise.resolve(row.value) : submit(row.value, context);
    });
    return Promise.allSettled(outcomes);
  };

  const inBulk = createSlots(bulkStocksMax);

  return {
    changeStock: async (change: StockChange): Promise<StockOutcome> => {
      const prepared = await prepare(change);
      return 'kind' in prepared ? prepared : submit(prepared, change.context);
    },
    /** One outcome a row, in order; rows for the same stock are decided in the order they stand in. */
    changeStocks: async (changes: readonly StockChange[]): Promise<readonly PromiseSettledResult<StockOutcome>[]> => {
      const outcomes: PromiseSettledResult<StockOutcome>[] = [];
      const byStock = Map.groupBy(changes.entries(), ([, { command }]) =>
        stockStream(command.warehouseId, command.sku),
      );
      const changeOne = async (rows: readonly (readonly [number, StockChange])[]): Promise<void> => {
        for (let from = 0; from < rows.length; from += bulkRowsMax) {
          const some = rows.slice(from, from + bulkRowsMax);
          const settled = await inBulk(() => submitRows(some.map(([, change]) => change)));
          for (const [at, outcome] of settled.entries()) outcomes[some[at]?.[0] ?? 0] = outcome;
        }
      };
      await Promise.all([...byStock.values()].map(changeOne));
      return outcomes;
    },
  };
};
