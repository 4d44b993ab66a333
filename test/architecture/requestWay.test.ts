/** docs/architecture.md lists the files that run for one adjustment and for one placed order; here they are measured. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeDirectory, type RunningService, removeDirectory, startService } from '../support/process.ts';
import { wayOf } from '../support/requestWay.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/architecture.md'), 'utf8');

/** The files below a heading: one line for each room, such as "`src/http`: access, commands/answers". */
const listed = (heading: string): readonly string[] => {
  const [, rest = ''] = page.split(`### ${heading}\n`);
  const [part = ''] = rest.split('\n#');
  const rooms = part.replaceAll('\n  ', ' ').matchAll(/^- `(src\/\w+)`: (.+)$/gm);
  return [...rooms].flatMap(([, room, files = '']) => files.split(', ').map((file) => `${room}/${file}.ts`)).sort();
};

const order = {
  customer: { customerId: 'customer-1', name: 'Ada Example', email: 'ada@example.invalid' },
  shipTo: { name: 'Ada Example', lines: ['1 Example Street'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' },
  lines: [{ sku: 'TABLE', quantity: 1, priceMinor: 49_900, currency: 'EUR' }],
};

const requests = [
  {
    heading: 'One adjustment',
    path: '/v1/warehouses/BER/inventory/TABLE/adjustments',
    body: { delta: 1, reason: 'found' },
  },
  { heading: 'One placed order', path: '/v1/orders', body: order },
];

/** A service that can be looked into, with a warehouse and a stock. */
const startStocked = async (dataDir: string): Promise<RunningService> => {
  const service = await startService({ dataDir, env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } });
  await service.ask('PUT', '/v1/warehouses/BER', {
    name: 'Berlin',
    countryCode: 'DE',
    postalCode: '10115',
    latitude: 52.52,
    longitude: 13.4,
    timeZone: 'Europe/Berlin',
    priority: 1,
    operator: 'own',
  });
  await service.ask('POST', '/v1/warehouses/BER/inventory', { sku: 'TABLE', onHand: 10_000, safetyStock: 2 });
  return service;
};

describe('docs/architecture.md', () => {
  it('lists the files that run for a request and for what follows from it', async () => {
    const dataDir = await makeDirectory();
    const service = await startStocked(dataDir);
    onTestFinished(async () => {
      await service.end('SIGTERM');
      await removeDirectory(dataDir);
    });
    for (const { heading, path, body } of requests) {
      const { always, sometimes } = await wayOf(service, async () => {
        expect((await service.ask('POST', path, body)).status).toBe(201);
      });
      const files = listed(heading);
      expect(files, heading).not.toHaveLength(0);
      const missing = always.filter((file) => !files.includes(file));
      const needless = files.filter((file) => !always.includes(file) && !sometimes.includes(file));
      expect({ missing, needless }, heading).toEqual({ missing: [], needless: [] });
    }
  });
});
