/** A log that is made quickly, and its read models as they would be had the service made both. */
import { join } from 'node:path';
import { reactionsName } from '../src/app/measures.ts';
import { allProjections } from '../src/app/readModels.ts';
import { createHandlers } from '../src/commands/handlers.ts';
import type { PersonalData } from '../src/commands/ports.ts';
import { createSnapshotWriter } from '../src/eventsourcing/commandHandling/snapshotWriter.ts';
import { createStateCache } from '../src/eventsourcing/commandHandling/stateCache.ts';
import type { RecordedEvent } from '../src/eventsourcing/message.ts';
import { projectBatch } from '../src/eventsourcing/projecting/projection.ts';
import { createReadEngines, openEmbeddedEngines } from '../src/infra/embedded.ts';
import { openPersonalData } from '../src/infra/keys/sqliteKeyStore.ts';
import { databaseFileName } from '../src/infra/privateFiles.ts';
import { openDatabase } from '../src/infra/sqlite/file/database.ts';
import { plannerName } from '../src/webhooks/planner.ts';
import type { Append } from './stall/book.ts';

export interface QuickStore {
  readonly personalData: PersonalData;
  /** Appends, and folds into the read models. */
  put(appends: readonly Append[]): Promise<void>;
  /** As the service would write them behind its commands. */
  writeSnapshots(stockStreams: readonly string[]): Promise<void>;
  /** Says that the read models, the policies and the planner have seen all of it. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** Appended and folded together: as many as fit the memory of this process. */
export const eventsPerRound = 20_000;
/** Ids are random: their index must stay in memory. */
const cacheKiB = 768 * 1_024;

/** The service's own files, written by one thread that never waits for the disk: nothing of it must outlive a crash. */
export const openQuickStore = async (dataDir: string): Promise<QuickStore> => {
  const clock = { now: () => new Date().toISOString() };
  // Makes the files, and binds them to each other.
  await (await openEmbeddedEngines({ dataDir, keyEncryptionKey: undefined, clock })).close();
  const db = openDatabase(join(dataDir, databaseFileName), { cacheKiB });
  db.prepare('PRAGMA synchronous=OFF').run();
  db.prepare('PRAGMA wal_autocheckpoint=40000').get();
  const personalData = await openPersonalData({ directory: dataDir, keyEncryptionKey: undefined });
  const { events, documents, checkpoints, snapshots } = await createReadEngines(db, { isSoleWriter: true });
  for (const { name, indexes, lists } of allProjections) await documents.ensure({ name, indexes, lists });

  const append = async (appends: readonly Append[]): Promise<readonly RecordedEvent[]> => {
    const results = await Promise.all(appends.map((each) => events.append(each.stream, each.expected, each.events)));
    return results.flatMap((result, index) => {
      if (result.kind !== 'appended') throw new Error(`${appends[index]?.stream ?? ''}: ${result.kind}`);
      return result.events;
    });
  };

  const fold = async (recorded: readonly RecordedEvent[]): Promise<void> => {
    for (const projection of allProjections) {
      const handled = recorded.filter(({ type }) => projection.handles.includes(type));
      await projectBatch(projection, { documents, collection: projection.name }, handled);
    }
  };

  const writer = createSnapshotWriter(snapshots, (error) => {
    throw error;
  });
  const handlers = createHandlers({ store: events, clock, cache: createStateCache(0), snapshots: writer });

  return {
    personalData,
    writeSnapshots: async (stockStreams) => {
      for (const stream of stockStreams) {
        await handlers.stock.load(stream);
        await writer.flush();
      }
    },
    put: async (appends) => fold(await append(appends)),
    finish: async () => {
      const head = await events.head();
      const consumers = [...allProjections.map(({ name }) => name), reactionsName, plannerName];
      if (head === null) throw new Error('The log is empty.');
      for (const name of consumers) await checkpoints.advance(name, { from: null, to: head, epoch: 0 });
    },
    close: async () => {
      await personalData.close();
      await db.close();
    },
  };
};

/** Says now and then how far it has come. */
export const createPace = (say: (line: string) => void) => {
  const startedAt = performance.now();
  let saidAt = startedAt;
  return (count: number, isLast: boolean): void => {
    if (performance.now() - saidAt < 10_000 && !isLast) return;
    saidAt = performance.now();
    say(`${count} events, ${Math.round((1_000 * count) / (saidAt - startedAt))} a second`);
  };
};
