import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryCache, createTieredCache } from '../../src/infra/cache.ts';
import type { Cache } from '../../src/projections/readCache/readCache.ts';
import { type Asking, at, createCacheWorld } from './cacheWorld.ts';

const sku = 'TABLE';

/** One process that knows all of a log of three events. */
const open = () => {
  const world = createCacheWorld();
  for (const each of [sku, 'CHAIR', sku]) world.append(each);
  world.project(3);
  const cache = createMemoryCache();
  return { ...world, cache, one: world.startProcess(cache) };
};

describe('a cached read', () => {
  it('is loaded once, then given out until the log tells of a change', async () => {
    const { one, release, append, project } = open();
    const first = one.ask(sku);
    await turn();
    release(0);
    expect(await first.answer).toEqual({ value: 2, from: 'miss', seen: at(3) });
    append('CHAIR');
    one.hear(1);
    // It says that it has seen the event that it has nothing to do with.
    expect(await one.ask(sku).answer).toEqual({ value: 2, from: 'hit', seen: at(4) });
    append(sku);
    one.hear(1);
    project(2);
    one.notice();
    const changed = one.ask(sku);
    await turn();
    release(0);
    expect(await changed.answer).toEqual({ value: 3, from: 'miss', seen: at(5) });
  });

  it('is loaded anew for whoever has seen more than this process has heard', async () => {
    const { one, release, append, project } = open();
    const first = one.ask(sku);
    await turn();
    release(0);
    await first.answer;
    append(sku);
    project(1);
    one.notice();
    const asking = one.ask(sku, 4);
    await turn();
    release(0);
    expect(await asking.answer).toEqual({ value: 3, from: 'miss', seen: at(4) });
    // Who has seen nothing may be served by it, though the change is not heard of yet.
    expect(await one.ask(sku).answer).toMatchObject({ value: 3, from: 'hit' });
  });

  it('that began before a change is joined by nobody who comes after, and its late answer is not kept', async () => {
    const { one, release, append, project, underWay } = open();
    const slow = one.ask(sku);
    await turn();
    append(sku);
    one.hear(1);
    project(1);
    one.notice();
    const quick = one.ask(sku);
    await turn();
    expect(underWay()).toBe(2);
    release(1);
    expect(await quick.answer).toMatchObject({ value: 3, from: 'miss' });
    release(0);
    expect(await slow.answer).toMatchObject({ value: 2, seen: at(3) });
    await turn();
    expect(await one.ask(sku).answer).toMatchObject({ value: 3, from: 'hit' });
  });

  it('is loaded once for many while the read model is behind a change, too', async () => {
    const { one, release, append, loads } = open();
    append(sku);
    one.hear(1);
    const asking = Array.from({ length: 50 }, () => one.ask(sku).answer);
    await turn();
    expect(loads()).toBe(1);
    release(0);
    const answers = await Promise.all(asking);
    expect(answers.filter(({ from }) => from === 'collapsed')).toHaveLength(49);
    expect(answers.every(({ seen }) => seen.commit === 3n)).toBe(true);
  });

  it('costs one load for each process at most, however many ask there, and none once one has read it', async () => {
    const { cache, one, startProcess, loads, release } = open();
    const [two, three] = [startProcess(cache), startProcess(cache)];
    const asking = [one, two].flatMap((process) => Array.from({ length: 50 }, () => process.ask(sku).answer));
    await turn();
    expect(loads()).toBe(2);
    release(0);
    release(0);
    await Promise.all(asking);
    await turn();
    expect(await three.ask(sku).answer).toMatchObject({ value: 2, from: 'hit' });
  });

  it('is not taken from what others kept before this process heard of anything', async () => {
    const { cache, one, release, append, startProcess, project } = open();
    const first = one.ask(sku);
    await turn();
    release(0);
    await first.answer;
    append(sku);
    project(1);
    const late = startProcess(cache);
    const asking = late.ask(sku);
    await turn();
    release(0);
    expect(await asking.answer).toMatchObject({ value: 3, from: 'miss' });
  });

  it('is no worse without a cache that keeps anything', async () => {
    const world = createCacheWorld();
    world.append(sku);
    world.project(1);
    const nothing: Cache = { get: async () => null, put: async () => undefined };
    const process = world.startProcess(nothing);
    for (const _ of [1, 2]) {
      const asking = process.ask(sku);
      await turn();
      world.release(0);
      expect(await asking.answer).toMatchObject({ value: 1, from: 'miss' });
      await turn();
    }
  });
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), sku: fc.constantFrom('TABLE', 'CHAIR', 'LAMP') }),
  fc.record({ kind: fc.constant('project' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('hear' as const), who: fc.nat(1), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('notice' as const), who: fc.nat(1) }),
  fc.record({
    kind: fc.constant('ask' as const),
    who: fc.nat(1),
    sku: fc.constantFrom('TABLE', 'CHAIR'),
    /** How much less than its read models the caller has seen; `null`: does not say. */
    behind: fc.option(fc.nat(3)),
  }),
  fc.record({ kind: fc.constant('release' as const), index: fc.nat(5) }),
);

describe('whatever the order of events, read models, processes and slow readers', () => {
  it('an answer has in it all that it says, and all that its caller has seen', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
        const world = createCacheWorld();
        const shared = createMemoryCache();
        // One that looks at home first; one that soon forgets what has changed.
        const processes = [
          world.startProcess(createTieredCache(createMemoryCache(), shared)),
          world.startProcess(shared, 2),
        ];
        const asked: (Asking & { readonly sku: string })[] = [];
        for (const each of steps) {
          switch (each.kind) {
            case 'append':
              world.append(each.sku);
              break;
            case 'project':
              world.project(each.count);
              break;
            case 'hear':
              processes[each.who]!.hear(each.count);
              break;
            case 'notice':
              processes[each.who]!.notice();
              break;
            case 'release':
              world.release(each.index);
              break;
            default: {
              const process = processes[each.who]!;
              const min = each.behind === null ? null : Math.max(0, process.modelSeen() - each.behind);
              asked.push({ ...process.ask(each.sku, min), sku: each.sku });
            }
          }
          await turn();
        }
        while (world.underWay() > 0) world.release(0);
        for (const { answer, min, sku: about } of asked) {
          const { value, seen } = await answer;
          const told = Number(seen.commit);
          expect(value).toBeGreaterThanOrEqual(world.valueAt(about, told));
          expect(told).toBeGreaterThanOrEqual(min ?? 0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
