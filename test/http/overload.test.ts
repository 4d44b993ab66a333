/** Whoever sends without end is told to wait before the orders of others are late (back-pressure by lag). */
import { expect, it } from 'vitest';
import type { Adapters } from '../../src/app/adapters.ts';
import { reactionsName } from '../../src/app/measures.ts';
import { behindMaxMs, bulkBehindMaxMs, createAdmission } from '../../src/http/limits.ts';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder } from './arrange.ts';

/** The policies can't say how far they have come, and so do not begin. */
const stuckPolicies = ({ checkpoints }: Adapters): Partial<Adapters> => ({
  checkpoints: {
    ...checkpoints,
    take: async (name, epoch) => {
      if (name === reactionsName) throw new Error('SQLITE_FULL: the disk is full');
      return checkpoints.take(name, epoch);
    },
  },
});

const bulk = { changes: [{ kind: 'receipt', warehouseId: 'BER', sku: 'TABLE', quantity: 1 }] };

it('bulk changes are turned away before others are, each with the time to wait', () => {
  const refusal = (behindMs: number, isBulk: boolean): unknown => {
    try {
      createAdmission(() => behindMs).admit(isBulk);
      return null;
    } catch (error) {
      return error;
    }
  };
  const told = (seconds: string) => ({ code: 'POLICIES_BEHIND', extras: { headers: { 'retry-after': seconds } } });
  expect(refusal(bulkBehindMaxMs, true)).toBeNull();
  expect(refusal(bulkBehindMaxMs + 1, true)).toMatchObject(told('3'));
  expect(refusal(bulkBehindMaxMs + 1, false)).toBeNull();
  expect(refusal(behindMaxMs, false)).toBeNull();
  expect(refusal(behindMaxMs + 1, false)).toMatchObject(told('11'));
  expect(refusal(3_600_000, false)).toMatchObject(told('30'));
});

it('policies that are behind by two seconds stop bulk changes with 429, and no reads', async () => {
  const service = await openService({ adapt: stuckPolicies });
  await arrange(service, { BER: { TABLE: 1 } });
  const staff = service.as('sandbox-admin');
  await placeOrder(service.as('sandbox-shop'), [line('TABLE', 1)]);
  const answer = () => staff.post('/v1/inventory/changes', bulk);
  await expect.poll(async () => (await answer()).status).toBe(429);
  const { body, headers } = await answer();
  expect(body).toMatchObject({ code: 'POLICIES_BEHIND', status: 429 });
  expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(3);
  const before = await service.countEvents();
  expect((await answer()).status).toBe(429);
  expect(await service.countEvents()).toBe(before);
  expect((await staff.get('/v1/warehouses/BER/inventory/TABLE')).status).toBe(200);
});
