import { beforeAll, expect, it } from 'vitest';
import type { DocumentQuery, Documents, DocumentWrite } from '../../src/eventsourcing/projecting/documents.ts';
import { type Made, type Make, uniqueName, useAdapter } from './make.ts';

interface Chair {
  readonly name: string;
  readonly colour: string | null;
  readonly quantity: number;
  readonly active: boolean;
  readonly warehouseIds: readonly string[];
  readonly note?: object;
}

const spec = (name: string) => ({
  name,
  indexes: [['name'], ['colour'], ['colour', 'quantity'], ['quantity'], ['active']],
  lists: ['warehouseIds'],
});

const chair = (changes: Partial<Chair> = {}): Chair => ({
  name: 'Chair',
  colour: 'red',
  quantity: 1,
  active: true,
  warehouseIds: [],
  ...changes,
});

const insertion = (id: string, document: object | null, position = 1n): DocumentWrite => ({
  id,
  document,
  position,
  expected: null,
});

const writeContract = (made: () => Made<Documents>, collection: string): void => {
  it('gives back a document as it was written, in any alphabet', async () => {
    const { adapter, second } = made();
    const document = {
      ...chair({ name: '木の椅子 🪑 „Öl“ \\ % _ | \u0000' }),
      note: { nested: [1, null, { a: 'é' }] },
    };
    expect(await adapter.write(collection, [insertion('ünï-1', document)])).toEqual(['applied']);
    const stored = { id: 'ünï-1', document, position: 1n };
    expect(await second.get(collection, 'ünï-1')).toMatchObject(stored);
    const many = await adapter.getMany(collection, ['nobody', 'ünï-1']);
    expect([...many.keys()]).toEqual(['ünï-1']);
    expect(many.get('ünï-1')).toMatchObject(stored);
    expect(await adapter.get(collection, 'nobody')).toBeNull();
  });

  it('holds positions of 64 bits exactly', async () => {
    const { adapter } = made();
    const [low, high] = [2n ** 53n + 1n, 2n ** 62n + 3n];
    await adapter.write(collection, [insertion('wide', chair(), low)]);
    expect(
      await adapter.write(collection, [{ id: 'wide', document: chair(), position: high, expected: low - 1n }]),
    ).toEqual(['lost']);
    expect(await adapter.write(collection, [{ id: 'wide', document: chair(), position: high, expected: low }])).toEqual(
      ['applied'],
    );
    expect((await adapter.get(collection, 'wide'))?.position).toBe(high);
  });

  it('compares and sets, one outcome a write, in order', async () => {
    const { adapter } = made();
    await adapter.write(collection, [
      insertion('cas1', chair()),
      insertion('cas2', chair()),
      insertion('cas3', chair()),
    ]);
    const outcomes = await adapter.write(collection, [
      { id: 'cas1', document: chair({ quantity: 2 }), position: 2n, expected: 1n },
      { id: 'cas2', document: chair({ quantity: 2 }), position: 2n, expected: 7n },
      insertion('cas3', chair({ quantity: 2 }), 2n),
      insertion('cas4', chair({ quantity: 2 }), 2n),
      { id: 'cas5', document: chair(), position: 2n, expected: 1n },
    ]);
    expect(outcomes).toEqual(['applied', 'lost', 'lost', 'applied', 'lost']);
    const found = await adapter.getMany<Chair>(collection, ['cas1', 'cas2', 'cas3', 'cas4', 'cas5']);
    expect([...found.values()].map(({ id, document }) => [id, document.quantity]).sort()).toEqual([
      ['cas1', 2],
      ['cas2', 1],
      ['cas3', 1],
      ['cas4', 2],
    ]);
  });

  it('deletes at the position that is named only', async () => {
    const { adapter } = made();
    await adapter.write(collection, [insertion('gone', chair({ warehouseIds: ['GONE'] }), 4n)]);
    const removal = (expected: bigint | null): DocumentWrite => ({
      id: 'gone',
      document: null,
      position: 5n,
      expected,
    });
    expect(await adapter.write(collection, [removal(3n)])).toEqual(['lost']);
    expect(await adapter.write(collection, [removal(null)])).toEqual(['lost']);
    expect(await adapter.write(collection, [removal(4n)])).toEqual(['applied']);
    expect(await adapter.write(collection, [removal(4n)])).toEqual(['lost']);
    expect(await adapter.write(collection, [removal(null)])).toEqual(['applied']);
    expect(await adapter.get(collection, 'gone')).toBeNull();
    expect(await adapter.find(collection, { where: { warehouseIds: { has: 'GONE' } }, limit: 5 })).toEqual([]);
  });

  it('makes a document again after it was deleted, for one of many', async () => {
    const { adapter, second } = made();
    await adapter.write(collection, [insertion('again', chair(), 1n)]);
    await adapter.write(collection, [{ id: 'again', document: null, position: 2n, expected: 1n }]);
    const stale = { id: 'again', document: chair(), position: 3n };
    expect(await adapter.write(collection, [{ ...stale, expected: 1n }])).toEqual(['lost']);
    expect(await adapter.write(collection, [{ ...stale, expected: 2n }])).toEqual(['lost']);
    const outcomes = await Promise.all(
      [adapter, second, adapter, second].map((documents, index) =>
        documents.write(collection, [
          insertion('again', chair({ quantity: index }), 3n),
          insertion(`beside${index}`, chair(), 3n),
        ]),
      ),
    );
    const applied = outcomes.flatMap(([outcome], index) => (outcome === 'applied' ? [index] : []));
    expect(applied).toHaveLength(1);
    expect(outcomes.map(([, beside]) => beside)).toEqual(Array(4).fill('applied'));
    const stored = await second.get<Chair>(collection, 'again');
    expect([stored?.document.quantity, stored?.position]).toEqual([applied[0], 3n]);
  });

  it('takes writes of one id in their order', async () => {
    const { adapter } = made();
    const outcomes = await adapter.write(collection, [
      insertion('steps', chair({ quantity: 1 }), 1n),
      { id: 'steps', document: chair({ quantity: 2 }), position: 2n, expected: 1n },
      { id: 'steps', document: chair({ quantity: 3 }), position: 3n, expected: 1n },
    ]);
    expect(outcomes).toEqual(['applied', 'applied', 'lost']);
    expect((await adapter.get<Chair>(collection, 'steps'))?.document.quantity).toBe(2);
  });

  it('gives back names of fields that mean something elsewhere, values that look like operators, and no undefined', async () => {
    const { adapter, second } = made();
    const note = {
      'BER.CHAIR-1': { $gt: '', 'a.b.c': [{ $set: 1, '%2E': '%2E' }] },
      $where: 'x',
      '50%': 0.1,
      '': 2 ** 53 - 1,
      constructor: -1.5e300,
      10: { toString: 'x' },
    };
    await adapter.write(collection, [insertion('names', { ...chair(), note, gone: undefined, $id: { $oid: 'x' } })]);
    const stored = await second.get<Chair>(collection, 'names');
    expect(stored?.document).toStrictEqual({ ...chair(), note, $id: { $oid: 'x' } });
    expect([...(await second.getMany<Chair>(collection, ['names'])).values()]).toEqual([stored]);
    const hostile = JSON.parse('{"__proto__":{"admin":true},"a.b":1}') as object;
    await adapter.write(collection, [insertion('hostile', { ...chair(), note: hostile })]);
    const { note: back = {} } = (await second.get<Chair>(collection, 'hostile'))?.document ?? {};
    expect(Object.entries(back)).toEqual([
      ['__proto__', { admin: true }],
      ['a.b', 1],
    ]);
  });

  it('lets one of many writers win each step (R11.2)', async () => {
    const { adapter, second } = made();
    await adapter.write(collection, [insertion('race', chair({ quantity: 0 }), 0n)]);
    for (let step = 1n; step <= 5n; step += 1n) {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          (index % 2 === 0 ? adapter : second).write(collection, [
            { id: 'race', document: chair({ quantity: index }), position: step, expected: step - 1n },
          ]),
        ),
      );
      const applied = outcomes.flatMap(([outcome], index) => (outcome === 'applied' ? [index] : []));
      expect(applied).toHaveLength(1);
      expect((await second.get<Chair>(collection, 'race'))?.document.quantity).toBe(applied[0]);
    }
  });

  it('reads many documents at once', async () => {
    const { adapter } = made();
    const ids = Array.from({ length: 150 }, (_, index) => `many${index}`);
    await adapter.write(
      collection,
      ids.map((id, index) => insertion(id, chair({ quantity: index }))),
    );
    for (const size of [0, 1, 2, 8, 9, 64, 65, 150]) {
      const found = await adapter.getMany(collection, ids.slice(0, size));
      expect([...found.keys()].sort(), `${size} ids`).toEqual(ids.slice(0, size).sort());
    }
  });
};

