/** What every stock decision shares: the figures after it, the key of the stock, the answer to too much. */
import { accept, refuse } from '../../eventsourcing/message.ts';
import { quantityMax } from '../values.ts';
import type { StockDecision, Target } from './commands.ts';
import type { StockEvent } from './events.ts';
import { moveBalance, type StockMovement } from './movement.ts';
import { availableOf, type KnownStock } from './state.ts';

export const keyOf = ({ warehouseId, sku }: Target): { warehouseId: string; sku: string } => ({ warehouseId, sku });

/** Adds the figures after each movement, and refuses what would leave the integers we count in. */
export const recordAll = (
  { balance }: Pick<KnownStock, 'balance'>,
  movements: readonly StockMovement[],
): StockDecision => {
  const events: StockEvent[] = [];
  let after = balance;
  for (const movement of movements) {
    after = moveBalance(after, movement);
    if (after.onHand > quantityMax) return refuse('QUANTITY_TOO_LARGE', `At most ${quantityMax} pieces fit one stock.`);
    events.push({ ...movement, data: { ...movement.data, after } } as StockEvent);
  }
  return accept(...events);
};

export const record = (stock: Pick<KnownStock, 'balance'>, movement: StockMovement): StockDecision =>
  recordAll(stock, [movement]);

export const insufficient = ({ balance }: KnownStock, requested: number, can: number): StockDecision =>
  refuse('INSUFFICIENT_STOCK', `${requested} asked for, ${can} can be taken.`, {
    requested,
    available: availableOf(balance),
    onHand: balance.onHand,
    reserved: balance.reserved,
  });
