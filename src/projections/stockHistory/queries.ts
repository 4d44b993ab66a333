/** What only the log can answer about one stock. A stock that was never registered has an empty stream: no answer fails. */
import { emptyBalance } from '../../domain/stock/balance.ts';
import type { StockEvent } from '../../domain/stock/events.ts';
import type { Balance } from '../../domain/stock/shapes.ts';
import { stockStream } from '../../domain/values.ts';
import type { RecordedEvent } from '../../eventsourcing/message.ts';
import { countWithin, InvalidCursor, type Page, type PageRequest } from '../../eventsourcing/projecting/page.ts';
import { type Moment, type PacedStreamReader, slicesOf } from '../moment.ts';
import type { StockLevelDocument } from '../stockLevels/projection.ts';
import type { StockKey } from '../stockTimes/projection.ts';
import { type StockTimes, stockAsOf } from './asOf.ts';
import {
  causesIn,
  type ExplainedField,
  type FigureCause,
  figureOf,
  type RecordedStockEvent,
  revisionAfter,
  revisionCursor,
} from './explain.ts';

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
   * event that counts.
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

/** @param times `null`: a look back reads the whole stream. */
export const createStockHistory = (source: PacedStreamReader, times: StockTimes | null = null): StockHistory => ({
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

  asOf: (key, moment) => stockAsOf(source, times, key, moment),

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
