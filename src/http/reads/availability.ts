/** What can be sold of a stock by a date (T2): what is there, and what is on its way and expected by then. */
import { expectedBy } from '../../domain/stock/arrivals.ts';
import { availableOf } from '../../domain/stock/state.ts';
import type { StockLevelDocument } from '../../projections/stockLevels/projection.ts';

/**
 * What comes fills the safety stock first, as it will when it is received. Orders that wait are not taken off: they are
 * served first when it comes.
 */
export const levelBy = (level: StockLevelDocument, at: string): StockLevelDocument => {
  const expected = expectedBy(level.expected ?? [], at);
  const arriving = expected.reduce((sum, { quantity }) => sum + quantity, 0);
  return { ...level, available: availableOf({ ...level, onHand: level.onHand + arriving }), expected };
};

export const showExpected = ({ expected = [] }: StockLevelDocument): readonly object[] =>
  expected.map(({ inboundId, lineId, quantity, expectedAt }) => ({ inboundId, lineId, quantity, expectedAt }));
