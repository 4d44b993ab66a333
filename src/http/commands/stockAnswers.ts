/** The one shape in which a stock is shown, from the write side's state or from the read model. */
import type { FastifyReply } from 'fastify';
import type { StockOutcome } from '../../commands/stock.ts';
import type { StockEvent } from '../../domain/stock/events.ts';
import type { Stock } from '../../domain/stock/state.ts';
import type { RecordedEvent } from '../../eventsourcing/message.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';
import type { ItemDocument } from '../../projections/items/projection.ts';
import { levelOf, type StockLevelDocument } from '../../projections/stockLevels/projection.ts';
import type { ProblemCode } from '../problems/problemCodes.ts';
import { type Accepted, answerOutcome } from './answers.ts';

/** What any change of a stock may be refused for. */
export const stockProblems = [
  'WAREHOUSE_NOT_FOUND',
  'STOCK_NOT_FOUND',
  'STOCK_RETIRED',
  'QUANTITY_INVALID',
  'QUANTITY_TOO_LARGE',
  'OCCURRED_IN_FUTURE',
  'OCCURRED_BEFORE_REGISTRATION',
] as const satisfies readonly ProblemCode[];

interface Target {
  readonly warehouseId: string;
  readonly sku: string;
}

/** Where a stock is served. A SKU may hold any printable character. */
export const locationOf = ({ warehouseId, sku }: Target): string =>
  `/v1/warehouses/${warehouseId}/inventory/${encodeURIComponent(sku)}`;

type StockView = Omit<StockLevelDocument, 'registeredAt'> & Partial<Pick<ItemDocument, 'name' | 'attributes'>>;

/**
 * With what the catalogue says about the SKU, where it knows it (R10.1). Made field by field: leaving one out of a copy
 * costs ten times as much, and this is the busiest answer.
 */
export const showStock = (level: StockLevelDocument, item: ItemDocument | null): StockView => {
  const view = {
    warehouseId: level.warehouseId,
    sku: level.sku,
    onHand: level.onHand,
    reserved: level.reserved,
    quarantined: level.quarantined,
    incoming: level.incoming,
    safetyStock: level.safetyStock,
    available: level.available,
    status: level.status,
    belowSafetyStock: level.belowSafetyStock,
    revision: level.revision,
    updatedAt: level.updatedAt,
  };
  return item === null ? view : { ...view, name: item.name, attributes: item.attributes };
};

export const showStockAfter = (
  { warehouseId, sku }: Target,
  { state, revision, updatedAt }: Accepted<Stock, StockEvent>,
): object => {
  if (state.phase === 'absent') throw new Error('an accepted command left no stock');
  return showStock(levelOf({ warehouseId, sku, stock: state, revision, updatedAt }), null);
};

const facts: ReadonlySet<string> = new Set(['StockAdjusted', 'StockCounted', 'StockQuarantined']);

/** What a fact took from claims, and what of it the ledger did not know of; nothing of what was no fact. */
export const showFact = (recorded: readonly RecordedEvent<StockEvent>[]): object => {
  const events = recorded as readonly Recorded<StockEvent>[];
  if (!events.some(({ type }) => facts.has(type))) return {};
  const lapsed = events.filter((event) => event.type === 'StockReservationLapsed');
  const discrepancy = events.find((event) => event.type === 'StockDiscrepancyRecorded');
  return {
    lapsedReservations: lapsed.map(({ data: { reservationId, orderId, lineId, quantity } }) => ({
      reservationId,
      orderId: orderId ?? null,
      lineId: lineId ?? null,
      quantity,
    })),
    ...(discrepancy === undefined ? {} : { missing: discrepancy.data.missing }),
  };
};

type Show = (accepted: Accepted<Stock, StockEvent>) => object;

const answerWith =
  (showOf: (target: Target) => Show) =>
  (
    outcome: StockOutcome,
    reply: FastifyReply,
    { warehouseId, sku, status }: Target & { readonly status: 200 | 201 },
  ): object | undefined =>
    answerOutcome(outcome, reply, {
      status,
      ...(status === 201 ? { location: locationOf({ warehouseId, sku }) } : {}),
      body: showOf({ warehouseId, sku }),
    });

/** @throws Problem */
export const answerStock = answerWith((target) => (accepted) => showStockAfter(target, accepted));

/** After a count, an adjustment or a quarantine. @throws Problem */
export const answerFact = answerWith((target) => (accepted) => ({
  ...showStockAfter(target, accepted),
  ...showFact(accepted.events),
}));
