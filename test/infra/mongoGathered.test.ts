/** How questions for single documents become few: without a server, as what is counted is what would be sent to it. */
import { describe, expect, it } from 'vitest';
import { createBatchedRead, idsPerRead, readByIds } from '../../src/infra/mongodb/driver.ts';

interface Row {
  readonly _id: string;
  readonly value: number;
}

const idsOf = (filter: object): readonly string[] => (filter as { _id: { $in: readonly string[] } })._id.$in;

const createServer = () => {
  const rows = new Map<string, number>();
  const asked: (readonly string[])[] = [];
  const read = async (filter: object): Promise<readonly Row[]> => {
    asked.push(idsOf(filter));
    return idsOf(filter).flatMap((_id) => {
      const value = rows.get(_id);
      return value === undefined ? [] : [{ _id, value }];
    });
  };
  return { rows, asked, read };
};

describe('documents that are asked for one by one', () => {
  it('are read in one go where they are asked for in one turn of the event loop, each once', async () => {
    const { rows, asked, read } = createServer();
    rows.set('a', 1).set('b', 2);
    const get = createBatchedRead<Row>(read);
    const found = await Promise.all(['a', 'b', 'absent', 'a'].map(get));
    expect(found.map((row) => row?.value ?? null)).toEqual([1, 2, null, 1]);
    expect(asked).toEqual([['a', 'b', 'absent']]);
  });

  it('are read again in the next turn, so that they show what was written before the question', async () => {
    const { rows, asked, read } = createServer();
    const get = createBatchedRead<Row>(read);
    expect(await get('a')).toBeNull();
    rows.set('a', 1);
    expect(await get('a')).toEqual({ _id: 'a', value: 1 });
    expect(asked).toHaveLength(2);
  });

  it('are not answered by a read that began before the question', async () => {
    const { rows, read } = createServer();
    const gate = Promise.withResolvers<null>();
    const begun = Promise.withResolvers<null>();
    let isFirst = true;
    const get = createBatchedRead<Row>(async (filter) => {
      const found = await read(filter);
      if (!isFirst) return found;
      isFirst = false;
      begun.resolve(null);
      await gate.promise;
      return found;
    });
    const early = get('a');
    await begun.promise;
    rows.set('a', 1);
    const late = get('a');
    gate.resolve(null);
    expect(await early).toBeNull();
    expect(await late).toEqual({ _id: 'a', value: 1 });
  });

  it('fail together where their read fails, and those asked for later do not', async () => {
    const { rows, read } = createServer();
    rows.set('a', 1);
    let isDown = true;
    const get = createBatchedRead<Row>((filter) => (isDown ? Promise.reject(new Error('away')) : read(filter)));
    const both = await Promise.allSettled([get('a'), get('b')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isDown = false;
    expect(await get('a')).toEqual({ _id: 'a', value: 1 });
  });

  it('are never more than a hundred in one question', async () => {
    const { asked, read } = createServer();
    const ids = Array.from({ length: 2 * idsPerRead + 1 }, (_, index) => `id${index}`);
    const get = createBatchedRead<Row>(read);
    await Promise.all(ids.map(get));
    expect(asked.map(({ length }) => length)).toEqual([idsPerRead, idsPerRead, 1]);
    expect(await readByIds(read, [])).toEqual([]);
    expect(asked).toHaveLength(3);
  });
});
