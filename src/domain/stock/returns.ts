/**
 * Goods that came back. A return's own stream has decided it and is not asked again, so nothing that it has decided
 * is refused here: a stock that is not there, or was retired, is opened for what lies on its shelf.
 */
import { accept, refuse } from '../../eventsourcing/message.ts';
import { isQuantity } from '../values.ts';
import { emptyBalance, moveBalance, type StockMovement } from './balance.ts';
import type { StockCommandOf, StockDecision } from './commands.ts';
import type { StockEvent } from './events.ts';
import { keyOf } from './reservations.ts';
import type { Balance } from './shapes.ts';
import type { Stock } from './state.ts';

/** As `recordAll`, but what came back is never too much. */
const recordFact = (balance: Balance, movements: readonly StockMovement[]): StockDecision => {
  let after = balance;
  const events = movements.map((movement) => {
    after = moveBalance(after, movement);
    return { ...movement, data: { ...movement.data, after } } as StockEvent;
  });
  return accept(...events);
};

export const returnStock = (command: StockCommandOf<'ReturnStock'>, stock: Stock): StockDecision => {
  const { quantity, disposition, returnId, orderId, lineId, occurredAt } = command;
  if (!isQuantity(quantity)) return refuse('QUANTITY_INVALID', 'A quantity is a whole number of pieces in range.');
  const key = keyOf(command);
  const back: StockMovement = {
    type: 'StockReturned',
    data: { ...key, quantity, disposition, returnId, orderId, lineId },
  };
  if (stock.phase === 'active') return recordFact(stock.balance, [back]);
  // What is thrown away lies on no shelf; its return has it on record.
  if (disposition === 'scrap') return accept();
  const opened = { ...key, onHand: 0, safetyStock: 0, registeredAt: occurredAt };
  return recordFact(emptyBalance, [{ type: 'StockRegistered', data: opened }, back]);
};
