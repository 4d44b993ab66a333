/** Moving the ledger of deliveries: partners notice nothing of it, wherever it breaks off, and on which engines it ends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import { formatPosition } from '../../src/eventsourcing/message.ts';
import { createEventStoreEvents } from '../../src/infra/eventstoredb/events.ts';
import { createStoredLog, type StoredLog } from '../../src/infra/migration/moveEnds.ts';
import { createMongoCheckpoints } from '../../src/infra/mongodb/checkpoints.ts';
import { openMongo } from '../../src/infra/mongodb/connect.ts';
import { createMongoDocuments } from '../../src/infra/mongodb/documents.ts';
import { createSqliteCheckpoints } from '../../src/infra/sqlite/checkpoints.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents/documents.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { migrateLog } from '../../src/migration/migrateLog.ts';
import { LedgerDiffers, type LedgerMoved, moveLedger } from '../../src/migration/moveLedger.ts';
import { type Counter, counters, type Delivery } from '../../src/webhooks/ledger.ts';
import { plannerName } from '../../src/webhooks/planner.ts';
import { urlOf } from '../contracts/engines/mongodb.ts';
import { uniqueName } from '../contracts/make.ts';
import { startEventStoreServer } from '../support/engines/eventstoredb.ts';
import { mongoMissing, type RunningMongo, startMongo } from '../support/engines/mongodb.ts';
import { createPlace, delivered, type Engines, endpointCreated, ok, type Place } from './ledgerWorld.ts';

const tomorrow = '2026-03-02T10:00:00.000Z';

const openFile = async (): Promise<Engines & { readonly log: StoredLog }> => {
  const folder = await mkdtemp(join(tmpdir(), 'stockledger-'));
  const db = openDatabase(join(folder, 'stockledger.db'));
  onTestFinished(async () => {
    await db.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    events: await createSqliteEvents(db, decodeStored),
    documents: createSqliteDocuments(db),
    checkpoints: await createSqliteCheckpoints(db),
    log: createStoredLog(db),
  };
};

type Source = Place & { readonly log: StoredLog };

/** Delivered, pending before and after a first attempt, held, and owed to an endpoint that is gone; and two not planned. */
const createSource = async (): Promise<Source> => {
  const file = await openFile();
  const place: Source = Object.assign(await createPlace(file), { log: file.log });
  for (const id of ['e1', 'e2', 'e3']) await place.append(`webhook-${id}`, endpointCreated(id));
  await place.appendOthers(3);
  for (const id of ['o1', 'o2', 'o3']) await place.append(`order-${id}`, delivered(id));
  place.answer = ({ url, body }) =>
    url.includes('e1') && body.includes('s-o3') ? { kind: 'answered', status: 500, bodyStart: 'no' } : ok();
  await place.plan(0);
  await place.deliver('2026-03-01T10:01:00.000Z');
  await place.append('webhook-e2', { type: 'WebhookEndpointDisabled', data: { endpointId: 'e2', reason: 'gone' } });
  await place.appendOthers(1);
  await place.append('order-o4', delivered('o4'));
  await place.append('order-o1', delivered('o1'));
  await place.plan(0);
  await place.append('webhook-e3', { type: 'WebhookEndpointDeleted', data: { endpointId: 'e3' } });
  await place.appendOthers(2);
  for (const id of ['o5', 'o6']) await place.append(`order-${id}`, delivered(id));
  place.answer = ok;
  place.requests.length = 0;
  return place;
};

const moveLog = async ({ log }: Source, { events }: Engines): Promise<void> => {
  const result = await migrateLog({
    source: log.read,
    target: events,
    onProgress: () => undefined,
    pause: () => Promise.resolve(),
  });
  expect(result.kind).toBe('moved');
};

type Target = Pick<Engines, 'documents' | 'checkpoints' | 'events'>;

const move = (source: Source, { events, ...target }: Target): Promise<LedgerMoved> =>
  moveLedger({
    source: { ...source, eventAt: source.log.at },
    target: { ...target, readStream: events.readStream },
    onProgress: () => undefined,
  });

