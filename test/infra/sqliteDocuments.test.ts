/** What the contract can't see: that a query walks an index. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DocumentQuery } from '../../src/eventsourcing/projecting/documents.ts';
import { collectionOf } from '../../src/infra/collection.ts';
import { anyOfList, querySteps } from '../../src/infra/sqlite/documents/documentQuery.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents/documents.ts';
import { type Database, openDatabase } from '../../src/infra/sqlite/file/database.ts';

const spec = {
  name: 'chairs_v1',
  indexes: [['name'], ['colour', 'quantity'], ['quantity']],
  lists: ['warehouseIds'],
};

let db: Database;
beforeEach(() => {
  db = openDatabase(':memory:');
});
afterEach(() => db.close());

/** The plan of each step, as SQLite puts it. */
const plansOf = async (query: Omit<DocumentQuery, 'limit'>, field: string | null): Promise<string[]> => {
  const driver = field === null ? null : { field, count: 1 };
  await createSqliteDocuments(db).ensure(spec);
  return querySteps(collectionOf(spec), { ...query, limit: 10 }, driver).map(({ sql, values }) =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...values, 10)
      .map(({ detail }) => String(detail))
      .join('; '),
  );
};

describe('a query over documents', () => {
  it.each<[string, Omit<DocumentQuery, 'limit'>, string]>([
    ['an equal value', { where: { name: { equals: 'Oak' } } }, 'doc_chairs_v1 name'],
    [
      'a beginning, in its order',
      { where: { name: { startsWith: 'Oa' } }, orderBy: { field: 'name', direction: 'ascending' } },
      'doc_chairs_v1 name',
    ],
    [
      'a range, in its order',
      { where: { quantity: { from: 3, below: 7 } }, orderBy: { field: 'quantity', direction: 'descending' } },
      'doc_chairs_v1 quantity',
    ],
    [
      'an equal value in the order of another',
      {
        where: { colour: { equals: 'red' } },
        orderBy: { field: 'quantity', direction: 'descending' },
        after: { value: 5, id: 'a' },
      },
      'doc_chairs_v1 colour quantity',
    ],
    [
      'a value of a list that many documents hold, in the order of a field',
      { where: { warehouseIds: { has: 'BER' } }, orderBy: { field: 'quantity', direction: 'ascending' } },
      'doc_chairs_v1 quantity',
    ],
  ])('finds %s by an index', async (_what, query, index) => {
    for (const plan of await plansOf(query, null)) {
      expect(plan).toMatch(new RegExp(`^(SEARCH|SCAN) t USING (COVERING )?INDEX ${index}`));
      expect(plan).not.toContain('TEMP B-TREE');
    }
  });

  it('goes on with a page from an index, without sorting', async () => {
    const orderBy = { field: 'quantity', direction: 'ascending' } as const;
    for (const after of [undefined, { value: 3, id: 'a' }, { value: null, id: 'a' }]) {
      const plans = await plansOf({ where: {}, orderBy, ...(after === undefined ? {} : { after }) }, null);
      for (const plan of plans) {
        expect(plan).toContain('USING COVERING INDEX doc_chairs_v1 quantity');
        expect(plan).not.toContain('TEMP B-TREE');
      }
    }
  });

  it('begins with a list that few documents hold the value of', async () => {
    const orderBy = { field: 'quantity', direction: 'ascending' } as const;
    const [plan] = await plansOf({ where: { warehouseIds: { has: 'BER' } }, orderBy }, 'warehouseIds');
    expect(plan).toMatch(/^SEARCH l USING PRIMARY KEY \(field=\? AND value=\?\); SEARCH t USING INDEX .*\(id=\?\)/);
  });

  it('asks the index of a list once for each of many values', async () => {
    await createSqliteDocuments(db).ensure(spec);
    const { sql, values } = anyOfList(collectionOf(spec), 'warehouseIds', ['BER', 'PAR']);
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
    const steps = plan.map(({ detail }) => String(detail));
    expect(steps).toHaveLength(2);
    expect(steps[1]).toMatch(/^SEARCH l USING PRIMARY KEY \(field=\? AND value=\?\)/);
  });

  it('gives the same answer for a list with few documents and with many', async () => {
    const documents = createSqliteDocuments(db);
    await documents.ensure(spec);
    const count = 2_500;
    await documents.write(
      spec.name,
      Array.from({ length: count }, (_, n) => ({
        id: `d${n}`,
        document: {
          name: 'x',
          colour: null,
          quantity: n % 100,
          warehouseIds: n % 500 === 0 ? ['ALL', 'FEW'] : ['ALL'],
        },
        position: 1n,
        expected: null,
      })),
    );
    const find = async (where: DocumentQuery['where']): Promise<string[]> => {
      const orderBy = { field: 'quantity', direction: 'descending' } as const;
      return (await documents.find(spec.name, { where, orderBy, limit: count })).map(({ id }) => id);
    };
    const few = ['d500', 'd2000', 'd1500', 'd1000', 'd0'];
    expect(await find({ warehouseIds: { has: 'FEW' } })).toEqual(few);
    const all = await find({ warehouseIds: { has: 'ALL' } });
    expect(all).toHaveLength(count);
    expect(all.filter((id) => few.includes(id))).toEqual(few);
  });

  it('stops at the document with which it has enough characters, before the next is parsed', async () => {
    const documents = createSqliteDocuments(db);
    await documents.ensure(spec);
    const write = (n: number) => ({
      id: `d${n}`,
      document: { name: 'x'.repeat(1_000), quantity: n },
      position: 1n,
      expected: null,
    });
    await documents.write(
      spec.name,
      Array.from({ length: 20 }, (_, n) => write(n)),
    );
    const orderBy = { field: 'quantity', direction: 'ascending' } as const;
    const found = await documents.find(spec.name, { where: {}, orderBy, limit: 20, charsMax: 2_500 });
    expect(found.map(({ id }) => id)).toEqual(['d0', 'd1', 'd2']);
  });

  it('looks for the rarest document of all in steps, and lets others in between', async () => {
    const documents = createSqliteDocuments(db);
    await documents.ensure(spec);
    const count = 9_000;
    const write = (n: number) => ({
      id: `d${String(n).padStart(4, '0')}`,
      document: { name: n === count - 1 ? 'rare' : 'common', quantity: n, warehouseIds: ['ALL', 'MOST'] },
      position: 1n,
      expected: null,
    });
    await documents.write(
      spec.name,
      Array.from({ length: count }, (_, n) => write(n)),
    );
    const lists = { warehouseIds: { has: 'ALL' } };
    for (const order of [{}, { orderBy: { field: 'quantity', direction: 'ascending' } } as const]) {
      let turns = 0;
      let isOver = false;
      const turn = (): void => {
        turns += 1;
        if (!isOver) setImmediate(turn);
      };
      setImmediate(turn);
      const found = await documents.find(spec.name, {
        where: { name: { equals: 'rare' }, ...lists },
        ...order,
        limit: 5,
      });
      isOver = true;
      expect(found.map(({ id }) => id)).toEqual(['d8999']);
      // 9,000 candidates, 2,000 in each step.
      expect(turns).toBeGreaterThanOrEqual(4);
    }
  });

  it('asks for a collection that was ensured', async () => {
    const documents = createSqliteDocuments(db);
    await expect(documents.find('unknown_v1', { where: {}, limit: 1 })).rejects.toThrow(/not ensured/);
    await expect(documents.write('unknown_v1', [])).rejects.toThrow(/not ensured/);
  });
});
