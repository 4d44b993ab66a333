import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { IdempotencyRecord, IdempotencyRecords } from '../../src/commands/ports.ts';
import { type Make, useAdapter } from './make.ts';

const record = (body: string): IdempotencyRecord => ({
  fingerprint: `fingerprint of ${body}`,
  answer: { status: 201, headers: { 'content-type': 'application/json', etag: '"3"' }, body },
});
const earlier = '2026-03-01T08:00:00.000Z';
const later = '2026-03-01T09:00:00.000Z';
const longAgo = '2001-01-01T00:00:00.000Z';

export const idempotencyContract = (make: Make<IdempotencyRecords>): void => {
  const made = useAdapter(make);

  it('gives back the answer as it was', async () => {
    const { adapter, second } = made();
    const key = randomUUID();
    expect(await adapter.find(key)).toBeNull();
    await adapter.save([{ id: key, ...record('{"name":"木の椅子 🪑"}'), recordedAt: earlier }]);
    expect(await second.find(key)).toEqual(record('{"name":"木の椅子 🪑"}'));
    expect(await second.find(randomUUID())).toBeNull();
  });

  it('keeps the first of several answers', async () => {
    const { adapter, second } = made();
    const key = randomUUID();
    await adapter.save([{ id: key, ...record('first'), recordedAt: earlier }]);
    await second.save([{ id: key, ...record('second'), recordedAt: later }]);
    expect(await adapter.find(key)).toEqual(record('first'));
  });

  it('keeps many at once, and the first of those for one id', async () => {
    const { adapter, second } = made();
    const ids = Array.from({ length: 20 }, () => randomUUID());
    const answers = ids.map((id) => ({ id, ...record(id), recordedAt: earlier }));
    await adapter.save([...answers, { id: ids[0] ?? '', ...record('late'), recordedAt: earlier }]);
    for (const id of ids) expect(await second.find(id)).toEqual(record(id));
    await adapter.save([]);
  });

  it('remembers when a key was first claimed, which is no answer yet', async () => {
    const { adapter, second } = made();
    const key = randomUUID();
    expect(await adapter.claim(key, earlier)).toBe(earlier);
    expect(await second.claim(key, later)).toBe(earlier);
    expect(await adapter.find(key)).toBeNull();
    await second.save([{ id: key, ...record('answer'), recordedAt: later }]);
    expect(await adapter.find(key)).toEqual(record('answer'));
    expect(await adapter.claim(key, later)).toBe(earlier);
  });

  it('agrees on one claim when many come at once', async () => {
    const { adapter, second } = made();
    const key = randomUUID();
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? adapter : second).claim(key, `${earlier}#${index}`)),
    );
    expect(new Set(claims).size).toBe(1);
  });

  it('prunes what is older, answered or not, and nothing else', async () => {
    const { adapter } = made();
    const [old, claimed, young] = [randomUUID(), randomUUID(), randomUUID()];
    await adapter.save([{ id: old, ...record('old'), recordedAt: longAgo }]);
    await adapter.claim(claimed, longAgo);
    await adapter.claim(young, longAgo);
    await adapter.save([{ id: young, ...record('young'), recordedAt: later }]);
    expect(await adapter.prune('2001-01-02T00:00:00.000Z')).toBeGreaterThanOrEqual(2);
    expect(await adapter.find(old)).toBeNull();
    expect(await adapter.claim(claimed, later)).toBe(later);
    expect(await adapter.find(young)).toEqual(record('young'));
    expect(await adapter.prune(longAgo)).toBe(0);
  });
};
