/** That no question to a read model looks at more than an index hands over, whatever filters a request combines (R8). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allProjections } from '../../src/app/readModels.ts';
import type { CollectionSpec, DocumentQuery, Documents } from '../../src/eventsourcing/projecting/documents.ts';
import { formatCursor } from '../../src/eventsourcing/projecting/page.ts';
import { collectionOf } from '../../src/infra/collection.ts';
import { listCounts, querySteps } from '../../src/infra/sqlite/documents/documentQuery.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents/documents.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { createWarehouseQueries } from '../../src/projections/catalogue/projection.ts';
import { createEventHistoryQueries } from '../../src/projections/eventHistory/queries.ts';
import { createOpenReservationQueries } from '../../src/projections/openReservations/projection.ts';
import { createOrderQueries } from '../../src/projections/orders/queries.ts';
import { createShipmentQueries } from '../../src/projections/shipments/queries.ts';
import { createStockLevelQueries } from '../../src/projections/stockLevels/projection.ts';
import { createTransferQueries } from '../../src/projections/transfers/projection.ts';
import { createWebhookEndpointQueries } from '../../src/webhooks/endpoints.ts';
import { createDeliveryQueries } from '../../src/webhooks/index.ts';
import { counters, deliveries } from '../../src/webhooks/ledger.ts';
import { createReconciler } from '../../src/webhooks/reconcile.ts';

const specs: readonly CollectionSpec[] = [
  ...allProjections.map(({ name, indexes, lists }) => ({ name, indexes, lists })),
  deliveries,
  counters,
];

const db = openDatabase(':memory:');
beforeAll(async () => {
  const documents = createSqliteDocuments(db);
  for (const spec of specs) await documents.ensure(spec);
});
afterAll(() => db.close());

/** All ways to leave some of the filters out. */
const subsetsOf = (filters: object): readonly object[] => {
  let sets: object[] = [{}];
  for (const [name, value] of Object.entries(filters)) sets = sets.flatMap((set) => [set, { ...set, [name]: value }]);
  return sets;
};

interface Question {
  readonly collection: string;
  readonly query: DocumentQuery;
}

/** What `ask` looks for in the documents, of which there are none. */
const questionsOf = async (ask: (documents: Documents) => Promise<unknown>): Promise<readonly Question[]> => {
  const questions: Question[] = [];
  const nothing = {
    find: async (collection: string, query: DocumentQuery) => {
      questions.push({ collection, query });
      return [];
    },
    get: async () => null,
    count: async () => 0,
  };
  await ask(nothing as never);
  return questions;
};

/** Each statement of the question as SQLite would run it, with the list it may begin with. */
const plansOf = ({ collection: name, query }: Question) => {
  const collection = collectionOf(specs.find((spec) => spec.name === name)!);
  const lists = listCounts(collection, query.where).map(({ field }) => ({ field, count: 1 }));
  return [null, ...lists].flatMap((driver) =>
    querySteps(collection, query, driver).map(({ sql, values }) => ({
      isSorted: driver !== null && query.orderBy !== undefined,
      plan: db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...values, 10)
        .map(({ detail }) => String(detail)),
    })),
  );
};

const page = { limit: 50 };
const cursor = formatCursor({ value: 'x', id: 'y' });
const clock = { now: () => '2026-03-01T08:00:00.000Z' };

const orderFilters = {
  customerId: 'c',
  orderNumber: 'n',
  trackingNumber: 't',
  status: 'pending',
  warehouseIds: ['BER', 'PAR'],
  from: '2026-01-01',
  to: '2026-02-01',
  cursor,
};
const stockFilters = { skuPrefix: 'S', sku: 'SKU', belowSafetyStock: true, cursor };
const historyFilters = { type: 'StockAdjusted', actor: 'a', correlationId: 'c', from: '2026-01-01T00:00:00.000Z' };

const asked: Readonly<Record<string, (documents: Documents) => Promise<unknown>>> = {
  'lists of orders': (documents) => {
    const queries = createOrderQueries(
      documents,
      () => 'orders_v2',
      () => Promise.resolve(),
    );
    return Promise.all(subsetsOf(orderFilters).map((filters) => queries.list({ ...page, ...filters })));
  },
  'orders that wait': async (documents) => {
    const queries = createOrderQueries(
      documents,
      () => 'orders_v2',
      () => Promise.resolve(),
    );
    await queries.waitingFor('SKU', page);
  },
  'stock of a warehouse': (documents) => {
    const queries = createStockLevelQueries(documents, () => 'stock_levels_v1');
    return Promise.all(
      subsetsOf(stockFilters).map((filters) => queries.list({ ...page, warehouseId: 'BER', ...filters })),
    );
  },
  'events for auditors': (documents) => {
    const reads = { source: { readStream: async () => [] }, pace: async () => undefined };
    const queries = createEventHistoryQueries(documents, () => 'event_history_v1', reads);
    return Promise.all(subsetsOf(historyFilters).map((filters) => queries.find({ ...page, ...filters })));
  },
  warehouses: async (documents) => {
    const queries = createWarehouseQueries(documents, () => 'warehouses_v2');
    await queries.list({ ...page, cursor });
    await queries.all();
  },
  'reservations that are due': async (documents) => {
    const queries = createOpenReservationQueries(documents, () => 'open_reservations_v1');
    await queries.dueAt(clock.now(), 10);
    await queries.all({ ...page, cursor });
  },
  transfers: (documents) => {
    const queries = createTransferQueries(
      documents,
      () => 'transfers_v1',
      () => Promise.resolve(),
    );
    const filters = { warehouseIds: ['BER', 'PAR'], sku: 'SKU', status: 'planned', cursor };
    return Promise.all(subsetsOf(filters).map((some) => queries.list({ ...page, ...some })));
  },
  'shipments of an order': (documents) => createShipmentQueries(documents, () => 'shipments_v2').byOrder('o'),
  endpoints: async (documents) => {
    const queries = createWebhookEndpointQueries(documents, () => 'webhook_endpoints_v1');
    for (const filters of subsetsOf({ ownerId: 'o', cursor })) await queries.list({ ...page, ...filters });
    await queries.all();
    await queries.mark();
  },
  deliveries: (documents) => {
    const queries = createDeliveryQueries(documents);
    return Promise.all(
      subsetsOf({ status: 'dead', cursor }).map((filters) => queries.list({ ...page, endpointId: 'e', ...filters })),
    );
  },
  'the reconciler of deliveries': (documents) => {
    const jobs = { add: async () => undefined, known: async () => new Set<string>() };
    const directory = { get: async () => null, of: async () => [] };
    return createReconciler({ documents, jobs, directory, clock } as never)();
  },
};

describe('a question to a read model', () => {
  it.each(Object.keys(asked))('walks an index, without a scan of documents and without a sort: %s', async (what) => {
    const questions = await questionsOf(asked[what]!);
    expect(questions.length).toBeGreaterThan(0);
    for (const question of questions) {
      for (const { plan, isSorted } of plansOf(question)) {
        const said = `${JSON.stringify(question.query.where)}: ${plan.join('; ')}`;
        // A list with few documents is looked up; only those are sorted.
        if (!isSorted) expect(said).not.toContain('TEMP B-TREE');
        for (const line of plan.filter((each) => /^(SCAN|SEARCH)/.test(each))) expect(line, said).toMatch(/USING/);
      }
    }
  });
});
