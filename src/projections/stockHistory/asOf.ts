/**
 * A stock as it was (B2), at a cost that does not grow with its history. Each event carries the figures after it, so the fold
 * begins at the last event that surely counts with all before it, reads what was recorded around the moment, and of what came
 * later only the events that are marked as told late.
 */
import { emptyBalance, moveBalance } from '../../domain/stock/balance.ts';
import type { StockEvent } from '../../domain/stock/events.ts';
import { futureToleranceMs, stockStream } from '../../domain/values.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';
import { countsAt, earlierTime, latest, type Moment, movedBy, type PacedStreamReader, slicesOf } from '../moment.ts';
import { levelOf, type StockLevelDocument } from '../stockLevels/projection.ts';
import { promptMs, type StockKey, type StockTimesQueries } from '../stockTimes/projection.ts';
import { revisionBy } from './revisionBy.ts';

type RecordedStockEvent = Recorded<StockEvent>;

/** The marks of this moment, or none where they have not come so far. */
export interface StockTimes extends StockTimesQueries {
  /** Whether all that the log has by now is in them; waits a moment for it. */
  isCaughtUp(): Promise<boolean>;
}

/**
 * One step of the fold over the events of the stream, in the order in which they were recorded: without limits it
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
    // A fact that is told after the retirement opens the stock anew. Where it happened before, the stock was open then.
    const isOpen = level?.status === 'active';
    const balance = isOpen ? level : moveBalance(emptyBalance, event);
    const { registeredAt } = isOpen ? level : event.data;
    return levelOf({ ...facts, stock: { phase: 'active', balance, registeredAt } });
  }
  if (level === null) return null;
  const phase = event.type === 'StockRetired' ? 'retired' : level.status;
  return levelOf({
    ...facts,
    stock: { phase, balance: moveBalance(level, event), registeredAt: level.registeredAt },
  });
};

/**
 * Clocks of machines that keep time differ by milliseconds, and one second counts as at once (`promptMs`). Around a moment so
 * much of the stream is looked at event by event.
 */
const marginMs = 10_000 + promptMs;

/** Events of the first read: as many as most streams have within the margin. */
const aroundMoment = 8;

/** Late events that are read one by one; where there are more, reading all that follows is no slower. */
const lateMax = 500;

interface Folded {
  readonly level: StockLevelDocument | null;
  /** Revision of the last event that was looked at. */
  readonly upTo: number;
}

interface Past {
  readonly key: StockKey;
  readonly source: PacedStreamReader;
  readonly moment: Moment;
  readonly stream: string;
}

/** Until an event that was recorded after `until`; to the end without it. */
const foldOn = async ({ source, stream, moment }: Past, before: Folded, until = latest): Promise<Folded> => {
  let { level, upTo } = before;
  for await (const slice of slicesOf<StockEvent>(source, stream, upTo + 1, aroundMoment)) {
    for (const event of slice) {
      if (event.recordedAt > until) return { level, upTo };
      level = foldAsOf(level, event, moment);
      upTo = event.revision;
    }
  }
  return { level, upTo };
};

const beginning: Folded = { level: null, upTo: -1 };

/** The last event of which it is sure that it counts, with all before it, and the figures that it carries. */
const sureBeginning = async ({ key, source, stream, moment }: Past, times: StockTimes): Promise<Folded> => {
  const { asOf = latest, knownAt = latest } = moment;
  // What had not happened yet was told some minutes early at most.
  const earlyMs = moment.asOf !== undefined && (await times.hasEarly(key, asOf)) ? futureToleranceMs : 0;
  const revision = await revisionBy(source, stream, movedBy(earlierTime(asOf, knownAt), -marginMs - earlyMs));
  if (revision < 0) return beginning;
  const [[event], life] = await Promise.all([
    source.readStream(stream, revision, 1) as Promise<readonly RecordedStockEvent[]>,
    times.lifeAt(key, revision),
  ]);
  if (event === undefined || life === null) return beginning;
  const stock = { ...life, balance: event.data.after };
  return { level: levelOf({ ...key, stock, revision, updatedAt: event.recordedAt }), upTo: revision };
};

/** What was recorded long after the moment, and had happened by then. */
const foldLate = async (past: Past, { level, upTo }: Folded, times: StockTimes): Promise<StockLevelDocument | null> => {
  const { asOf = latest, knownAt = latest } = past.moment;
  if (knownAt <= asOf) return level;
  const revisions = await times.lateRevisions(past.key, { asOf, knownAt, after: upTo, limit: lateMax });
  if (revisions === null) return (await foldOn(past, { level, upTo })).level;
  const late = await Promise.all(revisions.map((revision) => past.source.readStream(past.stream, revision, 1)));
  return (late.flat() as readonly RecordedStockEvent[]).reduce<StockLevelDocument | null>(
    (folded, event) => foldAsOf(folded, event, past.moment),
    level,
  );
};

/** `null` when it was not registered by then. Its `revision` and `updatedAt` are those of the last event that counts. */
export const stockAsOf = async (
  source: PacedStreamReader,
  times: StockTimes | null,
  key: StockKey,
  moment: Moment,
): Promise<StockLevelDocument | null> => {
  const past: Past = { key, source, moment, stream: stockStream(key.warehouseId, key.sku) };
  // Without the marks all of the stream tells the same.
  if (times === null || !(await times.isCaughtUp())) return (await foldOn(past, beginning)).level;
  const { asOf = latest, knownAt = latest } = moment;
  const until = earlierTime(asOf, knownAt);
  const around = await foldOn(
    past,
    await sureBeginning(past, times),
    until === latest ? latest : movedBy(until, marginMs),
  );
  return foldLate(past, around, times);
};