const rows: Readonly<Record<string, Chair>> = {
  a: chair({ name: 'Oak', colour: 'red', quantity: 5, warehouseIds: ['BER', 'PAR'] }),
  b: chair({ name: 'oak', colour: 'blue', quantity: 3, active: false, warehouseIds: ['BER_1'] }),
  c: chair({ name: 'Oakley', colour: 'red', quantity: 5, warehouseIds: ['PAR'] }),
  d: chair({ name: 'Oa_k', colour: null, quantity: 7, warehouseIds: [] }),
  e: chair({ name: 'Oa%k', colour: 'red', quantity: 1, warehouseIds: ['B%R', 'BER'] }),
  f: chair({ name: 'Oälk', colour: null, quantity: 5, active: false, warehouseIds: ['PAR', 'BER'] }),
  g: chair({ name: 'Öl', colour: 'RED', quantity: 5, warehouseIds: ['ber', 'Ö|L', 'PAR'] }),
};

const queryCases: readonly (readonly [string, DocumentQuery['where'], string])[] = [
  ['everything', {}, 'abcdefg'],
  ['an equal text, which is case-sensitive', { colour: { equals: 'red' } }, 'ace'],
  ['an equal number', { quantity: { equals: 5 } }, 'acfg'],
  ['an equal boolean', { active: { equals: false } }, 'bf'],
  ['what is absent', { colour: { equals: null } }, 'df'],
  ['a beginning, which is case-sensitive', { name: { startsWith: 'Oak' } }, 'ac'],
  ['a beginning with what other languages take for wildcards', { name: { startsWith: 'Oa_' } }, 'd'],
  ['a beginning with a per cent sign', { name: { startsWith: 'Oa%' } }, 'e'],
  ['a beginning in another alphabet', { name: { startsWith: 'Ö' } }, 'g'],
  ['an empty beginning', { name: { startsWith: '' } }, 'abcdefg'],
  ['a range with its lower end and without its upper', { quantity: { from: 3, below: 7 } }, 'abcfg'],
  ['a range with one end', { quantity: { from: 6 } }, 'd'],
  ['a range without ends', { quantity: {} }, 'abcdefg'],
  ['a value of a list', { warehouseIds: { has: 'BER' } }, 'aef'],
  ['a value of a list with a bar in it', { warehouseIds: { has: 'Ö|L' } }, 'g'],
  ['no value that merely contains it', { warehouseIds: { has: 'BE' } }, ''],
  ['no pattern of a value', { warehouseIds: { has: 'B%' } }, ''],
  [
    'several conditions at once',
    { warehouseIds: { has: 'PAR' }, quantity: { equals: 5 }, colour: { equals: 'red' } },
    'ac',
  ],
];

