/** Everything that changes one stock, one by one or many in a request. */
import { refuse } from '../domain/message.ts';
import type { StockCommand, StockRefusal } from '../domain/stock/commands.ts';
import type { StockEvent } from '../domain/stock/events.ts';
import type { Stock } from '../domain/stock/state.ts';
import { stockStream, warehouseStream } from '../domain/values.ts';
import type { Handlers } from './handlers.ts';
import type { SealNote } from './notes.ts';
import type { CommandContext, Outcome } from './outcome.ts';

export type StockOutcome = Outcome<Stock, StockEvent, StockRefusal | 'WAREHOUSE_NOT_FOUND'>;

export interface StockChange {
  /** Without its note, which is sealed here. */
  readonly command: StockCommand;
  readonly note?: string;
  readonly context: CommandContext;
}

const noWarehouse: StockOutcome = {
  kind: 'refused',
  refusal: refuse('WAREHOUSE_NOT_FOUND', 'No such warehouse.').refused,
};

export const createStockUseCases = ({ stock, warehouse }: Handlers, sealNote: SealNote) => {
  /** Facts and seals, before the command takes its place in the queue of its stream. */
  const prepare = async ({ command, note, context }: StockChange): Promise<StockCommand | StockOutcome> => {
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
    stock(stockStream(command.warehouseId, command.sku), command, {
      ...context,
      occurredAt: context.occurredAt ?? command.occurredAt,
    });

  return {
    changeStock: async (change: StockChange): Promise<StockOutcome> => {
      const prepared = await prepare(change);
      return 'kind' in prepared ? prepared : submit(prepared, change.context);
    },
    /** One outcome a row, in order; rows for the same stock are decided in the order they stand in. */
    changeStocks: async (changes: readonly StockChange[]): Promise<readonly PromiseSettledResult<StockOutcome>[]> => {
      const prepared = await Promise.allSettled(changes.map(prepare));
      const outcomes = changes.map(({ context }, index): Promise<StockOutcome> => {
        const row = prepared[index];
        if (row?.status !== 'fulfilled') return Promise.reject(row?.reason as Error);
        return 'kind' in row.value ? Promise.resolve(row.value) : submit(row.value, context);
      });
      return Promise.allSettled(outcomes);
    },
  };
};
