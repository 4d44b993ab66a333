/** The small size of `npm run bench:grown`: a store as after long use is made, and goes on. Times are the business of the large one. */
import { expect, it, onTestFinished } from 'vitest';
import {
  buildGrown,
  contested,
  copies,
  fewSku,
  grownSku,
  longSku,
  manySku,
  shortSku,
} from '../../bench/grown/build.ts';
import { makeDirectory, removeDirectory, startService } from '../support/process.ts';

const size = { stocks: contested, eventsEach: 20, manyOpen: 2 * contested, fewOpen: contested, longEvents: 1_000 };

it('a store that was made for a benchmark is one that the service could have made', async () => {
  const dataDir = await makeDirectory();
  await buildGrown(dataDir, size, () => undefined);
  const service = await startService({ dataDir });
  onTestFinished(async () => {
    await service.end('SIGTERM');
    await removeDirectory(dataDir);
  });
  const pathOf = (sku: string): string => `/v1/warehouses/BER/inventory/${sku}`;
  const levelOf = async (sku: string) => (await service.ask('GET', pathOf(sku))).body;
  expect(await levelOf(grownSku(contested - 1))).toMatchObject({ onHand: 19, reserved: 0, revision: 19 });
  expect(await levelOf(manySku(0))).toMatchObject({ reserved: 2, revision: 2 });
  expect(await levelOf(fewSku(copies - 1)(0))).toMatchObject({ reserved: 1 });
  expect(await levelOf(shortSku(0))).toMatchObject({ onHand: 99 });
  const long = await service.ask('POST', `${pathOf(longSku(0))}/adjustments`, { delta: 1, reason: 'found' });
  expect(long).toMatchObject({ status: 201, body: { onHand: 1_000, revision: 1_000 } });
});
