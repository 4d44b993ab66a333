/** Counts that began a while ago, where changes wait for a second person (B9, T13). */
import { expect, it } from 'vitest';
import type { StockCommand } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { KnownStock, Stock } from '../../src/domain/stock/state.ts';
import { recordedBy } from '../support/deciderSpec.ts';
import { now } from '../support/samples.ts';

const target = { warehouseId: 'BER', sku: 'CHAIR', occurredAt: now };
const terms = (approvalId: string) => ({ approval: { fromUnits: 10, approvalId, by: 'anna' } });
const opened: StockCommand = { type: 'RegisterStock', ...target, onHand: 100, safetyStock: 0 };
const damaged: StockCommand = { type: 'AdjustStock', ...target, delta: -20, reason: 'damaged', ...terms('damage') };
const count = (approvalId: string, counted: number, proposed: readonly string[]): StockCommand => ({
  type: 'SetStock',
  ...target,
  counted,
  reason: 'cycle count',
  ...terms(approvalId),
  began: { revision: 0, onHand: 100, corrected: 0, proposed },
});
const approve = (approvalId: string): StockCommand => ({
  type: 'ApproveChange',
  ...target,
  approvalId,
  approvedBy: 'bert',
});

const after = (...commands: readonly StockCommand[]): KnownStock => {
  const stock = commands.reduce<Stock>(
    (state, command) => recordedBy(stockDecider.decide(command, state)).reduce(stockDecider.evolve, state),
    stockDecider.initialState,
  );
  if (stock.phase === 'absent') throw new Error('the first command registers');
  return stock;
};

it('a count that is approved leaves a loss open that was proposed while it was made', () => {
  const stock = after(opened, damaged, count('count', 85, ['damage']), approve('count'));
  expect(stock.balance.onHand).toBe(85);
  expect(stock.proposals.map(({ approvalId }) => approvalId)).toEqual(['damage']);
  expect(
    after(opened, damaged, count('count', 85, ['damage']), approve('count'), approve('damage')).balance.onHand,
  ).toBe(65);
});

it('of two counts of one shelf, the one that is recorded later stands', () => {
  const stock = after(opened, count('first', 80, []), count('second', 95, ['first']));
  expect(stock.balance.onHand).toBe(95);
  expect(stock.proposals).toEqual([]);
});
