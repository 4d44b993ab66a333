/** The whole service as a process: crashes, signals, a full disk, a locked file, two at once. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  createServices,
  makeDirectory,
  type RunningService,
  removeDirectory,
  runToEnd,
  warehouse,
} from '../support/process.ts';

let dataDir: string;
const services = createServices();
const start = (options: Partial<Parameters<typeof services.start>[0]> = {}) => services.start({ dataDir, ...options });

beforeEach(async () => {
  dataDir = await makeDirectory();
});
afterEach(async () => {
  await services.endAll();
  await removeDirectory(dataDir);
});

const stock = '/v1/warehouses/BER/inventory/CHAIR';
const receive = { quantity: 1, purchaseOrder: 'PO-1' };

const open = async (service: RunningService): Promise<void> => {
  await service.ask('PUT', '/v1/warehouses/BER', warehouse);
  expect(await service.ask('POST', '/v1/warehouses/BER/inventory', { sku: 'CHAIR', onHand: 0 })).toMatchObject({
    status: 201,
  });
};

const orderOf = (quantity: number) => ({
  customer: { customerId: 'c1', name: 'Ada Example', email: 'ada@example.invalid' },
  shipTo: { name: 'Ada Example', lines: ['1 Example Street'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' },
  lines: [{ sku: 'CHAIR', quantity, priceMinor: 100, currency: 'EUR' }],
});

/** Keeps sending until the service dies. @returns the keys of what was acknowledged, and of all that was sent. */
const sendUntilDeath = async (service: RunningService, path: string, body: object, killAfter: number) => {
  const acknowledged = new Map<string, Answer>();
  const sent: string[] = [];
  const sender = async (): Promise<void> => {
    for (;;) {
      const key = randomUUID();
      sent.push(key);
      const answer = await service.ask('POST', path, body, key).catch(() => null);
      if (answer === null) return;
      acknowledged.set(key, answer);
      if (acknowledged.size === killAfter) void service.end('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: 16 }, sender));
  services.running.delete(service);
  return { acknowledged, sent };
};

describe('kill -9 under load', () => {
  it('loses nothing that was acknowledged, and a retry with the same keys does nothing twice', async () => {
    await open(await start());
    let sentKeys: string[] = [];
    const acknowledgedKeys = new Map<string, Answer>();
    for (const killAfter of [40, 95, 170]) {
      const [before] = services.running;
      const service = before ?? (await start());
      const { acknowledged, sent } = await sendUntilDeath(service, `${stock}/receipts`, receive, killAfter);
      for (const [key, answer] of acknowledged) acknowledgedKeys.set(key, answer);
      sentKeys = [...sentKeys, ...sent];
    }
    const service = await start();
    const { body } = await service.ask('GET', stock);
    expect(body.onHand).toBeGreaterThanOrEqual(acknowledgedKeys.size);
    expect(body.onHand).toBeLessThanOrEqual(sentKeys.length);
    for (const key of sentKeys) {
      const answer = await service.ask('POST', `${stock}/receipts`, receive, key);
      expect(answer.status).toBe(201);
      const first = acknowledgedKeys.get(key);
      if (first !== undefined) expect(answer).toEqual(first);
    }
    await expect.poll(async () => (await service.ask('GET', stock)).body.onHand).toBe(sentKeys.length);
    expect((await service.ask('GET', stock)).body.revision).toBe(sentKeys.length);
  });

  it('finishes the orders that were half allocated', async () => {
    const first = await start();
    await open(first);
    await first.ask('POST', `${stock}/receipts`, { quantity: 100_000 });
    const { sent } = await sendUntilDeath(first, '/v1/orders', orderOf(2), 60);
    const service = await start();
    for (const key of sent) expect((await service.ask('POST', '/v1/orders', orderOf(2), key)).status).toBe(201);
    await expect
      .poll(async () => (await service.ask('GET', '/v1/orders?status=pending&limit=1')).body.items)
      .toEqual([]);
    // Every order once, every reservation once, whatever was under way when it died.
    await expect.poll(async () => (await service.ask('GET', stock)).body.reserved).toBe(2 * sent.length);
    const { body } = await service.ask('GET', '/v1/orders?status=processing&limit=500');
    expect(body.items).toHaveLength(sent.length);
  });
});

describe('SIGTERM', () => {
  it('finishes what is in flight and ends with 0 within 10 s', async () => {
    const service = await start();
    await open(service);
    const answers = Array.from({ length: 64 }, () => service.ask('POST', `${stock}/receipts`, receive));
    // The answer to the first one tells that they are on their way.
    await Promise.race(answers);
    const [code, ...outcomes] = await Promise.all([
      service.end('SIGTERM'),
      ...answers.map((answer) => answer.then(({ status }) => status).catch(() => 'refused')),
    ]);
    services.running.delete(service);
    // After 10 s it would give up what is in flight, say so, and end with 1.
    expect(code, service.output()).toBe(0);
    const taken = outcomes.filter((status) => status === 201).length;
    expect(taken).toBeGreaterThan(0);
    const again = await start();
    // What was answered is there; what was turned away at the door is not.
    expect((await again.ask('GET', stock)).body.onHand).toBeGreaterThanOrEqual(taken);
  });
});

/** util-linux; raises the limit of a running process again. */
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;

describe.skipIf(!hasPrlimit)('a full disk (needs prlimit of util-linux)', () => {
  it('answers 503, keeps running and reading, writes nothing half, and goes on when there is room', async () => {
    const service = await start({ shell: 'trap "" XFSZ' });
    await open(service);
    await service.ask('POST', `${stock}/receipts`, receive);
    // What is not projected yet can't be written once the disk is full.
    await expect.poll(async () => (await service.ask('GET', stock)).body.onHand).toBe(1);
    const limit = (bytes: string): void => {
      execFileSync('prlimit', ['--pid', String(service.pid), `--fsize=${bytes}:unlimited`]);
    };
    limit('1024');
    const refused = await service.ask('POST', `${stock}/receipts`, receive);
    expect(refused).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
    expect(JSON.stringify(refused.body)).not.toMatch(/sqlite|disk I\/O|errcode/i);
    expect(await service.ask('GET', stock)).toMatchObject({ status: 200, body: { onHand: 1, revision: 1 } });
    expect((await fetch(`${service.origin}/health/ready`)).status).toBe(503);
    expect((await fetch(`${service.origin}/health/live`)).status).toBe(200);
    limit('unlimited');
    await expect.poll(async () => (await service.ask('POST', `${stock}/receipts`, receive)).status).toBe(201);
    await expect.poll(async () => (await service.ask('GET', stock)).body.onHand).toBe(2);
    await expect.poll(async () => (await fetch(`${service.origin}/health/ready`)).status).toBe(200);
  });
});

describe('a locked file', () => {
  it('answers 503 when the lock stays, and goes on when it is gone', async () => {
    const service = await start();
    await open(service);
    await expect.poll(async () => (await service.ask('GET', stock)).status).toBe(200);
    const other = new DatabaseSync(join(dataDir, 'stockledger.db'), { timeout: 5_000 });
    other.exec('BEGIN IMMEDIATE');
    const refused = await service.ask('POST', `${stock}/receipts`, receive);
    expect(refused).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
    expect((await service.ask('GET', stock)).status).toBe(200);
    other.exec('ROLLBACK');
    other.close();
    await expect.poll(async () => (await service.ask('POST', `${stock}/receipts`, receive)).status).toBe(201);
  });
});

describe('starting', () => {
  it('refuses a directory that another service works on', async () => {
    await start();
    const { code, output } = await runToEnd({ dataDir });
    expect(code).toBe(2);
    expect(output).toContain('Another service runs on');
  });

  it.each(['production', 'Production'])('refuses the sandbox identity in %s, in one line (15)', async (place) => {
    const { code, output } = await runToEnd({ dataDir, env: { NODE_ENV: place } });
    expect(code).toBe(2);
    expect(output.trim()).toMatch(/^OIDC_ISSUER must be set: .*SANDBOX=on\.$/);
  });

  it('refuses a port that is none, in one line', async () => {
    const { code, output } = await runToEnd({ dataDir, env: { PORT: 'http' } });
    expect(code).toBe(2);
    expect(output.trim().split('\n')).toEqual(['PORT must be a whole number from 1 to 65535.']);
  });
});

describe('npm run rebuild', () => {
  it('builds beside a running service, which then answers from the new build', async () => {
    const service = await start();
    await open(service);
    await service.ask('POST', `${stock}/receipts`, receive);
    await expect.poll(async () => (await service.ask('GET', stock)).body.onHand).toBe(1);
    const run = (...names: string[]) =>
      spawnSync(process.execPath, ['src/cli/rebuild.ts', ...names], {
        env: { ...process.env, NODE_ENV: '', DATA_DIR: dataDir },
        encoding: 'utf8',
      });
    const { status, stdout, stderr } = run('stock_levels_v1');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/100 %[\s\S]*stock_levels_v1: build 2 answers now, 1 documents/);
    expect(status).toBe(0);
    await service.ask('POST', `${stock}/receipts`, receive);
    await expect.poll(async () => (await service.ask('GET', stock)).body.onHand).toBe(2);
    expect(run('nothing_v1')).toMatchObject({ status: 2, stderr: expect.stringContaining('Projections: ') });

    // Several at once, each in a process of its own.
    const several = run('stock_levels_v1', 'warehouses_v2');
    expect(several).toMatchObject({ status: 0, stderr: '' });
    expect(several.stdout.split('\n')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^stock_levels_v1: \[#+\] 100 % {2}position \d+ of \d+$/),
        expect.stringMatching(/^stock_levels_v1: build 3 answers now, 1 documents, [\d.]+ s$/),
        expect.stringMatching(/^warehouses_v2: build 2 answers now, 1 documents, [\d.]+ s$/),
      ]),
    );
    expect(run('warehouses_v2', 'nothing_v1')).toMatchObject({ status: 2, stdout: '' });
  });
});
