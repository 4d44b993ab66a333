/** What the contract can't see: that a query walks an index. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectionOf } from '../../src/infra/collection.ts';
import { type Database, openDatabase } from '../../src/infra/sqlite/database.ts';
import { querySteps } from '../../src/infra/sqlite/documentQuery.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents.ts';
import type { DocumentQuery } from '../../src/projections/ports.ts';

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
const plansOf = async (query: Omit<DocumentQuery, 'limit'>, driver: string | null): Promise<string[]> => {
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
    ['a beginning', { where: { name: { startsWith: 'Oa' } } }, 'doc_chairs_v1 name'],
    ['a range', { where: { quantity: { from: 3, below: 7 } } }, 'doc_chairs_v1 quantity'],
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
    for (const plan of await plansOf(query, null)) expect(plan).toContain(`USING INDEX ${index}`);
  });

  it('goes on with a page from an index, without sorting', async () => {
    const orderBy = { field: 'quantity', direction: 'ascending' } as const;
    for (const after of [undefined, { value: 3, id: 'a' }, { value: null, id: 'a' }]) {
      const plans = await plansOf({ where: {}, orderBy, ...(after === undefined ? {} : { after }) }, null);
      for (const plan of plans) {
        expect(plan).toContain('USING INDEX doc_chairs_v1 quantity');
        expect(plan).not.toContain('TEMP B-TREE');
      }
    }
  });

  it('begins with a list that few documents hold the value of', async () => {
    const orderBy = { field: 'quantity', direction: 'ascending' } as const;
    const [plan] = await plansOf({ where: { warehouseIds: { has: 'BER' } }, orderBy }, 'warehouseIds');
    expect(plan).toMatch(/^SEARCH l USING PRIMARY KEY \(field=\? AND value=\?\); SEARCH t USING INDEX .*\(id=\?\)/);
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

  it('asks for a collection that was ensured', async () => {
    const documents = createSqliteDocuments(db);
    await expect(documents.find('unknown_v1', { where: {}, limit: 1 })).rejects.toThrow(/not ensured/);
    await expect(documents.write('unknown_v1', [])).rejects.toThrow(/not ensured/);
  });
});
