/** What an order must be in itself, before anything is asked about stock. */
import { refuse } from '../../eventsourcing/message.ts';
import { isQuantity, orderLineQuantityMax, orderQuantityMax } from '../values.ts';
import type { OrderDecision } from './commands.ts';
import type { OrderLine } from './shapes.ts';

/** @returns `null`: nothing is wrong. */
export const lineRefusal = (lines: readonly OrderLine[]): OrderDecision | null => {
  if (lines.length > 1 && new Set(lines.map(({ lineId }) => lineId)).size !== lines.length) {
    return refuse('ORDER_LINE_REPEATED', 'Each line needs a lineId of its own.');
  }
  if (!lines.every(({ quantity }) => isQuantity(quantity) && quantity <= orderLineQuantityMax)) {
    const detail = `Each line orders a whole number of pieces, from 1 to ${orderLineQuantityMax}.`;
    return refuse('QUANTITY_INVALID', detail);
  }
  const quantity = lines.reduce((sum, line) => sum + line.quantity, 0);
  if (quantity > orderQuantityMax) {
    return refuse('ORDER_TOO_LARGE', `An order has at most ${orderQuantityMax} pieces.`, { quantity });
  }
  if (lines.every(({ currency }) => currency === lines[0]?.currency)) return null;
  const currencies = [...new Set(lines.map(({ currency }) => currency))];
  return refuse('CURRENCIES_MIXED', 'All lines of an order are in one currency.', { currencies });
};
