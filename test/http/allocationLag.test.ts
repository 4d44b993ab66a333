/**
 * Orders are served whatever the read models do: policies wait for none of them (docs/architecture.md, "The way of an
 * event").
 */
import { expect, it } from 'vitest';
import type { Adapters } from '../../src/app/compose.ts';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder, warehouse } from './arrange.ts';

/** Once it is told to, no read model that tells where to look for stock folds anything. */
const createStandstill = () => {
  let isStill = false;
  const adapt = ({ documents }: Adapters): Partial<Adapters> => ({
    documents: {
      ...documents,
      write: async (name, writes) => {
        if (isStill && /^(?:orders|warehouses|sku_warehouses)_/.test(name)) throw new Error('the disk is full');
        return documents.write(name, writes);
      },
    },
  });
  const begin = (): void => {
    isStill = true;
  };
  return { adapt, begin };
};

it('an order is reserved for, and one that waits is served by what arrives, while the read models stand still', async () => {
  const standstill = createStandstill();
  const service = await openService({ adapt: standstill.adapt });
  await arrange(service, { BER: { TABLE: 1 } });
  standstill.begin();
  const staff = service.as('sandbox-admin');
  const stockAt = (place: string) => async () => (await staff.get(`/v1/warehouses/${place}/inventory/TABLE`)).body;
  await placeOrder(service.as('sandbox-shop'), [line('TABLE', 3)]);
  await expect.poll(stockAt('BER'), { timeout: 10_000 }).toMatchObject({ onHand: 1, reserved: 1 });
  expect((await staff.put('/v1/warehouses/PAR', warehouse('PAR'))).status).toBe(200);
  expect((await staff.post('/v1/warehouses/PAR/inventory', { sku: 'TABLE', onHand: 5 })).status).toBe(201);
  await expect.poll(stockAt('PAR'), { timeout: 10_000 }).toMatchObject({ onHand: 5, reserved: 2 });
});
