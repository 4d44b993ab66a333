/** `npm run migrate` and the ledger of deliveries: the tool itself, killed in between, and into servers. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import { formatPosition, type RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { Checkpoints, EventSource } from '../../src/eventsourcing/ports.ts';
import type { Documents, StoredDocument } from '../../src/eventsourcing/projecting/documents.ts';
import { createEventStoreEvents } from '../../src/infra/eventstoredb/events.ts';
import { openPersonalData } from '../../src/infra/keys/sqliteKeyStore.ts';
import { createMongoCheckpoints } from '../../src/infra/mongodb/checkpoints.ts';
import { openMongo } from '../../src/infra/mongodb/connect.ts';
import { createMongoDocuments } from '../../src/infra/mongodb/documents.ts';
import { createSqliteCheckpoints } from '../../src/infra/sqlite/checkpoints.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents/documents.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import {
  type Counter,
  counters,
  type Delivery,
  deliveries,
  deliveryIdOf,
  deliveryStatuses,
} from '../../src/webhooks/ledger.ts';
import { plannerName } from '../../src/webhooks/planner.ts';
import { urlOf } from '../contracts/engines/mongodb.ts';
import { newEvents } from '../contracts/eventSamples.ts';
import { uniqueName } from '../contracts/make.ts';
import { startEventStoreServer } from '../support/engines/eventstoredb.ts';
import { mongoMissing, startMongo } from '../support/engines/mongodb.ts';
import { makeDirectory, removeDirectory } from '../support/process.ts';
import { killTool, runTool, runToolBeside, type ToolRun } from '../support/tools.ts';

let root: string;
beforeEach(async () => {
  root = await makeDirectory();
});
afterEach(async () => {
  await removeDirectory(root);
});

interface Place {
  readonly events: Pick<EventSource, 'readAll'>;
  readonly documents: Documents;
  readonly checkpoints: Checkpoints;
}

const withFile = async <T>(name: string, work: (place: Place & { events: EventSource }) => Promise<T>): Promise<T> => {
  const db = openDatabase(join(root, name, 'stockledger.db'));
  try {
    const place = {
      events: await createSqliteEvents(db, decodeStored),
      documents: createSqliteDocuments(db),
      checkpoints: await createSqliteCheckpoints(db),
    };
    return await work(place);
  } finally {
    await db.close();
  }
};

const endpointId = 'e1';
const type = 'order.delivered';

const rowOf = (event: RecordedEvent, index: number): StoredDocument<Delivery> => ({
  id: deliveryIdOf(endpointId, event.id, type),
  // A version of its own for each, which is kept.
  position: BigInt(1 + (index % 7)),
  document: {
    deliveryId: deliveryIdOf(endpointId, event.id, type),
    endpointId,
    sequence: index + 1,
    type,
    eventId: event.id,
    stream: event.stream,
    streamRevision: event.revision,
    position: formatPosition(event.position),
    occurredAt: event.occurredAt,
    status: deliveryStatuses[index % deliveryStatuses.length]!,
    nextAttemptAt: null,
    attempts: [{ at: '2026-03-01T10:00:00.000Z', durationMs: 12, httpStatus: 204 }],
  },
});

/** A row for each event but the last one, where the planner has not come yet. */
const fill = async (length: number): Promise<void> => {
  await (await openPersonalData({ directory: join(root, 'old') })).close();
  const db = openDatabase(join(root, 'old', 'stockledger.db'));
  const events = await createSqliteEvents(db, decodeStored);
  for (let stream = 0; stream * 100 < length; stream += 1) {
    await events.append(`warehouse-W${stream}`, 'no_stream', newEvents(100));
  }
  await db.close();
  await withFile('old', async ({ events: source, documents, checkpoints }) => {
    const planned = (await source.readAll(null, 'forwards', length)).slice(0, -1);
    await documents.ensure(deliveries);
    await documents.ensure(counters);
    await documents.write(
      deliveries.name,
      planned.map((event, index) => ({ ...rowOf(event, index), expected: null })),
    );
    const to = planned.at(-1)!.position;
    const counter: Counter = { endpointId, sequence: planned.length, upTo: formatPosition(to), closed: false };
    await documents.write(counters.name, [{ id: endpointId, document: counter, position: 9n, expected: null }]);
    await checkpoints.advance(plannerName, { from: null, to, epoch: 0 });
  });
};

