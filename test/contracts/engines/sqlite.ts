/** The embedded engines: one file, opened twice as two processes would have it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PersonalData } from '../../../src/commands/ports.ts';
import { decodeStored } from '../../../src/domain/events.ts';
import type { Leases } from '../../../src/eventsourcing/ports.ts';
import { openPersonalData } from '../../../src/infra/keys/sqliteKeyStore.ts';
import { createSoleLeases, createSqliteCheckpoints } from '../../../src/infra/sqlite/checkpoints.ts';
import { createSqliteDocuments } from '../../../src/infra/sqlite/documents/documents.ts';
import { createSqliteEvents } from '../../../src/infra/sqlite/events/events.ts';
import { type Database, openDatabase } from '../../../src/infra/sqlite/file/database.ts';
import { openThreadedDatabase } from '../../../src/infra/sqlite/file/threadedDatabase.ts';
import { createSqliteIdempotency } from '../../../src/infra/sqlite/idempotency.ts';
import { createSqliteJobs } from '../../../src/infra/sqlite/jobs.ts';
import { createSqliteSnapshots } from '../../../src/infra/sqlite/snapshots.ts';
import type { Engine } from '../engine.ts';
import type { Make } from '../make.ts';

const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'stockledger-contract-'));
const clock = { now: () => new Date().toISOString() };

type Open = (path: string) => Database | Promise<Database>;

const onNewFile =
  <Port>(open: Open, create: (db: Database) => Port | Promise<Port>): Make<Port> =>
  async () => {
    const directory = await newDirectory();
    const path = join(directory, 'a.db');
    const databases = [await open(path), await open(path)] as const;
    return {
      adapter: await create(databases[0]),
      second: await create(databases[1]),
      close: async () => {
        for (const db of databases) await db.close();
        await rm(directory, { recursive: true });
      },
    };
  };

const keysOnSqlite: Make<PersonalData> = async () => {
  const directory = await newDirectory();
  const adapter = await openPersonalData({ directory });
  return {
    adapter,
    second: adapter,
    close: async () => {
      await adapter.close();
      await rm(directory, { recursive: true });
    },
  };
};

const inProcess: Make<Leases> = () => {
  const adapter = createSoleLeases();
  return Promise.resolve({ adapter, second: adapter, close: () => Promise.resolve() });
};

const onSqlite = (name: string, open: Open): Engine => ({
  name,
  events: onNewFile(open, (db) => createSqliteEvents(db, decodeStored)),
  documents: onNewFile(open, createSqliteDocuments),
  checkpoints: onNewFile(open, createSqliteCheckpoints),
  jobs: onNewFile(open, (db) => createSqliteJobs(db, clock)),
  idempotency: onNewFile(open, createSqliteIdempotency),
  snapshots: onNewFile(open, createSqliteSnapshots),
});

export const sqlite: readonly Engine[] = [
  { ...onSqlite('sqlite', openDatabase), personalData: keysOnSqlite, leases: inProcess },
  onSqlite('sqlite, written by a thread of its own', openThreadedDatabase),
];
