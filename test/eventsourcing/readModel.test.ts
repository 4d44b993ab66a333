/**
 * A read model that several processes fold together, each part by one of them at a time (docs/architecture.md, "The way
 * of an event").
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { ownLeases } from '../../src/eventsourcing/consumers/consumer.ts';
import { createConsumerProgress } from '../../src/eventsourcing/consumers/consumerProgress.ts';
import type { Leases } from '../../src/eventsourcing/ports.ts';
import { createReadModel, type ReadSide, rebuild } from '../../src/eventsourcing/projecting/readModel.ts';
import { createSqliteCheckpoints } from '../../src/infra/sqlite/checkpoints.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents/documents.ts';
import { asWritten } from '../../src/infra/sqlite/events/eventRows.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { newEvent, newStream } from '../contracts/eventSamples.ts';
import { counter } from '../crash/world.ts';

const parts = 4;

const openStores = async () => {
  const db = openDatabase(':memory:');
  onTestFinished(() => db.close());
  const { generations, ...checkpoints } = await createSqliteCheckpoints(db);
  return {
    source: await createSqliteEvents(db, asWritten),
    documents: createSqliteDocuments(db),
    checkpoints,
    generations,
  };
};
type Stores = Awaited<ReturnType<typeof openStores>>;

const sideOf = (stores: Stores, changes: Partial<ReadSide> = {}): ReadSide => ({
  ...stores,
  leases: ownLeases,
  consumerProgress: createConsumerProgress(),
  parts,
  onFailure: () => undefined,
  ...changes,
});

/** Runs to the end of the test, or until it is stopped. */
const run = (work: (signal: AbortSignal) => Promise<void>) => {
  const stopping = new AbortController();
  const running = work(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  onTestFinished(stop);
  return stop;
};

/** Some of the leases, held from the start with the epoch that is given; the others are for somebody else. */
const leasesFor = (holds: (name: string) => boolean, epoch: number): Leases => ({
  whileHeld: (name, signal, work) => (holds(name) ? work({ epoch, signal }) : Promise.resolve()),
});

const appendTo = async ({ source }: Stores, streams: readonly string[], rounds: number): Promise<void> => {
  for (let round = 0; round < rounds; round += 1) {
    for (const stream of streams) await source.append(stream, round === 0 ? 'no_stream' : round - 1, [newEvent()]);
  }
};

const countsOf = async ({ documents }: Stores, collection: string, streams: readonly string[]) => {
  const found = await documents.getMany<{ readonly n: number }>(collection, streams);
  return streams.map((stream) => found.get(stream)?.document.n ?? 0);
};

describe('a read model in parts', () => {
  const streams = Array.from({ length: 24 }, newStream);

  it('is folded by two processes together, and is done when all its parts are', async () => {
    const stores = await openStores();
    const consumerProgress = createConsumerProgress();
    const isFirst = (name: string): boolean => /\.[12]of4$/.test(name);
    const sides = [
      sideOf(stores, { consumerProgress, leases: leasesFor(isFirst, 1) }),
      sideOf(stores, { consumerProgress, leases: leasesFor((name) => !isFirst(name), 1) }),
    ];
    const models = sides.map((side) => createReadModel(counter, side));
    await models[0]!.prepare();
    run(models[0]!.run);
    await appendTo(stores, streams, 3);
    const head = (await stores.source.head())!;
    expect(await models[1]!.waitFor(head, 50)).toBe(false);
    run(models[1]!.run);
    expect(await models[1]!.waitFor(head, 10_000)).toBe(true);
    expect(await countsOf(stores, counter.name, streams)).toEqual(streams.map(() => 3));
  });

  it('goes on where the one before stopped, and that one can move nothing any more', async () => {
    const stores = await openStores();
    const first = sideOf(stores, { leases: leasesFor(() => true, 1) });
    const model = createReadModel(counter, first);
    await model.prepare();
    const stop = run(model.run);
    await appendTo(stores, streams, 2);
    expect(await model.waitFor((await stores.source.head())!, 10_000)).toBe(true);
    await stop();
    const second = createReadModel(counter, sideOf(stores, { leases: leasesFor(() => true, 2) }));
    run(second.run);
    await stores.source.append(streams[0]!, 1, [newEvent()]);
    const head = (await stores.source.head())!;
    expect(await second.waitFor(head, 10_000)).toBe(true);
    expect(await countsOf(stores, counter.name, streams)).toEqual(streams.map((_, index) => (index === 0 ? 3 : 2)));
    const name = `${counter.name}.1of4`;
    const from = await stores.checkpoints.get(name);
    expect(await stores.checkpoints.advance(name, { from, to: head, epoch: 1 })).toBe('lost');
  });

  it('is not folded in a process that only answers, which turns to a rebuild that is switched in', async () => {
    const stores = await openStores();
    const answering = createReadModel(counter, sideOf(stores));
    await answering.prepare();
    run(answering.watch);
    await appendTo(stores, streams, 1);
    await rebuild(counter, sideOf(stores), () => undefined);
    await expect.poll(() => answering.collection()).toBe(`${counter.name}_g2`);
    expect(await countsOf(stores, counter.name, streams)).toEqual(streams.map(() => 0));
    expect(await countsOf(stores, `${counter.name}_g2`, streams)).toEqual(streams.map(() => 1));
  });

  it('goes on from where its rebuild ended, in every part', async () => {
    const stores = await openStores();
    await appendTo(stores, streams, 1);
    const head = (await stores.source.head())!;
    await rebuild(counter, sideOf(stores), () => undefined);
    const positions = [1, 2, 3, 4].map((part) => stores.checkpoints.get(`${counter.name}_g2.${part}of4`));
    expect(await Promise.all(positions)).toEqual([head, head, head, head]);
  });

  it('tries again by itself when the store can not say which build is active', async () => {
    const stores = await openStores();
    let failures = 0;
    const failing: Pick<ReadSide, 'generations'> = {
      generations: {
        ...stores.generations,
        active: async (projection) => {
          if (failures < 1) {
            failures += 1;
            throw new Error('away');
          }
          return stores.generations.active(projection);
        },
      },
    };
    await stores.documents.ensure(counter);
    const told: string[] = [];
    const side = sideOf(stores, { generations: failing.generations, onFailure: (name) => told.push(name) });
    const model = createReadModel(counter, side);
    run(model.run);
    await appendTo(stores, streams, 1);
    expect(await model.waitFor((await stores.source.head())!, 10_000)).toBe(true);
    expect(told).toEqual([counter.name]);
  });
});
