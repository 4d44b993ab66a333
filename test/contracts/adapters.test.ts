/** Every adapter of every port, in one table: each runs the same contract suites. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import type { EventStore, IdempotencyRecords, PersonalData } from '../../src/commands/ports.ts';
import { openPersonalData } from '../../src/infra/keys/personalData.ts';
import { createSqliteCheckpoints } from '../../src/infra/sqlite/checkpoints.ts';
import { type Database, openDatabase } from '../../src/infra/sqlite/database.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events.ts';
import { createSqliteIdempotency } from '../../src/infra/sqlite/idempotency.ts';
import { createSqliteJobs } from '../../src/infra/sqlite/jobs.ts';
import { openThreadedDatabase } from '../../src/infra/sqlite/threadedDatabase.ts';
import type { Checkpoints, Documents, EventSource, Generations, JobQueue } from '../../src/projections/ports.ts';
import { checkpointsContract } from './checkpoints.contract.ts';
import { documentsContract } from './documents.contract.ts';
import { eventSourceContract } from './eventSource.contract.ts';
import { eventStoreContract } from './eventStore.contract.ts';
import { idempotencyContract } from './idempotency.contract.ts';
import { jobQueueContract } from './jobQueue.contract.ts';
import type { Make } from './make.ts';
import { personalDataContract } from './personalData.contract.ts';

/** What an engine offers; a port it has no adapter for is absent. */
interface Engine {
  readonly name: string;
  readonly events?: Make<EventStore & EventSource>;
  readonly documents?: Make<Documents>;
  readonly checkpoints?: Make<Checkpoints & { readonly generations: Generations }>;
  readonly jobs?: Make<JobQueue>;
  readonly idempotency?: Make<IdempotencyRecords>;
  readonly personalData?: Make<PersonalData>;
}

const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'stockledger-contract-'));
const clock = { now: () => new Date().toISOString() };

type Open = (path: string) => Database | Promise<Database>;

/** Opened twice, as two processes would have it. */
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

const sqlite = (name: string, open: Open): Engine => ({
  name,
  events: onNewFile(open, createSqliteEvents),
  documents: onNewFile(open, createSqliteDocuments),
  checkpoints: onNewFile(open, createSqliteCheckpoints),
  jobs: onNewFile(open, (db) => createSqliteJobs(db, clock)),
  idempotency: onNewFile(open, createSqliteIdempotency),
});

const engines: readonly Engine[] = [
  { ...sqlite('sqlite', openDatabase), personalData: keysOnSqlite },
  sqlite('sqlite, written by a thread of its own', openThreadedDatabase),
];

const runs = <Port>(port: string, make: Make<Port> | undefined, contract: (make: Make<Port>) => void): void => {
  if (make === undefined) return;
  describe(port, () => {
    contract(make);
  });
};

describe.each(engines)('$name', (engine) => {
  runs('EventStore', engine.events, eventStoreContract);
  runs('EventSource', engine.events, eventSourceContract);
  runs('Documents', engine.documents, documentsContract);
  runs('Checkpoints and Generations', engine.checkpoints, checkpointsContract);
  runs('JobQueue', engine.jobs, jobQueueContract);
  runs('IdempotencyRecords', engine.idempotency, idempotencyContract);
  runs('PersonalData', engine.personalData, personalDataContract);
});
