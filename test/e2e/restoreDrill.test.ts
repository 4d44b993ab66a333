/** The restore drill (R20.4): a backup under load, a crash, a restore elsewhere, and everything that must hold then. */
import { randomUUID } from 'node:crypto';
import { appendFile, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allProjections, readSideOf } from '../../src/app/readModels.ts';
import { buildName, rebuild } from '../../src/eventsourcing/projecting/readModel.ts';
import { openEmbeddedEngines, openReadEngines } from '../../src/infra/embedded.ts';
import { openPersonalData } from '../../src/infra/keys/sqliteKeyStore.ts';
import { createStoredLog } from '../../src/infra/migration/moveEnds.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { newEvents } from '../contracts/eventSamples.ts';
import {
  type Answer,
  makeDirectory,
  type RunningService,
  removeDirectory,
  startService,
  warehouse,
} from '../support/process.ts';
import { runTool, runToolBeside } from '../support/tools.ts';

let root: string;
let path: Readonly<Record<'old' | 'restored' | 'events' | 'keys' | 'erasures', string>>;
const running = new Set<RunningService>();

const start = async (dataDir: string): Promise<RunningService> => {
  const service = await startService({ dataDir, env: { ERASURES_FILE: path.erasures } });
  running.add(service);
  return service;
};

beforeEach(async () => {
  root = await makeDirectory();
  const within = (name: string): string => join(root, name);
  path = {
    old: within('old'),
    restored: within('restored'),
    events: within('backup'),
    keys: within('keys backup'),
    erasures: within('erasures.log'),
  };
});
afterEach(async () => {
  for (const service of running) await service.end('SIGKILL');
  running.clear();
  await removeDirectory(root);
});

