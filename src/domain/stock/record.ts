/** What every stock decision shares: the figures after it, the key of the stock, the answer to too much. */
import { accept, refuse } from '../message.ts';
import { quantityMax } from '../values.ts';
import type { StockDecision, Target } from './commands.ts';
import type { StockEvent } from './events.ts';
import { availableOf, type KnownStock, moveBalance, type StockMovement } from './state.ts';

export const keyOf = ({ warehouseId, sku }: Target): { warehouseId: string; sku: string } => ({ warehouseId, sku });

/** Adds the figures after the movement, and refuses what would leave the integers we count in. */
export const record = ({ balance }: Pick<KnownStock, 'balance'>, movement: StockMovement): StockDecision => {
  const after = moveBalance(balance, movement);
  if (after.onHand > quantityMax) return refuse('QUANTITY_TOO_LARGE', `At most ${quantityMax} pieces fit one stock.`);
  return accept({ ...movement, data: { ...movement.data, after } } as StockEvent);
};

export const insufficient = ({ balance }: KnownStock, requested: number, can: number): StockDecision =>
  refuse('INSUFFICIENT_STOCK', `${requested} asked for, ${can} can be taken.`, {
    requested,
    available: availableOf(balance),
    onHand: balance.onHand,
    reserved: balance.reserved,
  });
