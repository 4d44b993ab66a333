import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Service, startService } from '../../demo/service.ts';

/** Is ready at the second question, and writes down what it was given and that it was asked to stop. */
const standIn = `
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
const { PORT, DATA_DIR, WEBHOOK_ALLOWED_TARGETS, SANDBOX_WAREHOUSES, LOG_LEVEL, EVENTSTORE_URL } = process.env;
const given = { DATA_DIR, WEBHOOK_ALLOWED_TARGETS, SANDBOX_WAREHOUSES, LOG_LEVEL, EVENTSTORE_URL };
let asked = 0;
createServer((request, response) => {
  response.statusCode = request.url === '/health/ready' && ++asked > 1 ? 200 : 503;
  response.end();
}).listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => {
  writeFileSync(DATA_DIR + '/given.json', JSON.stringify({ ...given, asked }));
  process.exit(0);
});
`;

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'stockledger-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

const start = async (program: string): Promise<Service> => {
  const entry = join(dataDir, 'entry.mjs');
  await writeFile(entry, program);
  const env = { ...process.env, EVENTSTORE_URL: 'esdb://elsewhere' };
  return startService({ dataDir, partnerPort: 4711, warehouseIds: ['LON', 'GLA'], env, entry });
};

describe('the service as a process', () => {
  it('is given its scratch directory and the partner, and whatever else was set', async () => {
    const service = await start(standIn);
    const peak = service.peakRssBytes();
    await service.stop();
    expect(JSON.parse(await readFile(join(dataDir, 'given.json'), 'utf8'))).toEqual({
      DATA_DIR: dataDir,
      WEBHOOK_ALLOWED_TARGETS: '127.0.0.1:4711',
      SANDBOX_WAREHOUSES: 'LON,GLA',
      LOG_LEVEL: 'warn',
      EVENTSTORE_URL: 'esdb://elsewhere',
      asked: 2,
    });
    if (process.platform === 'linux') expect(peak).toBeGreaterThan(10_000_000);
    await expect(fetch(`${service.origin}/health/ready`)).rejects.toThrow();
  });

  it('may be stopped twice', async () => {
    const service = await start(standIn);
    await service.stop();
    await service.stop();
  });

  it('that ends before it is ready is told at once', async () => {
    await expect(start('process.exit(3);')).rejects.toThrow('The service ended with 3.');
  });
});