const stock = '/v1/warehouses/BER/inventory/CHAIR';
const receive = { quantity: 1, purchaseOrder: 'PO-1' };
const orderOf = (customerId: string) => ({
  customer: { customerId, name: `Name of ${customerId}`, email: `${customerId}@example.invalid` },
  shipTo: { name: 'A', lines: ['1 Example Street'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' },
  lines: [{ sku: 'CHAIR', quantity: 1, priceMinor: 100, currency: 'EUR' }],
});

interface Sent {
  readonly path: string;
  readonly body: object;
  readonly key: string;
  readonly answer: Answer;
}

/** Clients that do one thing after another until `stop`, or until the service is gone. */
const startLoad = (service: RunningService) => {
  const sent: Sent[] = [];
  let stopped = false;
  const client = async (_: unknown, index: number): Promise<void> => {
    while (!stopped) {
      const key = randomUUID();
      const body = index % 4 === 0 ? orderOf(`c-${key}`) : receive;
      const to = index % 4 === 0 ? '/v1/orders' : `${stock}/receipts`;
      const answer = await service.ask('POST', to, body, key).catch(() => null);
      if (answer === null) return;
      sent.push({ path: to, body, key, answer });
    }
  };
  const clients = Promise.all(Array.from({ length: 8 }, client));
  return {
    sent,
    stop: async () => {
      stopped = true;
      await clients;
    },
  };
};

const logOf = async (dataDir: string) => {
  const db = openDatabase(join(dataDir, 'stockledger.db'));
  const events = await createStoredLog(db).read(null, 1_000_000);
  await db.close();
  return events;
};

const hasIndex = (dataDir: string): boolean => {
  const db = new DatabaseSync(join(dataDir, 'stockledger.db'), { readOnly: true });
  const row = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'event_runs'").get();
  db.close();
  return row !== undefined;
};

const backUp = () =>
  runToolBeside({ name: 'backup', args: ['--to', path.events, '--keys-to', path.keys], env: { DATA_DIR: path.old } });

const restore = (...args: readonly string[]) =>
  runTool({
    name: 'restore',
    args: ['--from', path.events, '--keys-from', path.keys, ...args],
    env: { DATA_DIR: path.restored },
  });

const eraseIn = async (directory: string, customerId: string): Promise<void> => {
  const personalData = await openPersonalData({ directory, erasuresFile: path.erasures });
  await personalData.erase(`customer:${customerId}`);
  await personalData.close();
};

/** Of all consumers: `[0]` when each has handled everything. */
const lagOf = async ({ origin }: RunningService): Promise<number[]> => {
  const metrics = await (await fetch(`${origin}/metrics`)).text();
  return [
    ...new Set([...metrics.matchAll(/^stockledger_consumer_lag_positions\S* (\d+)$/gm)].map(([, lag]) => Number(lag))),
  ];
};

/** Each read model as it was restored and went on, beside one that is folded from the log now. */
const expectFolded = async (dataDir: string): Promise<void> => {
  const { engines, close } = await openReadEngines(dataDir);
  const side = readSideOf({ ...engines, logger: pino({ level: 'silent' }) }, 1);
  let documents = 0;
  for (const projection of allProjections) {
    const all = (generation: number) =>
      engines.documents.find(buildName(projection.name, generation), { where: {}, limit: 100_000 });
    await engines.documents.ensure({ name: projection.name, indexes: projection.indexes, lists: projection.lists });
    await rebuild(projection, side, () => undefined);
    const contents = async (generation: number) =>
      (await all(generation)).map(({ id, document }) => ({ id, document }));
    const kept = await contents(1);
    documents += kept.length;
    expect(kept, projection.name).toEqual(await contents(2));
  }
  await close();
  expect(documents).toBeGreaterThan(100);
};

const seed = async (service: RunningService): Promise<string> => {
  await service.ask('PUT', '/v1/warehouses/BER', warehouse);
  await service.ask('POST', '/v1/warehouses/BER/inventory', { sku: 'CHAIR', onHand: 1_000 });
  const orders = ['kept', 'gone'].map((customerId) => service.ask('POST', '/v1/orders', orderOf(customerId)));
  const [kept, gone] = await Promise.all(orders);
  return `${String(kept?.body.orderId)} ${String(gone?.body.orderId)}`;
};

describe('a restore from a backup that was taken under load', () => {
  it('has all that was acknowledged before, the log as it was, read models that are its fold, and nobody who was erased', async () => {
    const service = await start(path.old);
    const [keptOrder = '', goneOrder = ''] = (await seed(service)).split(' ');
    const load = startLoad(service);
    await expect.poll(() => load.sent.length).toBeGreaterThan(200);

    const acknowledgedBefore = load.sent.slice();
    const backup = await backUp();
    expect([backup.code, backup.stderr]).toEqual([0, '']);
    const acknowledgedSoon = load.sent.length;
    await expect.poll(() => load.sent.length).toBeGreaterThan(acknowledgedSoon + 100);
    await service.end('SIGKILL');
    running.delete(service);
    await load.stop();
    await eraseIn(path.old, 'gone');

    await mkdir(path.restored);
    await copyFile(join(path.old, 'key-encryption.key'), join(path.restored, 'key-encryption.key'));
    const { code, stdout, stderr } = restore('--erasures', path.erasures);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/[\d,]+ events as of \S+: positions and revisions have no gap[\s\S]*1 erasures applied/);

    const before = await logOf(path.old);
    // What was wrong with the index of the log, if anything, stays behind.
    expect(hasIndex(path.restored)).toBe(false);
    const after = await logOf(path.restored);
    expect(after.length).toBeGreaterThan(200);
    expect(after.length).toBeLessThan(before.length);
    expect(after).toEqual(before.slice(0, after.length));

    const again = await start(path.restored);
    // The same key gets the first answer: it was not lost, and nothing is done twice.
    for (const { path: to, body, key, answer } of acknowledgedBefore) {
      expect(await again.ask('POST', to, body, key)).toEqual(answer);
    }
    expect(await again.ask('GET', `/v1/orders/${keptOrder}`)).toMatchObject({
      status: 200,
      body: { customer: { name: 'Name of kept' } },
    });
    expect(await again.ask('GET', `/v1/orders/${goneOrder}`)).toMatchObject({ status: 200, body: { customer: null } });
    expect((await again.ask('POST', '/v1/orders', orderOf('gone'))).status).toBe(410);
    expect((await again.ask('POST', `${stock}/receipts`, receive)).status).toBe(201);

    await expect.poll(() => lagOf(again)).toEqual([0]);
    await again.end('SIGTERM');
    running.delete(again);
    await expectFolded(path.restored);
  });
});

describe('a backup', () => {
  const takeOne = async (): Promise<void> => {
    const clock = { now: () => new Date().toISOString() };
    const engines = await openEmbeddedEngines({ dataDir: path.old, keyEncryptionKey: undefined, clock });
    await engines.events.append('warehouse-BER', 'no_stream', newEvents(3));
    await engines.personalData.seal('customer:kept', 'place', 'Ada');
    await engines.close();
    expect((await backUp()).code).toBe(0);
  };

  it('is two directories with a manifest each, and no key that opens it', async () => {
    await takeOne();
    expect((await readdir(path.events)).sort()).toEqual(['manifest.json', 'stockledger.db']);
    expect((await readdir(path.keys)).sort()).toEqual(['keys-manifest.json', 'keys.db']);
    const manifest = JSON.parse(await readFile(join(path.events, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      format: 1,
      file: { name: 'stockledger.db', sha256: expect.stringMatching(/^\w{64}$/) },
    });
    expect(Number(manifest.head)).toBe((await logOf(path.old)).length);
  });

  it('goes into a new directory only', async () => {
    await takeOne();
    const { code, stderr } = await backUp();
    expect([code, stderr.trim()]).toEqual([2, expect.stringMatching(/is not empty/)]);
  });

  it('is not taken of a directory that has no data', async () => {
    const { code, stderr } = await backUp();
    expect([code, stderr.trim()]).toEqual([2, expect.stringMatching(/stockledger\.db is not there/)]);
    expect(await readdir(root)).toEqual([]);
  });

  it.each<[string, () => Promise<void>, number, RegExp]>([
    [
      'its file was changed',
      () => appendFile(join(path.events, 'stockledger.db'), 'x'),
      1,
      /is not the file that the manifest/,
    ],
    [
      'its manifest is missing',
      async () => writeFile(join(path.events, 'manifest.json'), ''),
      1,
      /manifest\.json is damaged/,
    ],
    [
      'the directory is in use',
      async () => {
        await mkdir(path.restored);
        await writeFile(join(path.restored, 'stockledger.db'), '');
      },
      2,
      /is not empty: it has stockledger\.db/,
    ],
    [
      'its keys are older than its events',
      async () => {
        const file = join(path.keys, 'keys-manifest.json');
        const manifest = JSON.parse(await readFile(file, 'utf8'));
        await writeFile(file, JSON.stringify({ ...manifest, asOf: '2020-01-01T00:00:00.000Z' }));
      },
      2,
      /keys made in between would be missing/,
    ],
    ['the file with erasures is missing', async () => undefined, 1, /is not there/],
  ])('is not restored when %s', async (_, damage, expected, message) => {
    await takeOne();
    await damage();
    const isErasures = message.source.includes('is not there');
    const { code, stderr } = restore(...(isErasures ? ['--erasures', join(root, 'nothing.log')] : ['--no-erasures']));
    expect([code, stderr.trim()]).toEqual([expected, expect.stringMatching(message)]);
    const left = await readdir(path.restored).catch(() => []);
    expect(left.filter((name) => name.startsWith('keys.db'))).toEqual([]);
  });

  it('is not restored when its log has a gap, though the hash is right', async () => {
    await takeOne();
    const file = join(path.events, 'stockledger.db');
    const db = new DatabaseSync(file);
    db.exec('DELETE FROM events WHERE position = 2');
    db.close();
    const { hashFile } = await import('../../src/infra/backup/takeBackup.ts');
    const manifest = JSON.parse(await readFile(join(path.events, 'manifest.json'), 'utf8'));
    const forged = { ...manifest, file: { ...manifest.file, ...(await hashFile(file)) } };
    await writeFile(join(path.events, 'manifest.json'), JSON.stringify(forged));
    const { code, stderr } = restore('--no-erasures');
    expect([code, stderr.trim()]).toEqual([1, 'The log has gaps.']);
  });

  it('asks for the erasures: to forget them would bring people back', () => {
    const { code, stderr } = restore();
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^Which erasures\?[\s\S]*Usage: npm run restore/)]);
  });

  it('of keys that other tools have restored gets its erasures too', async () => {
    await takeOne();
    await eraseIn(path.old, 'kept');
    const keysIn = ['--keys-in', pathToFileURL(path.keys).href];
    const { code, stdout } = runTool({ name: 'restore', args: [...keysIn, '--erasures', path.erasures], env: {} });
    expect([code, stdout]).toEqual([0, '1 erasures applied, 0 lines unreadable\n']);
    await copyFile(join(path.old, 'key-encryption.key'), join(path.keys, 'key-encryption.key'));
    const personalData = await openPersonalData({ directory: path.keys });
    await expect(personalData.seal('customer:kept', 'place', 'Ada')).rejects.toThrow('erased');
    await personalData.close();
  });

  it('that is restored without its key encryption key says so', async () => {
    await takeOne();
    const { code, stderr } = restore('--no-erasures');
    expect([code, stderr.trim()]).toEqual([1, expect.stringMatching(/key-encryption\.key is missing/)]);
  });
});
