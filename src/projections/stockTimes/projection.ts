/**
 * What a look back at a stock can't tell from the log alone without reading all of it: which events were told at another
 * time than they happened, and when the stock was registered and retired. Most events are told at once and leave no mark.
 */
import type { StockEvent } from '../../domain/stock/events.ts';
import { stockVersions } from '../../domain/stock/fields.ts';
import { futureToleranceMs, stockStream } from '../../domain/values.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import type { Projection, Recorded } from '../../eventsourcing/projecting/projection.ts';
import { movedBy } from '../moment.ts';

/** A mark of one event. */
interface StockTime {
  /** The stream, and which of its lists the mark stands in: the one thing that it is looked for by. */
  readonly list: string;
  readonly revision: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly registeredAt?: string;
}

/** An event that is told within a second happened when it was told, for what the marks are for. */
export const promptMs = 1_000;

/**
 * Late events by how late they are, each class up to four times as late as the one before. One of a class that was told after
 * a moment, and happened before it, happened within the lateness of its class before it: so what is looked through is of the
 * size of what is found, however long the history is. The last class, from 34 years on, has no bound.
 */
const lateClasses = 16;
const latenessMaxMs = (lateClass: number): number => promptMs * 4 ** (lateClass + 1);

const lateClassOf = (latenessMs: number): number =>
  Math.min(lateClasses - 1, Math.floor(Math.log2(latenessMs / promptMs) / 2));

const listOf = (stream: string, list: string | number): string => `${stream} ${list}`;

/** Which list an event is marked in for its times; `null`: none. */
const timesListOf = ({ occurredAt, recordedAt }: Recorded<StockEvent>): string | number | null => {
  if (occurredAt === recordedAt) return null;
  const latenessMs = Date.parse(recordedAt) - Date.parse(occurredAt);
  if (latenessMs < -promptMs) return 'early';
  return latenessMs > promptMs ? lateClassOf(latenessMs) : null;
};

const lives = { StockRegistered: 'registered', StockRetired: 'retired' } as const;

const lifeListOf = ({ type }: Recorded<StockEvent>): string | null =>
  type === 'StockRegistered' || type === 'StockRetired' ? lives[type] : null;

/** A document of its own for each list that the event is marked in. */
const idsOf = (event: Recorded<StockEvent>): readonly string[] =>
  [timesListOf(event), lifeListOf(event)].flatMap((list) =>
    list === null ? [] : [`${listOf(event.stream, list)} ${event.revision}`],
  );

export const stockTimes: Projection<StockTime, StockEvent> = {
  name: 'stock_times_v1',
  handles: Object.keys(stockVersions) as readonly StockEvent['type'][],
  indexes: [
    ['list', 'occurredAt'],
    ['list', 'revision'],
  ],
  idsOf,
  apply: (_document, { revision, occurredAt, recordedAt, ...event }, id) => ({
    list: id.slice(0, id.lastIndexOf(' ')),
    revision,
    occurredAt,
    recordedAt,
    ...(event.type === 'StockRegistered' ? { registeredAt: event.data.registeredAt } : {}),
  }),
};

export interface StockKey {
  readonly warehouseId: string;
  readonly sku: string;
}

export interface StockTimesQueries {
  /** How it stood after a revision; `null`: it was not registered by then. */
  lifeAt(key: StockKey, revision: number): Promise<{ phase: 'active' | 'retired'; registeredAt: string } | null>;
  /** Whether events may have been told before a time (ISO 8601 UTC) that happened after it only. */
  hasEarly(key: StockKey, at: string): Promise<boolean>;
  /** Revisions after this one of events that happened by a time, in their order; `null`: more than `limit`. */
  lateRevisions(
    key: StockKey,
    told: { readonly asOf: string; readonly knownAt: string; readonly after: number; readonly limit: number },
  ): Promise<readonly number[] | null>;
}

/** Between clocks of several machines, and a little more: some minutes early were refused. */
const earlyMaxMs = 2 * futureToleranceMs;

export const createStockTimesQueries = (documents: Documents, collection: () => string): StockTimesQueries => {
  const find = async (list: string, rest: Omit<Parameters<Documents['find']>[1], 'where'> & { where: object }) => {
    const found = await documents.find<StockTime>(collection(), {
      ...rest,
      where: { list: { equals: list }, ...rest.where },
    });
    return found.map(({ document }) => document);
  };
  const streamOf = ({ warehouseId, sku }: StockKey): string => stockStream(warehouseId, sku);
  const byTime = { field: 'occurredAt', direction: 'ascending' } as const;

  return {
    lifeAt: async (key, revision) => {
      const newest = async (list: string): Promise<StockTime | undefined> => {
        const where = { revision: { below: revision + 1 } };
        const orderBy = { field: 'revision', direction: 'descending' } as const;
        return (await find(listOf(streamOf(key), list), { where, orderBy, limit: 1 }))[0];
      };
      const [registered, retired] = await Promise.all([newest(lives.StockRegistered), newest(lives.StockRetired)]);
      if (registered?.registeredAt === undefined) return null;
      const phase = (retired?.revision ?? -1) > registered.revision ? 'retired' : 'active';
      return { phase, registeredAt: registered.registeredAt };
    },
    hasEarly: async (key, at) => {
      const where = { occurredAt: { from: at, below: movedBy(at, earlyMaxMs) } };
      return (await find(listOf(streamOf(key), 'early'), { where, orderBy: byTime, limit: 1 })).length > 0;
    },
    lateRevisions: async (key, { asOf, knownAt, after, limit }) => {
      const below = movedBy(asOf, 1);
      const classes = Array.from({ length: lateClasses }, (_, each) => each);
      const found = await Promise.all(
        classes.map((each) => {
          const isLast = each === lateClasses - 1;
          // A minute more, as clocks differ.
          const from = isLast ? '' : movedBy(asOf, -latenessMaxMs(each) - 60_000);
          const where = { occurredAt: { from, below } };
          return find(listOf(streamOf(key), each), { where, orderBy: byTime, limit: limit + 1 });
        }),
      );
      if (found.some(({ length }) => length > limit)) return null;
      return found
        .flat()
        .filter(({ revision, recordedAt }) => revision > after && recordedAt <= knownAt)
        .map(({ revision }) => revision)
        .sort((a, b) => a - b);
    },
  };
};
