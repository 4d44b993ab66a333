import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createKeyFilter } from '../../src/infra/sqlite/keyFilter.ts';

const digestOf = (name: string): Buffer => hash('sha256', name, 'buffer');
const digests = (prefix: string, count: number): readonly Buffer[] =>
  Array.from({ length: count }, (_, index) => digestOf(`${prefix}${index}`));

describe('the filter of idempotency keys', () => {
  it('never denies one that was added', () => {
    const filter = createKeyFilter();
    const added = digests('added', 20_000);
    for (const digest of added) filter.add(digest);
    expect(added.filter((digest) => !filter.mayHave(digest))).toEqual([]);
  });

  it('denies nearly all others', () => {
    const filter = createKeyFilter();
    for (const digest of digests('added', 20_000)) filter.add(digest);
    expect(digests('other', 20_000).filter((digest) => filter.mayHave(digest)).length).toBeLessThan(20);
  });
});