/** All that the ledger must be, made anew from the log of the place. */
const expectLedger = async ({ events, documents, checkpoints }: Place, length: number): Promise<void> => {
  await documents.ensure(deliveries);
  await documents.ensure(counters);
  const planned = (await events.readAll(null, 'forwards', length)).slice(0, -1);
  const to = planned.at(-1)!.position;
  const rows = await documents.find<Delivery>(deliveries.name, {
    where: { endpointId: { equals: endpointId } },
    orderBy: { field: 'sequence', direction: 'ascending' },
    limit: 2 * length,
  });
  expect(rows.map(({ id, document, position }) => ({ id, document, position }))).toEqual(planned.map(rowOf));
  expect(await documents.get<Counter>(counters.name, endpointId)).toEqual({
    id: endpointId,
    document: { endpointId, sequence: length - 1, upTo: formatPosition(to), closed: false },
    position: 9n,
  });
  expect(await checkpoints.get(plannerName)).toEqual(to);
};

describe('npm run migrate and the ledger of deliveries', () => {
  const migration = (): ToolRun => {
    const to = pathToFileURL(join(root, 'new')).href;
    const args = ['--from', 'embedded', '--to', to, '--keys-to', to];
    return { name: 'migrate', args, env: { DATA_DIR: join(root, 'old') } };
  };

  it('is whole after kill -9 between deliveries, and the same when it is run again', async () => {
    await fill(6_000);
    const during = (percent: number) => (line: string) =>
      line.startsWith('deliveries') && line.includes(` ${percent} %`);
    expect([await killTool(migration(), during(8)), await killTool(migration(), during(50))]).toEqual([
      'SIGKILL',
      'SIGKILL',
    ]);
    const { code, stdout, stderr } = runTool(migration());
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/5,999 webhook deliveries to 1 endpoints are there, [1-9][\d,]* of them copied now\n/);
    expect(stdout).toContain('planning goes on there where it ended here');
    await withFile('new', (place) => expectLedger(place, 6_000));
    const again = runTool(migration());
    expect(again.stdout).toContain('5,999 webhook deliveries to 1 endpoints are there, 0 of them copied now\n');
    await withFile('new', (place) => expectLedger(place, 6_000));
  });

  it('ends with 1 when the ledger is of another log', async () => {
    await fill(100);
    await withFile('old', async ({ documents }) => {
      await documents.ensure(deliveries);
      const [row] = await documents.find<Delivery>(deliveries.name, { where: {}, limit: 1 });
      const { id, document, position } = row!;
      const changed = { ...document, streamRevision: 5_000 };
      await documents.write(deliveries.name, [{ id, document: changed, position: position + 1n, expected: position }]);
    });
    const { code, stderr } = runTool(migration());
    expect([code, stderr.trim()]).toEqual([
      1,
      expect.stringMatching(/^The log there has no event .* at revision 5000/),
    ]);
  });

  const missing = mongoMissing();
  it.skipIf(missing !== null)(
    `lays it where the clustered service looks for it${missing === null ? '' : `: ${missing}`}`,
    async () => {
      await fill(700);
      const eventStore = await startEventStoreServer({ where: 'process' });
      const mongoServer = await startMongo();
      const url = urlOf(mongoServer.url, uniqueName('migrate'));
      const mongo = openMongo({ url });
      const logger = { info: () => undefined, warn: () => undefined };
      const events = createEventStoreEvents({ decode: decodeStored, url: eventStore.url, logger });
      try {
        const env = { DATA_DIR: join(root, 'old'), EVENTSTORE_URL: eventStore.url, MONGODB_URL: url };
        const { code, stdout, stderr } = await runToolBeside({ name: 'migrate', args: ['--from', 'embedded'], env });
        expect([code, stderr]).toEqual([0, '']);
        expect(stdout).toContain('699 webhook deliveries to 1 endpoints are there, 699 of them copied now\n');
        const place = { events, documents: createMongoDocuments(mongo), checkpoints: createMongoCheckpoints(mongo) };
        await expectLedger(place, 700);
      } finally {
        await events.close();
        await mongo.db.dropDatabase();
        await mongo.keysDb.dropDatabase();
        await mongo.close();
        await eventStore.stop();
        await mongoServer.stop();
      }
    },
    120_000,
  );
});
