import { beforeEach, describe, expect, it } from 'vitest';
import type { Documents, DocumentWrite, StoredDocument } from '../../src/eventsourcing/projecting/documents.ts';
import { createFoldedDocuments } from '../../src/infra/mongodb/documents.ts';

const name = 'chairs';
const write = (id: string, position: bigint, expected: bigint | null, document: object | null = {}): DocumentWrite => ({
  id,
  document,
  position,
  expected,
});

describe('documents as a projection folds them', () => {
  let stored: Map<string, StoredDocument<unknown>>;
  let asked: string[][];
  let failing: Error | null;
  let folded: Documents;

  const writeOne = ({ id, document, position, expected }: DocumentWrite): 'applied' | 'lost' => {
    if ((stored.get(id)?.position ?? null) !== expected) return 'lost';
    if (document === null) stored.delete(id);
    else stored.set(id, { id, document, position });
    return 'applied';
  };

  beforeEach(() => {
    stored = new Map();
    asked = [];
    failing = null;
    const none = () => Promise.reject(new Error('not asked for here'));
    const documents: Documents = {
      ensure: none,
      get: none,
      find: none,
      hasAny: none,
      count: none,
      drop: () => {
        stored.clear();
        return Promise.resolve();
      },
      getMany: <T>(_: string, ids: readonly string[]) => {
        asked.push([...ids]);
        return Promise.resolve(
          new Map(ids.flatMap((id) => (stored.has(id) ? [[id, stored.get(id) as StoredDocument<T>]] : []))),
        );
      },
      write: (_, writes) => (failing === null ? Promise.resolve(writes.map(writeOne)) : Promise.reject(failing)),
    };
    folded = createFoldedDocuments(documents);
  });

  it('are not asked for again by who wrote or read them', async () => {
    stored.set('read', { id: 'read', document: {}, position: 1n });
    await folded.write(name, [write('written', 2n, null)]);
    await folded.getMany(name, ['read', 'written', 'absent']);
    const found = await folded.getMany(name, ['read', 'written', 'absent']);
    expect([...found.values()].map(({ position }) => position)).toEqual([1n, 2n]);
    expect(asked).toEqual([['read', 'absent'], ['absent']]);
  });

  it('are asked for again once they were deleted', async () => {
    await folded.write(name, [write('a', 1n, null)]);
    await folded.write(name, [write('a', 2n, 1n, null)]);
    expect(await folded.getMany(name, ['a'])).toEqual(new Map());
    expect(asked).toEqual([['a']]);
  });

  it('are all asked for again when one of them turns out to be another one than thought', async () => {
    await folded.write(name, [write('a', 1n, null), write('b', 1n, null)]);
    stored.set('a', { id: 'a', document: {}, position: 9n });
    expect(await folded.write(name, [write('a', 2n, 1n)])).toEqual(['lost']);
    expect((await folded.getMany(name, ['a', 'b'])).get('a')?.position).toBe(9n);
    expect(asked).toEqual([['a', 'b']]);
  });

  it('are all asked for again when nobody knows what became of a write, or they were dropped', async () => {
    await folded.write(name, [write('a', 1n, null)]);
    failing = new Error('unknown');
    await expect(folded.write(name, [write('a', 2n, 1n)])).rejects.toBe(failing);
    await folded.getMany(name, ['a']);
    await folded.drop(name);
    await folded.getMany(name, ['a']);
    expect(asked).toEqual([['a'], ['a']]);
  });
});
