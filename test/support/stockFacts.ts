/** What the tests of a stock count for themselves. */
import type { StockEvent } from '../../src/domain/stock/events.ts';
import type { Stock } from '../../src/domain/stock/state.ts';

export const onHandOf = (stock: Stock): number => (stock.phase === 'absent' ? 0 : stock.balance.onHand);

/** Pieces that an event brings in from outside, or takes out. */
export const broughtBy = ({ type, data }: StockEvent): number => {
  switch (type) {
    case 'StockRegistered':
      return data.onHand;
    case 'StockReceived':
    case 'StockDispatchVoided':
    case 'StockArrived':
      return data.quantity;
    case 'StockAdjusted':
    case 'StockCounted':
      return data.delta;
    case 'StockTransferredIn':
      return data.quantity;
    case 'StockTransferredOut':
    case 'StockShipped':
    case 'StockDeparted':
      return -data.quantity;
    case 'StockReturned':
      return data.disposition === 'scrap' ? 0 : data.quantity;
    default:
      return 0;
  }
};
