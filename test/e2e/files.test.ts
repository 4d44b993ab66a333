/** What the service does when its files vanish, do not fit each other, or are damaged: real processes on real files. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createServices,
  makeDirectory,
  type RunningService,
  removeDirectory,
  runToEnd,
  warehouse,
} from '../support/process.ts';

let root: string;
let dataDir: string;
const services = createServices();
const start = (options: Partial<Parameters<typeof services.start>[0]> = {}) => services.start({ dataDir, ...options });

beforeEach(async () => {
  root = await makeDirectory();
  dataDir = join(root, 'data');
  await mkdir(dataDir);
});
afterEach(async () => {
  await services.endAll();
  await removeDirectory(root);
});

const timeoutMs = 300_000;
const stock = '/v1/warehouses/BER/inventory/CHAIR';
const receive = { quantity: 1 };

const open = async (service: RunningService): Promise<void> => {
  await service.ask('PUT', '/v1/warehouses/BER', warehouse);
  await service.ask('POST', '/v1/warehouses/BER/inventory', { sku: 'CHAIR', onHand: 0 });
  expect(await service.ask('POST', `${stock}/receipts`, receive)).toMatchObject({ status: 201 });
};

const end = async (service: RunningService, signal: NodeJS.Signals): Promise<number | string | null> => {
  const code = await service.end(signal);
  services.running.delete(service);
  return code;
};

const oneLine = async (what: RegExp): Promise<void> => {
  const { code, output } = await runToEnd({ dataDir });
  expect(output.trim()).toMatch(what);
  expect(output.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(2);
};

describe('files that vanish', () => {
  it(
    'acknowledges nothing once its database was removed, says so, and ends with 1 (17)',
    async () => {
      const service = await start();
      await open(service);
      const key = 'a-receipt-that-is-sent-again';
      for (const suffix of ['', '-wal', '-shm']) await rm(join(dataDir, `stockledger.db${suffix}`));
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => service.ask('POST', `${stock}/receipts`, receive)),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
      for (const _ of [1, 2]) {
        expect(await service.ask('POST', `${stock}/receipts`, receive, key)).toMatchObject({
          status: 503,
          body: { code: 'STORE_DAMAGED' },
        });
      }
      const ready = await fetch(`${service.origin}/health/ready`);
      expect(ready.status).toBe(503);
      expect(await ready.json()).toMatchObject({
        checks: { store: 'stockledger.db was removed while it was in use.' },
      });
      expect(service.output().match(/"level":60/g)).toHaveLength(1);
      expect(await end(service, 'SIGTERM')).toBe(1);
    },
    timeoutMs,
  );

  it(
    'lets no second process in when the lock file was removed (17)',
    async () => {
      const service = await start();
      await rm(join(dataDir, 'service.lock'));
      await oneLine(/^Another service runs on/);
      expect((await fetch(`${service.origin}/health/ready`)).status).toBe(200);
    },
    timeoutMs,
  );

  it(
    'starts on no log that is new beside used keys, and on no keys that are new beside a used log (17)',
    async () => {
      const service = await start();
      await open(service);
      expect(await end(service, 'SIGTERM')).toBe(0);
      const move = async (name: string, from: string, to: string): Promise<void> => {
        await rename(join(from, name), join(to, name));
      };
      await move('stockledger.db', dataDir, root);
      await oneLine(/stockledger\.db is missing beside .*Restore it.*To begin again on purpose/);
      await oneLine(/stockledger\.db is missing beside/);
      await move('stockledger.db', root, dataDir);
      await move('keys.db', dataDir, root);
      await oneLine(/keys\.db is missing beside stockledger\.db/);
      await move('keys.db', root, dataDir);
      await move('key-encryption.key', dataDir, root);
      await oneLine(/key-encryption\.key is missing/);
      await move('key-encryption.key', root, dataDir);
      const again = await start();
      expect((await again.ask('GET', stock)).body).toMatchObject({ onHand: 1 });
    },
    timeoutMs,
  );
});