const queryContract = (made: () => Made<Documents>, collection: string): void => {
  it.each(queryCases)('finds %s', async (_what, where, expected) => {
    const { adapter } = made();
    const found = await adapter.find(collection, { where, limit: 50 });
    expect(found.map(({ id }) => id).join('')).toBe(expected);
    const sorted = await adapter.find(collection, {
      where,
      orderBy: { field: 'quantity', direction: 'descending' },
      limit: 50,
    });
    const quantityFirst = ['d', 'g', 'f', 'c', 'a', 'b', 'e'].filter((id) => expected.includes(id));
    expect(sorted.map(({ id }) => id)).toEqual(quantityFirst);
  });

  it.each([
    ['quantity', 'ascending', 'ebacfgd'],
    ['quantity', 'descending', 'dgfcabe'],
    ['colour', 'ascending', 'dfgbace'],
    ['colour', 'descending', 'ecabgfd'],
    [null, 'ascending', 'abcdefg'],
  ] as const)('pages by %s, %s, over equal and absent values', async (field, direction, expected) => {
    const { adapter } = made();
    for (const limit of [1, 2, 3]) {
      const seen: string[] = [];
      let after: DocumentQuery['after'];
      for (let page = 0; page < 10; page += 1) {
        const orderBy = field === null ? {} : { orderBy: { field, direction } };
        const query = { where: {}, limit, ...orderBy, ...(after === undefined ? {} : { after }) };
        const found = await adapter.find<Chair>(collection, query);
        seen.push(...found.map(({ id }) => id));
        const last = found.at(-1);
        if (last === undefined) break;
        after = { id: last.id, value: field === null ? null : last.document[field] };
      }
      expect(seen.join(''), `pages of ${limit}`).toBe(expected);
    }
  });

  it('hands over no more than a page has room for, where it is bounded in characters (11)', async () => {
    const { adapter } = made();
    const other = spec(uniqueName('large'));
    await adapter.ensure(other);
    const large = (n: number) => insertion(`d${n}`, chair({ name: 'x'.repeat(10_000), quantity: n }));
    await adapter.write(other.name, [0, 1, 2, 3, 4, 5].map(large));
    const orderBy = { field: 'quantity', direction: 'ascending' } as const;
    const found = await adapter.find(other.name, { where: {}, orderBy, limit: 6, charsMax: 25_000 });
    expect(found.map(({ id }) => id)).toEqual(['d0', 'd1', 'd2']);
    await adapter.drop(other.name);
  });

  it('refuses a field that has no index, rather than look at every document', async () => {
    const { adapter } = made();
    const ask = (where: DocumentQuery['where'], orderBy?: DocumentQuery['orderBy']) =>
      adapter.find(collection, { where, limit: 1, ...(orderBy === undefined ? {} : { orderBy }) });
    await expect(ask({ note: { equals: 'x' } })).rejects.toThrow(RangeError);
    await expect(ask({ name: { has: 'x' } })).rejects.toThrow(RangeError);
    await expect(ask({ warehouseIds: { equals: 'x' } })).rejects.toThrow(RangeError);
    await expect(ask({}, { field: 'note', direction: 'ascending' })).rejects.toThrow(RangeError);
  });

  it('tells whether any document has one of many values in a list, and forgets those that are gone', async () => {
    const { adapter, second } = made();
    const absent = Array.from({ length: 2_000 }, (_, index) => `SKU-${index}`);
    const hasAny = (...values: readonly string[]) => second.hasAny(collection, 'warehouseIds', values);
    expect(await hasAny(...absent, 'Ö|L')).toBe(true);
    expect(await hasAny('B%R')).toBe(true);
    expect(await hasAny(...absent)).toBe(false);
    expect(await hasAny('BE', 'B_R', '', 'oak', '{"$ne":"x"}')).toBe(false);
    expect(await hasAny()).toBe(false);
    await expect(adapter.hasAny(collection, 'name', ['Oak'])).rejects.toThrow(RangeError);
    const other = spec(uniqueName('any'));
    for (const each of [adapter, second]) await each.ensure(other);
    await adapter.write(other.name, [insertion('x', chair({ warehouseIds: ['A', 'B'] }))]);
    await adapter.write(other.name, [
      { id: 'x', document: chair({ warehouseIds: ['B'] }), position: 2n, expected: 1n },
    ]);
    const has = (value: string) => second.hasAny(other.name, 'warehouseIds', [value]);
    expect([await has('A'), await has('B')]).toEqual([false, true]);
    await adapter.write(other.name, [{ id: 'x', document: null, position: 3n, expected: 2n }]);
    expect(await has('B')).toBe(false);
    await adapter.drop(other.name);
  });

  it('keeps its indexes in step with the documents', async () => {
    const { adapter } = made();
    const other = spec(uniqueName('moves'));
    await adapter.ensure(other);
    const holders = async (value: string): Promise<number> =>
      (await adapter.find(other.name, { where: { warehouseIds: { has: value } }, limit: 5 })).length;
    const steps: readonly (readonly string[])[] = [['A', 'B'], ['B', 'C', 'B'], [], ['A']];
    for (const [index, warehouseIds] of steps.entries()) {
      const position = BigInt(index);
      const expected = index === 0 ? null : position - 1n;
      await adapter.write(other.name, [
        { id: 'x', document: chair({ warehouseIds, quantity: index }), position, expected },
      ]);
      for (const value of ['A', 'B', 'C']) expect(await holders(value)).toBe(warehouseIds.includes(value) ? 1 : 0);
      expect(await adapter.find(other.name, { where: { quantity: { equals: index } }, limit: 5 })).toHaveLength(1);
    }
    expect(await adapter.count(other.name)).toBe(1);
    await adapter.drop(other.name);
  });
};

