/** A log of so many events, and its read models as they would be had the service made both. */
import { join } from 'node:path';
import { reactionsName } from '../../src/app/measures.ts';
import { allProjections } from '../../src/app/readModels.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { projectBatch } from '../../src/eventsourcing/projecting/projection.ts';
import { createReadEngines, openEmbeddedEngines } from '../../src/infra/embedded.ts';
import { openPersonalData } from '../../src/infra/keys/sqliteKeyStore.ts';
import { databaseFileName } from '../../src/infra/privateFiles.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { plannerName } from '../../src/webhooks/planner.ts';
import { type Append, bookMs, createBook } from './book.ts';
import { createBusiness, sizeOf } from './business.ts';

/** Appended and folded together: as many as fit the memory of this process. */
const eventsPerRound = 20_000;
/** Ids are random: their index must stay in memory. */
const cacheKiB = 768 * 1_024;

type Engines = Awaited<ReturnType<typeof createReadEngines>>;

/** The service's own files, written by one thread that never waits for the disk: nothing of it must outlive a crash. */
const openQuickly = async (dataDir: string) => {
  const clock = { now: () => new Date().toISOString() };
  // Makes the files, and binds them to each other.
  await (await openEmbeddedEngines({ dataDir, keyEncryptionKey: undefined, clock })).close();
  const db = openDatabase(join(dataDir, databaseFileName), { cacheKiB });
  db.prepare('PRAGMA synchronous=OFF').run();
  db.prepare('PRAGMA wal_autocheckpoint=40000').get();
  const personalData = await openPersonalData({ directory: dataDir, keyEncryptionKey: undefined });
  const close = async (): Promise<void> => {
    await personalData.close();
    await db.close();
  };
  return { engines: await createReadEngines(db), personalData, close };
};

const appendAll = async ({ events }: Engines, appends: readonly Append[]): Promise<readonly RecordedEvent[]> => {
  const results = await Promise.all(appends.map((each) => events.append(each.stream, each.expected, each.events)));
  return results.flatMap((result, index) => {
    if (result.kind !== 'appended') throw new Error(`${appends[index]?.stream ?? ''}: ${result.kind}`);
    return result.events;
  });
};

const foldAll = async ({ documents }: Engines, events: readonly RecordedEvent[]): Promise<void> => {
  for (const projection of allProjections) {
    const handled = events.filter(({ type }) => projection.handles.includes(type));
    await projectBatch(projection, { documents, collection: projection.name }, handled);
  }
};

/** @returns how many orders there are. Says how far it has come. */
export const buildLedger = async (dataDir: string, count: number, say: (line: string) => void): Promise<number> => {
  const { engines, personalData, close } = await openQuickly(dataDir);
  try {
    const book = createBook(Date.now() - bookMs(count) - 3_600_000);
    const business = createBusiness(sizeOf(count), book, personalData);
    for (const { name, indexes, lists } of allProjections) await engines.documents.ensure({ name, indexes, lists });
    const startedAt = performance.now();
    let saidAt = startedAt;
    for (let goesOn = true; goesOn; ) {
      const before = book.count();
      while (goesOn && book.count() - before < eventsPerRound) goesOn = await business.step();
      await foldAll(engines, await appendAll(engines, book.take()));
      if (performance.now() - saidAt < 10_000 && goesOn) continue;
      saidAt = performance.now();
      say(`${book.count()} events, ${Math.round((1_000 * book.count()) / (saidAt - startedAt))} a second`);
    }
    const head = await engines.events.head();
    if (head === null) throw new Error('The log is empty.');
    const consumers = [...allProjections.map(({ name }) => name), reactionsName, plannerName];
    for (const name of consumers) await engines.checkpoints.advance(name, { from: null, to: head, epoch: 0 });
    return business.orders();
  } finally {
    await close();
  }
};
