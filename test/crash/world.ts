/** What the victim and the one who examines its data share: the engines, a projection that counts, the reports. */
import { join } from 'node:path';
import type { PersonalData } from '../../src/commands/ports.ts';
import { decodeStored } from '../../src/domain/events.ts';
import type { EventEnvelope, RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { Checkpoints, EventSource, EventStore } from '../../src/eventsourcing/ports.ts';
import type { Documents } from '../../src/eventsourcing/projecting/documents.ts';
import type { AnyProjection } from '../../src/eventsourcing/projecting/projection.ts';
import { openPersonalData } from '../../src/infra/keys/sqliteKeyStore.ts';
import { createSqliteCheckpoints } from '../../src/infra/sqlite/checkpoints.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents/documents.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openThreadedDatabase } from '../../src/infra/sqlite/file/threadedDatabase.ts';
import { createSqliteJobs } from '../../src/infra/sqlite/jobs.ts';
import type { JobQueue } from '../../src/webhooks/ports.ts';
import warehouseDefined from '../events/golden/WarehouseDefined@1.json' with { type: 'json' };

export interface World {
  readonly events: EventStore & EventSource;
  readonly documents: Documents;
  readonly checkpoints: Checkpoints;
  readonly jobs: JobQueue;
  readonly personalData: PersonalData;
  close(): Promise<void>;
}

/** Counts the events of each stream: unlike a value that is set, a count shows when one was skipped or taken twice. */
export const counter: AnyProjection = {
  name: 'counter_v1',
  handles: ['WarehouseDefined'],
  indexes: [['n']],
  everyMs: 0,
  lists: ['values'],
  idsOf: ({ stream }) => [stream],
  applyAll: (document, events) => {
    const n = (document === null ? 0 : (document as { readonly n: number }).n) + events.length;
    return { n, values: [`is${n}`] };
  },
};

export const queue = 'jobs';

/** A line of the victim's output; each is written after the promise it stands for has resolved. */
export type Report =
  | { readonly kind: 'appended'; readonly stream: string; readonly ids: readonly string[] }
  | { readonly kind: 'added' | 'started' | 'removed'; readonly jobId: string }
  | { readonly kind: 'sealed'; readonly text: string; readonly value: string };

const sample = warehouseDefined.stored as EventEnvelope;

/** One event of an append; all of them share its id and know how many they are. */
export const newEvent = (id: string, commandId: string, size: number): EventEnvelope => ({
  ...sample,
  id,
  data: { ...sample.data, size },
  metadata: { ...sample.metadata, commandId },
});

export const sizeOf = ({ data }: RecordedEvent): number => (data as { readonly size: number }).size;

export const openWorld = async (directory: string): Promise<World> => {
  const db = await openThreadedDatabase(join(directory, 'stockledger.db'));
  const personalData = await openPersonalData({ directory });
  const documents = createSqliteDocuments(db);
  await documents.ensure(counter);
  return {
    events: await createSqliteEvents(db, decodeStored),
    documents,
    checkpoints: await createSqliteCheckpoints(db),
    jobs: await createSqliteJobs(db, { now: () => new Date().toISOString() }),
    personalData,
    close: async () => {
      await db.close();
      await personalData.close();
    },
  };
};
