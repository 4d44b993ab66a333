/**
 * A stock as it was, on two time axes (B2). `asOf` asks what had happened in the warehouse by then (`occurredAt`);
 * `knownAt` asks what the ledger had been told by then (`recordedAt`). A delivery of Monday that is typed in on Wednesday
 * belongs to "as of Tuesday" from Wednesday on, and to "as of Tuesday, as known on Tuesday" never: so an old report can
 * be printed again as it was, and also as it should have been.
 */
import { emptyBalance, moveBalance } from '../../domain/stock/movement.ts';
import { levelOf, type StockLevelDocument } from '../stockLevels/projection.ts';
import type { RecordedStockEvent } from './pages.ts';

/** ISO 8601 UTC with milliseconds, both inclusive. Absent: no limit on that axis. */
export interface Moment {
  readonly asOf?: string;
  readonly knownAt?: string;
}

const countsAt = ({ occurredAt, recordedAt }: RecordedStockEvent, { asOf, knownAt }: Moment): boolean =>
  (asOf === undefined || occurredAt <= asOf) && (knownAt === undefined || recordedAt <= knownAt);

/**
 * One step of the fold over all events of the stream, in the order in which they were recorded: without limits it
 * comes to the live figures. `data.after` is of no use here, as it counts events that the moment leaves out. For the
 * same reason a figure may be negative: goods can't leave before they arrive, but the dates that people give them can.
 */
export const foldAsOf = (
  level: StockLevelDocument | null,
  event: RecordedStockEvent,
  moment: Moment,
): StockLevelDocument | null => {
  if (!countsAt(event, moment)) return level;
  const { warehouseId, sku } = event.data;
  const facts = { warehouseId, sku, revision: event.revision, updatedAt: event.recordedAt };
  if (event.type === 'StockRegistered') {
    const { registeredAt } = event.data;
    return levelOf({ ...facts, stock: { phase: 'active', balance: moveBalance(emptyBalance, event), registeredAt } });
  }
  if (level === null) return null;
  const phase = event.type === 'StockRetired' ? 'retired' : level.status;
  return levelOf({
    ...facts,
    stock: { phase, balance: moveBalance(level, event), registeredAt: level.registeredAt },
  });
};
