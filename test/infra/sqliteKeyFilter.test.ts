import { describe, expect, it } from 'vitest';
import { derivedId } from '../../src/eventsourcing/commandHandling/ids.ts';
import { createKeyFilter } from '../../src/infra/sqlite/keyFilter.ts';

const idsOf = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => derivedId(`${prefix}${index}`));

describe('the filter of idempotency keys', () => {
  it('never denies one that was added', () => {
    const filter = createKeyFilter();
    const added = idsOf('added', 20_000);
    for (const id of added) filter.add(id);
    expect(added.filter((id) => !filter.mayHave(id))).toEqual([]);
  });

  it('says of an id that is added whether it may have been there', () => {
    const filter = createKeyFilter();
    const added = idsOf('added', 1_000);
    expect(added.filter((id) => filter.add(id)).length).toBeLessThan(2);
    expect(added.filter((id) => !filter.add(id))).toEqual([]);
  });

  it('denies nearly all others', () => {
    const filter = createKeyFilter();
    for (const id of idsOf('added', 20_000)) filter.add(id);
    expect(idsOf('other', 20_000).filter((id) => filter.mayHave(id)).length).toBeLessThan(20);
  });
});
