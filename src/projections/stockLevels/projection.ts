/** The figures of each stock now: one document for each SKU in each warehouse (R1.1, R3.1). */
import { escapeName } from '../../domain/escapeName.ts';
import type { Balance, StockEvent } from '../../domain/stock/events.ts';
import { stockVersions } from '../../domain/stock/fields.ts';
import { availableOf, freeOf, type KnownStock } from '../../domain/stock/state.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

export interface StockLevelDocument extends Balance {
  readonly warehouseId: string;
  readonly sku: string;
  /** What may be promised: on hand, less reserved, quarantined and safety stock; never negative. */
  readonly available: number;
  readonly status: 'active' | 'retired';
  /** The safety stock is eaten into: time to order more. Never true without a safety stock, or once retired. */
  readonly belowSafetyStock: boolean;
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
    return levelOf({ ...facts, stock: { phase, balance: after, registeredAt: level.registeredAt } });
  },
};
