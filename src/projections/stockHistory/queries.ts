/** What only the log can answer about one stock. A stock that was never registered has an empty stream: no answer fails. */
import { emptyBalance } from '../../domain/stock/balance.ts';
import type { StockEvent } from '../../domain/stock/events.ts';
import type { Balance } from '../../domain/stock/shapes.ts';
import type { Stock } from '../../domain/stock/state.ts';
import { stockStream } from '../../domain/values.ts';
import type { FindPastState } from '../../eventsourcing/commandHandling/pastStates.ts';
import type { RecordedEvent } from '../../eventsourcing/message.ts';
import { countWithin, InvalidCursor, type Page, type PageRequest } from '../../eventsourcing/projecting/page.ts';
import { type Moment, type PacedStreamReader, slicesOf } from '../moment.ts';
import { levelOf, type StockLevelDocument } from '../stockLevels/projection.ts';
import {
  causesIn,
  type ExplainedField,
  type FigureCause,
  figureOf,
  foldAsOf,
  type RecordedStockEvent,
  revisionAfter,
  revisionCursor,
} from './explain.ts';

export interface StockKey {
  readonly warehouseId: string;
  readonly sku: string;
}

export interface Explanation extends Page<FigureCause> {
  readonly field: ExplainedField;
  /** The figure before the first cause of this page: 0 on the first page. */
  readonly before: number;
  /** `before` and the deltas of this page: on the last page, the figure itself. */
  readonly after: number;
}

export interface StockHistory {
  /** The events of the stock, oldest first. @throws InvalidCursor */
  history(key: StockKey, page: PageRequest): Promise<Page<RecordedEvent>>;
  /**
   * The stock as it was; `null` when it was not registered by then. Its `revision` and `updatedAt` are those of the last
   * event that counts. Reads the stream from the nearest snapshot before that time on, a slice at a time: what was recorded
   * later may have happened earlier.
   */
  asOf(key: StockKey, moment: Moment): Promise<StockLevelDocument | null>;
  /**
   * The causes of a figure, oldest first. A page may hold fewer than `limit`, even none, and still not be the last:
   * then it stopped at `eventsReadMax` events. @throws InvalidCursor
   */
  explain(key: StockKey & { readonly field: ExplainedField }, page: PageRequest): Promise<Explanation>;
}

/**
 * Events that one request may look at for its causes: those of a busy SKU within some weeks. A field that moves rarely
 * would otherwise make one request walk a stream of millions.
 */
const eventsReadMax = 10_000;

/** Of all times that a moment may name. */
const latest = '9999-12-31T23:59:59.999Z';

const charsOf = ({ data }: { readonly data: object }): number => JSON.stringify(data).length;

interface FoundCauses {
  readonly causes: readonly FigureCause[];
  /** Revision of the last event that was looked at; `null` when there was none left. */
  readonly readTo: number | null;
}

/** The balance at `after`, where the page before ended. */
const balanceAt = async (source: PacedStreamReader, stream: string, after: number | null): Promise<Balance> => {
  if (after === null) return emptyBalance;
  const [event] = (await source.readStream(stream, after, 1)) as readonly RecordedStockEvent[];
  if (event === undefined) throw new InvalidCursor('a cursor beyond the end of its stream');
  return event.data.after;
};

/** Until there are more than `limit`, the stream ends, or enough was read. */
const findCauses = async (
  slices: AsyncIterable<readonly RecordedStockEvent[]>,
  before: Balance,
  field: ExplainedField,
  limit: number,
): Promise<FoundCauses> => {
  const causes: FigureCause[] = [];
  let balance = before;
  let read = 0;
  for await (const slice of slices) {
    causes.push(...causesIn(slice, balance, field));
    read += slice.length;
    const last = slice.at(-1);
    balance = last?.data.after ?? balance;
    if (causes.length > limit || read >= eventsReadMax) return { causes, readTo: last?.revision ?? null };
  }
  return { causes, readTo: null };
};

/** Each event up to here counts: it can't have happened later than five minutes after it was recorded, by any clock. */
const marginMs = 10 * 60_000;

/** Where a fold as of a moment may begin. */
const beginningOf = async (
  { warehouseId, sku }: StockKey,
  { asOf, knownAt }: Moment,
  findPast: FindPastState<Stock>,
): Promise<{ readonly level: StockLevelDocument | null; readonly from: number }> => {
  const moments = [asOf, knownAt].filter((time) => time !== undefined).map((time) => Date.parse(time));
  const recordedBy = new Date(Math.min(...moments, Date.parse(latest)) - marginMs).toISOString();
  const past = await findPast(stockStream(warehouseId, sku), recordedBy);
  if (past === null || past.state.phase === 'absent') return { level: null, from: 0 };
  const { state: stock, revision, updatedAt } = past;
  return { level: levelOf({ warehouseId, sku, stock, revision, updatedAt }), from: revision + 1 };
};

/** Without snapshots. */
const findNone: FindPastState<Stock> = async () => null;

export const createStockHistory = (
  source: PacedStreamReader,
  findPast: FindPastState<Stock> = findNone,
): StockHistory => ({
  history: async ({ warehouseId, sku }, { limit, cursor }) => {
    const stream = stockStream(warehouseId, sku);
    const after = revisionAfter(stream, cursor);
    // One more than asked for tells whether there is a next page.
    const events = await source.readStream(stream, after === null ? 0 : after + 1, limit + 1);
    const page = events.slice(0, Math.min(limit, countWithin(events, charsOf)));
    const last = page.at(-1);
    return {
      items: page,
      nextCursor: events.length > page.length && last !== undefined ? revisionCursor(stream, last.revision) : null,
    };
  },

  asOf: async (key, moment) => {
    const { level: before, from } = await beginningOf(key, moment, findPast);
    let level = before;
    for await (const slice of slicesOf<StockEvent>(source, stockStream(key.warehouseId, key.sku), from)) {
      for (const event of slice) level = foldAsOf(level, event, moment);
    }
    return level;
  },

  explain: async ({ warehouseId, sku, field }, { limit, cursor }) => {
    const stream = stockStream(warehouseId, sku);
    const after = revisionAfter(stream, cursor);
    const balance = await balanceAt(source, stream, after);
    const slices = slicesOf<StockEvent>(source, stream, after === null ? 0 : after + 1);
    const { causes, readTo } = await findCauses(slices, balance, field, limit);
    const items = causes.slice(0, limit);
    const before = figureOf(balance, field);
    const end = causes.length > limit ? items.at(-1)?.revision : readTo;
    return {
      items,
      nextCursor: typeof end === 'number' ? revisionCursor(stream, end) : null,
      field,
      before,
      after: items.at(-1)?.after ?? before,
    };
  },
});
