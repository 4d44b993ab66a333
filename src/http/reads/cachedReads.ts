/**
 * What is cached (R21): answers of read models that many ask for and that are the same for all. Each says what it is made
 * of; an event of one of these makes it stale. Orders, and all that is personal, are read anew each time.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayBypassCache } from '../../domain/access/authorize.ts';
import { escapeName, itemStream, stockStream, warehouseStream } from '../../domain/values.ts';
import type { Progress } from '../../eventsourcing/consumers/consumerProgress.ts';
import { earlierOf, type Position } from '../../eventsourcing/message.ts';
import type { ReadModel } from '../../eventsourcing/projecting/readModel.ts';
import type { ItemDocument, WarehouseDocument } from '../../projections/catalogue/projection.ts';
import type { ReadModels } from '../../projections/index.ts';
import { allWarehouses, stocksOfSku } from '../../projections/readCache/lastChanges.ts';
import type { Cacheable, CachedAnswer, ReadCache } from '../../projections/readCache/readCache.ts';
import { type StockLevelDocument, stockLevelId } from '../../projections/stockLevels/projection.ts';
import type { Caller } from '../access.ts';
import { asksPastCache, tellPosition } from '../input/headers.ts';
import { seenByAll } from './positions.ts';

interface StockWithItem {
  readonly level: StockLevelDocument;
  readonly item: ItemDocument | null;
}

export interface Holdings {
  /** Active ones, of all warehouses. */
  readonly levels: readonly StockLevelDocument[];
  /** Those that hold it. */
  readonly warehouses: readonly WarehouseDocument[];
  readonly hasItem: boolean;
}

/** A rebuild that is switched in, and a release with other documents, begin with keys of their own. */
const keyOf = (kind: string, id: string, models: readonly ReadModel[]): string =>
  [kind, ...models.map((model) => model.collection()), id].join('/');

export const createCachedReads = ({ stockLevels, skuWarehouses, items, warehouses }: ReadModels) => ({
  stock: (warehouseId: string, sku: string): Cacheable<StockWithItem> => ({
    key: keyOf('stock', stockLevelId(warehouseId, sku), [stockLevels.model, items.model]),
    madeOf: [stockStream(warehouseId, sku), itemStream(sku)],
    load: async () => {
      const [level, item] = await Promise.all([
        stockLevels.queries.get(warehouseId, sku),
        items.queries.description(sku),
      ]);
      return level === null ? null : { level, item };
    },
  }),
  holdings: (sku: string): Cacheable<Holdings> => ({
    key: keyOf('holdings', escapeName(sku), [stockLevels.model, skuWarehouses.model, warehouses.model, items.model]),
    madeOf: [stocksOfSku(sku), allWarehouses, itemStream(sku)],
    load: async () => {
      const warehouseIds = skuWarehouses.queries.of(sku);
      const [known, all, described] = await Promise.all([
        warehouseIds.then((ids) => stockLevels.queries.getMany(ids.map((warehouseId) => ({ warehouseId, sku })))),
        warehouses.queries.all(),
        items.queries.description(sku),
      ]);
      const levels = known.filter(({ status }) => status === 'active');
      const item = described ?? (levels.length === 0 ? await items.queries.get(sku) : null);
      if (levels.length === 0 && item === null) return null;
      const holders = new Set(levels.map(({ warehouseId }) => warehouseId));
      return {
        levels,
        warehouses: all.filter(({ warehouseId }) => holders.has(warehouseId)),
        hasItem: item !== null,
      };
    },
  }),
  item: (sku: string): Cacheable<ItemDocument> => ({
    key: keyOf('item', escapeName(sku), [items.model]),
    madeOf: [itemStream(sku)],
    load: () => items.queries.get(sku),
  }),
  warehouse: (warehouseId: string): Cacheable<WarehouseDocument> => ({
    key: keyOf('warehouse', warehouseId, [warehouses.model]),
    madeOf: [warehouseStream(warehouseId)],
    load: () => warehouses.queries.get(warehouseId),
  }),
});

/**
 * What a read model answers, from the cache where that is new enough. The handler of the request has checked that the
 * caller may ask, and filters the value for the caller: it is the same for all.
 */
export type CachedRead = <T>(what: Cacheable<T>) => Promise<T | null>;

interface CachedReadOptions {
  readonly caller: Caller;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly models: readonly Progress[];
  /** What the caller has seen, by `Stockledger-Min-Position`. */
  readonly min: Position | null;
}

/** RFC 9211 §2: `miss`, as only the key is looked up; `collapsed` when another request of the same time was answered. */
const cacheStatus: { readonly [From in CachedAnswer<unknown>['from'] | 'bypass']: string } = {
  hit: 'stockledger; hit',
  miss: 'stockledger; fwd=miss',
  collapsed: 'stockledger; fwd=miss; collapsed',
  bypass: 'stockledger; fwd=bypass',
};

export const cachedReadFor =
  (cache: ReadCache | null, { caller, request, reply, models, min }: CachedReadOptions): CachedRead =>
  async (what) => {
    if (cache === null) return what.load();
    if (asksPastCache(request) && mayBypassCache(caller.principal)) {
      reply.header('cache-status', cacheStatus.bypass);
      return what.load();
    }
    const { value, from, seen } = await cache.read(what, { min, seenNow: () => seenByAll(models) });
    reply.header('cache-status', cacheStatus[from]);
    const modelsSeen = seenByAll(models);
    // The earlier position is true too, and needs no waiting.
    if (modelsSeen !== null) tellPosition(reply, earlierOf(seen, modelsSeen));
    return value;
  };
