/** The figures of each stock now: one document for each SKU in each warehouse (R1.1, R3.1). */
import { type Arrivals, expectedIn, noArrivals, withTold } from '../../domain/stock/arrivals.ts';
import type { StockEvent } from '../../domain/stock/events.ts';
import { stockVersions } from '../../domain/stock/fields.ts';
import type { Balance } from '../../domain/stock/shapes.ts';
import { availableOf, freeOf, type KnownStock } from '../../domain/stock/state.ts';
import { escapeName } from '../../domain/values.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

export interface StockLevelDocument extends Balance {
  readonly warehouseId: string;
  readonly sku: string;
  /** What may be promised: on hand, less reserved, quarantined and safety stock; never negative. */
  readonly available: number;
  readonly status: 'active' | 'retired';
  /** The safety stock is eaten into: time to order more. Never true without a safety stock, or once retired. */
  readonly belowSafetyStock: boolean;
  /** What is on its way, by line; absent: nothing. Its sum is `incoming`. */
  readonly expected?: Arrivals;
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** Business time, ISO 8601 UTC. */
  readonly registeredAt: string;
  /** When the last event was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

interface LevelFacts {
  readonly warehouseId: string;
  readonly sku: string;
  readonly stock: Pick<KnownStock, 'phase' | 'balance' | 'registeredAt'>;
  readonly revision: number;
  readonly updatedAt: string;
}

/** The one shape of a stock, whether it was read here, just written, or folded as of some time. */
export const levelOf = ({ warehouseId, sku, stock, revision, updatedAt }: LevelFacts): StockLevelDocument => {
  const { phase, balance, registeredAt } = stock;
  const { onHand, reserved, quarantined, incoming, safetyStock } = balance;
  return {
    warehouseId,
    sku,
    onHand,
    reserved,
    quarantined,
    incoming,
    safetyStock,
    available: availableOf(balance),
    status: phase,
    belowSafetyStock: phase === 'active' && safetyStock > 0 && freeOf(balance) < safetyStock,
    revision,
    registeredAt,
    updatedAt,
  };
};

/** What is still to come after the event. */
const expectedAfter = (level: StockLevelDocument, { type, data }: StockEvent): Pick<StockLevelDocument, 'expected'> => {
  const before = level.expected ?? noArrivals;
  const told = type === 'StockExpected' || type === 'StockArrived';
  const expected = told ? expectedIn(withTold(before, data)) : before;
  return expected.length === 0 ? {} : { expected };
};

/** A SKU may hold dots, a warehouse id may not (`values.ts`), so no two stocks share an id. */
export const stockLevelId = (warehouseId: string, sku: string): string => `${warehouseId}.${escapeName(sku)}`;

export const stockLevels: Projection<StockLevelDocument, StockEvent> = {
  name: 'stock_levels_v1',
  handles: Object.keys(stockVersions) as readonly StockEvent['type'][],
  indexes: [
    ['warehouseId', 'sku'],
    ['warehouseId', 'belowSafetyStock', 'sku'],
  ],
  idsOf: ({ data: { warehouseId, sku } }) => [stockLevelId(warehouseId, sku)],
  apply: (level, event) => {
    const { warehouseId, sku, after } = event.data;
    const facts = { warehouseId, sku, revision: event.revision, updatedAt: event.recordedAt };
    if (event.type === 'StockRegistered') {
      const { registeredAt } = event.data;
      return levelOf({ ...facts, stock: { phase: 'active', balance: after, registeredAt } });
    }
    if (level === null) return null;
    const phase = event.type === 'StockRetired' ? 'retired' : level.status;
    const { registeredAt } = level;
    return { ...levelOf({ ...facts, stock: { phase, balance: after, registeredAt } }), ...expectedAfter(level, event) };
  },
};

interface StockLevelsQuery extends PageRequest {
  readonly warehouseId: string;
  readonly sku?: string;
  /** Case matters. Beside `sku`, which says more, it changes nothing. */
  readonly skuPrefix?: string;
  readonly belowSafetyStock?: boolean;
}

interface StockLevelQueries {
  get(warehouseId: string, sku: string): Promise<StockLevelDocument | null>;
  /** What there is of them, in the order of the keys. */
  getMany(
    keys: readonly { readonly warehouseId: string; readonly sku: string }[],
  ): Promise<readonly StockLevelDocument[]>;
  /** By SKU. @throws InvalidCursor */
  list(query: StockLevelsQuery): Promise<Page<StockLevelDocument>>;
  /** Of all warehouses. @throws InvalidCursor */
  all(page: PageRequest): Promise<Page<StockLevelDocument>>;
}

const skuCondition = ({ sku, skuPrefix }: StockLevelsQuery) => {
  if (sku !== undefined) return { sku: { equals: sku } };
  return skuPrefix === undefined ? {} : { sku: { startsWith: skuPrefix } };
};

/** `collection` is asked each time: a rebuild may be switched in while the service runs. */
export const createStockLevelQueries = (documents: Documents, collection: () => string): StockLevelQueries => ({
  get: async (warehouseId, sku) =>
    (await documents.get<StockLevelDocument>(collection(), stockLevelId(warehouseId, sku)))?.document ?? null,
  getMany: async (keys) => {
    const ids = [...new Set(keys.map(({ warehouseId, sku }) => stockLevelId(warehouseId, sku)))];
    const found = await documents.getMany<StockLevelDocument>(collection(), ids);
    return ids.flatMap((id) => found.get(id)?.document ?? []);
  },
  list: (query) => {
    const { warehouseId, belowSafetyStock, ...page } = query;
    const where = {
      warehouseId: { equals: warehouseId },
      ...skuCondition(query),
      ...(belowSafetyStock === undefined ? {} : { belowSafetyStock: { equals: belowSafetyStock } }),
    };
    return pageOf(documents, collection(), { where, orderBy: { field: 'sku', direction: 'ascending' } }, page);
  },
  all: (page) => pageOf(documents, collection(), { where: {} }, page),
});