/** All of a row but its place, which is the new log's own. */
const byId = (rows: readonly Delivery[]) =>
  rows.map(({ position: _, ...row }) => row).sort((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
const numbersOf = (rows: readonly Delivery[]) =>
  rows.map(({ endpointId, sequence, deliveryId }) => `${endpointId} ${sequence} ${deliveryId}`).sort();
const sentBy = ({ requests }: Place) =>
  requests.map(({ url, headers, body }) => ({ url, headers, body })).sort((a, b) => (a.body < b.body ? -1 : 1));

const goOn = async (place: Place, epoch: number): Promise<number> => {
  const handed = await place.plan(epoch);
  await place.deliver(tomorrow);
  return handed;
};

class Broken extends Error {
  override readonly name = 'Broken';
}
type When = 'before it' | 'in the midst of it' | 'after it';

/** Ends the run at its n-th write (from 1). A server may have done a part of one. */
const breaking = ({ documents, checkpoints, events }: Target, failAt: number, when: When): Target => {
  let writes = 0;
  const mayBreak = async <T>(work: () => Promise<T>, half: () => Promise<unknown>): Promise<T> => {
    writes += 1;
    if (writes !== failAt) return work();
    if (when === 'after it') await work();
    if (when === 'in the midst of it') await half();
    throw new Broken();
  };
  return {
    events,
    documents: {
      ...documents,
      write: (name, all) =>
        mayBreak(
          () => documents.write(name, all),
          () => documents.write(name, all.slice(0, all.length / 2)),
        ),
    },
    checkpoints: {
      ...checkpoints,
      advance: (...given) =>
        mayBreak(
          () => checkpoints.advance(...given),
          () => Promise.resolve(),
        ),
    },
  };
};

/** Rows, counters, checkpoint. */
const writes = [1, 2, 3] as const;
const breaks = writes.flatMap((failAt) =>
  (['before it', 'in the midst of it', 'after it'] as const).map((when): [number, When] => [failAt, when]),
);

interface Where {
  readonly name: string;
  readonly missing: string | null;
  readonly open: () => Promise<Engines>;
}

/** What a process of the service gets as its lease: in a process that is alone always 0. */
const laterEpoch = 7;

let mongoServer: RunningMongo | undefined;
beforeAll(async () => {
  if (mongoMissing() === null) mongoServer = await startMongo();
});
afterAll(async () => {
  await mongoServer?.stop();
});

const openServers = async (): Promise<Engines> => {
  if (mongoServer === undefined) throw new Error('MongoDB was not started');
  const server = await startEventStoreServer();
  const logger = { info: () => undefined, warn: () => undefined };
  const events = createEventStoreEvents({ decode: decodeStored, url: server.url, logger });
  const mongo = openMongo({ url: urlOf(mongoServer.url, uniqueName('ledger')) });
  onTestFinished(async () => {
    await events.close();
    await server.stop();
    await mongo.db.dropDatabase();
    await mongo.close();
  });
  return { events, documents: createMongoDocuments(mongo), checkpoints: createMongoCheckpoints(mongo) };
};

const places: readonly Where[] = [
  { name: 'another directory', missing: null, open: openFile },
  { name: 'EventStoreDB and MongoDB', missing: mongoMissing(), open: openServers },
];

describe.each(places)('moving the ledger to $name', ({ missing, open }) => {
  it.skipIf(missing !== null)(
    `goes on where it ended: what was pending or is new is sent, and nothing else${missing === null ? '' : `: ${missing}`}`,
    async () => {
      const source = await createSource();
      const engines = await open();
      await moveLog(source, engines);
      expect(await move(source, engines)).toEqual({
        rows: { total: 15, moved: 15, outdated: 0 },
        counters: { total: 3, moved: 3, outdated: 0 },
        planner: 'moved',
      });
      const target = await createPlace(engines);
      expect(byId(await target.rows())).toEqual(byId(await source.rows()));
      for (const { stream, streamRevision, position } of await target.rows()) {
        const [event] = await engines.events.readStream(stream, streamRevision, 1);
        expect(position).toBe(formatPosition(event!.position));
      }
      // Of all that it follows, only what the old one had not seen.
      expect(await goOn(target, laterEpoch)).toBe(2);
      const told = target.requests.map(({ url, body }) => {
        const { data, sequence } = JSON.parse(body) as { data: { orderId: string }; sequence: number };
        return `${url.slice(8, 10)} ${sequence} ${data.orderId}`;
      });
      expect(told.sort()).toEqual(['e1 3 o3', 'e1 4 o4', 'e1 5 o1', 'e1 6 o5', 'e1 7 o6']);
      const statuses = (await target.rows()).map(
        ({ endpointId, sequence, status }) => `${endpointId} ${sequence} ${status}`,
      );
      expect(statuses.filter((row) => row.startsWith('e2')).sort()).toEqual([
        'e2 1 delivered',
        'e2 2 delivered',
        'e2 3 delivered',
        'e2 4 held',
        'e2 5 held',
        'e2 6 held',
        'e2 7 held',
      ]);
      expect(statuses.filter((row) => row.endsWith('dropped')).sort()).toEqual(['e3 4 dropped', 'e3 5 dropped']);
      // The old place, had it gone on, would have done the very same.
      await goOn(source, 0);
      expect(sentBy(target)).toEqual(sentBy(source));
      expect(byId(await target.rows())).toEqual(byId(await source.rows()));
    },
  );

  it.skipIf(missing !== null).each(breaks)('ends the same after a break at write %i, %s', async (failAt, when) => {
    const source = await createSource();
    const engines = await open();
    await moveLog(source, engines);
    await expect(move(source, breaking(engines, failAt, when))).rejects.toThrow(Broken);
    await move(source, engines);
    expect(await move(source, engines)).toMatchObject({ rows: { total: 15, moved: 0, outdated: 0 }, planner: 'there' });
    const target = await createPlace(engines);
    expect(await goOn(target, laterEpoch)).toBe(2);
    await goOn(source, 0);
    expect(sentBy(target)).toEqual(sentBy(source));
    expect(byId(await target.rows())).toEqual(byId(await source.rows()));
  });

  it.skipIf(missing !== null).each(breaks)(
    'is numbered the same when a planner begins too early, after a break at write %i, %s',
    async (failAt, when) => {
      const source = await createSource();
      const engines = await open();
      await moveLog(source, engines);
      await expect(move(source, breaking(engines, failAt, when))).rejects.toThrow(Broken);
      const target = await createPlace(engines);
      await target.plan(laterEpoch);
      const early = numbersOf(await target.rows());
      await move(source, engines);
      await source.plan(0);
      expect(numbersOf(await target.rows())).toEqual(numbersOf(await source.rows()));
      // Without another run it lacks at most what was owed to the endpoint that is gone.
      expect(early.filter((row) => !row.startsWith('e3'))).toEqual(
        numbersOf(await source.rows()).filter((row) => !row.startsWith('e3')),
      );
    },
  );

  it.skipIf(missing !== null)('leaves alone what a service has done there since, and says so', async () => {
    const source = await createSource();
    const engines = await open();
    await moveLog(source, engines);
    await move(source, engines);
    const target = await createPlace(engines);
    await goOn(target, laterEpoch);
    const [rows, stands] = [await target.rows(), await target.checkpoints.get(plannerName)];
    expect(await move(source, engines)).toEqual({
      rows: { total: 15, moved: 0, outdated: 0 },
      counters: { total: 3, moved: 0, outdated: 0 },
      planner: 'elsewhere',
    });
    expect(await target.rows()).toEqual(rows);
    expect(await target.checkpoints.get(plannerName)).toEqual(stands);
  });

  it.skipIf(missing !== null)(
    'sends nothing twice where a planner had taken its place before the log came',
    async () => {
      const source = await createSource();
      const engines = await open();
      await engines.checkpoints.take(plannerName, 1);
      await moveLog(source, engines);
      expect(await move(source, engines)).toMatchObject({ rows: { moved: 15 }, planner: 'elsewhere' });
      const target = await createPlace(engines);
      // It sees the whole log, and finds it counted.
      expect(await goOn(target, laterEpoch)).toBe(7);
      await goOn(source, 0);
      expect(sentBy(target)).toEqual(sentBy(source));
      expect(byId(await target.rows())).toEqual(byId(await source.rows()));
    },
  );

  it.skipIf(missing !== null)('tells of rows that changed here after an earlier move', async () => {
    const source = await createSource();
    const engines = await open();
    await moveLog(source, engines);
    await move(source, engines);
    await source.deliver(tomorrow);
    expect(await move(source, engines)).toMatchObject({ rows: { total: 15, moved: 0, outdated: 5 } });
  });
});

describe('a ledger that is not of this log', () => {
  it('is refused when a row names an event that is not there', async () => {
    const source = await createSource();
    await expect(move(source, await openFile())).rejects.toThrow(LedgerDiffers);
  });

  it('is refused when a counter names a position beyond the log', async () => {
    const source = await createSource();
    const target = await openFile();
    await moveLog(source, target);
    const found = await source.documents.get<Counter>(counters.name, 'e1');
    const { position, document } = found!;
    const beyond = { ...document, upTo: 'zzz' };
    await source.documents.write(counters.name, [
      { id: 'e1', document: beyond, position: position + 1n, expected: position },
    ]);
    await expect(move(source, target)).rejects.toThrow(/no event at zzz/);
    expect(await target.checkpoints.get(plannerName)).toBeNull();
  });

  it('is nothing where deliveries were never planned', async () => {
    const file = await openFile();
    const source: Source = Object.assign(await createPlace(file), { log: file.log });
    expect(await move(source, await openFile())).toEqual({
      rows: { total: 0, moved: 0, outdated: 0 },
      counters: { total: 0, moved: 0, outdated: 0 },
      planner: 'never ran',
    });
  });
});
