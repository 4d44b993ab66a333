import { expect, it } from 'vitest';
import type { Position } from '../../src/eventsourcing/message.ts';
import type { Cache, CacheEntry } from '../../src/projections/readCache/readCache.ts';
import { type Make, uniqueName, useAdapter, waitMaxMs } from './make.ts';

const at = (commit: bigint, prepare = commit): Position => ({ commit, prepare });
const beginning = at(0n);
/** Longer than any of these tests. */
const longMs = 120_000;

const entry = (value: unknown, seen: Position, livesMs = longMs): CacheEntry => ({ seen, value, livesMs });

const heldAt = async (cache: Cache, key: string, notBefore = beginning): Promise<unknown> =>
  (await cache.get(key, notBefore))?.value;

export const cacheContract = (make: Make<Cache>): void => {
  const made = useAdapter(make);

  it('gives back what was put, with what it has seen, to every process', async () => {
    const { adapter, second } = made();
    const key = uniqueName('key');
    const value = { sku: 'TABLE-OAK-160', onHand: 3, boxes: [{ name: 'Größe ✓' }], item: null };
    expect(await adapter.get(key, beginning)).toBeNull();
    await adapter.put(key, entry(value, at(7n)));
    for (const cache of [adapter, second]) {
      expect(await cache.get(key, beginning)).toMatchObject({ value, seen: at(7n) });
    }
    expect(await adapter.get(`${key}x`, beginning)).toBeNull();
  });

  it('gives nothing that has seen less than is asked for', async () => {
    const { adapter, second } = made();
    const key = uniqueName('key');
    await adapter.put(key, entry('seven', at(7n, 5n)));
    expect(await heldAt(second, key, at(7n, 4n))).toBe('seven');
    expect(await heldAt(second, key, at(7n, 5n))).toBe('seven');
    expect(await heldAt(second, key, at(7n, 6n))).toBeUndefined();
    expect(await heldAt(second, key, at(8n, 0n))).toBeUndefined();
    // Whoever asks for less is still served.
    expect(await heldAt(second, key, at(6n))).toBe('seven');
  });

  it('lets no late one take the place of one that has seen more', async () => {
    const { adapter, second } = made();
    const key = uniqueName('key');
    await adapter.put(key, entry('new', at(10n)));
    await second.put(key, entry('old', at(9n)));
    await second.put(key, entry('old', at(10n, 9n)));
    expect(await adapter.get(key, beginning)).toMatchObject({ value: 'new', seen: at(10n) });
    await second.put(key, entry('newer', at(11n)));
    expect(await heldAt(adapter, key, at(11n))).toBe('newer');
  });

  it('keeps the newest of many that come at once, whatever their order', async () => {
    const { adapter, second } = made();
    const key = uniqueName('key');
    const positions = [3n, 9n, 1n, 20n, 7n, 12n, 100n, 19n];
    await Promise.all(
      positions.map((commit, index) =>
        (index % 2 === 0 ? adapter : second).put(key, entry(String(commit), at(commit))),
      ),
    );
    expect(await heldAt(adapter, key, at(100n))).toBe('100');
  });

  it('tells positions apart to the last of 64 bits', async () => {
    const { adapter } = made();
    const key = uniqueName('key');
    const wide = at(2n ** 62n + 1n, 2n ** 53n + 1n);
    await adapter.put(key, entry('wide', wide));
    await adapter.put(key, entry('one less', at(wide.commit, wide.prepare - 1n)));
    expect(await adapter.get(key, wide)).toMatchObject({ value: 'wide', seen: wide });
    expect(await adapter.get(key, at(wide.commit, wide.prepare + 1n))).toBeNull();
  });

  it('tells how much longer an entry lives, and forgets it then', async () => {
    const { adapter, second } = made();
    const [long, short] = [uniqueName('key'), uniqueName('key')];
    await adapter.put(long, entry('long', at(1n)));
    await adapter.put(short, entry('short', at(1n), 40));
    const { livesMs } = (await second.get(long, beginning))!;
    expect(livesMs).toBeGreaterThan(0);
    expect(livesMs).toBeLessThanOrEqual(longMs);
    await expect.poll(() => second.get(short, beginning), { timeout: waitMaxMs }).toBeNull();
    expect(await heldAt(second, long)).toBe('long');
    // What is gone does not stand in the way of one that has seen less.
    await adapter.put(short, entry('again', at(0n)));
    expect(await heldAt(second, short)).toBe('again');
  });

  it('takes a value of any size without complaint, and need not keep it', async () => {
    const { adapter } = made();
    const key = uniqueName('key');
    const large = 'x'.repeat(8 * 1_024 * 1_024);
    await adapter.put(key, entry(large, at(2n)));
    expect([undefined, large]).toContain(await heldAt(adapter, key));
  });
};