export const documentsContract = (make: Make<Documents>): void => {
  const made = useAdapter(make);
  const [written, queried] = [uniqueName('written'), uniqueName('queried')];
  beforeAll(async () => {
    for (const documents of [made().adapter, made().second]) {
      await documents.ensure(spec(written));
      await documents.ensure(spec(queried));
    }
    await made().adapter.write(
      queried,
      Object.entries(rows).map(([id, document]) => insertion(id, document)),
    );
  });

  writeContract(made, written);
  queryContract(made, queried);

  it('leaves what is there alone when a collection is ensured again, and fills an index that is new', async () => {
    const { adapter, second } = made();
    const name = uniqueName('again');
    await adapter.ensure({ name, indexes: [['name']] });
    await adapter.write(name, [
      insertion('a', chair({ quantity: 5 })),
      insertion('g', chair({ quantity: 5, warehouseIds: ['Ö|L'] })),
    ]);
    await second.ensure(spec(name));
    expect(await second.count(name)).toBe(2);
    expect(await second.find(name, { where: { quantity: { equals: 5 } }, limit: 5 })).toHaveLength(2);
    const found = await second.find(name, { where: { warehouseIds: { has: 'Ö|L' } }, limit: 5 });
    expect(found.map(({ id }) => id)).toEqual(['g']);
    await second.drop(name);
  });

  it('counts, and drops a collection so that a new one begins empty', async () => {
    const { adapter } = made();
    const name = uniqueName('dropped');
    await adapter.ensure(spec(name));
    await adapter.write(name, [insertion('a', chair({ warehouseIds: ['BER'] }))]);
    expect(await adapter.count(name)).toBe(1);
    await adapter.drop(name);
    await adapter.drop(name);
    await adapter.ensure(spec(name));
    expect(await adapter.count(name)).toBe(0);
    expect(await adapter.find(name, { where: { warehouseIds: { has: 'BER' } }, limit: 5 })).toEqual([]);
    await adapter.drop(name);
  });

  it.each(['x"; DROP TABLE events; --', '', '1st', 'a b', 'ä'])(
    'takes %j for no name of a collection (R6.2)',
    async (name) => {
      await expect(made().adapter.ensure({ name, indexes: [] })).rejects.toThrow(RangeError);
      await expect(made().adapter.ensure({ name: 'fine', indexes: [[name]] })).rejects.toThrow(RangeError);
    },
  );
};
