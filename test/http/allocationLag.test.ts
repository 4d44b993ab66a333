/**
 * Orders are served whatever the read models do: policies wait for none of them (docs/architecture.md, "The way of an
 * event").
 */
import { expect, it } from 'vitest';
import type { Adapters } from '../../src/app/adapters.ts';
import { reactionsName } from '../../src/app/measures.ts';
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

/** Another process runs the policies for a while, between two times of this one. */
const createRelay = () => {
  const first = new AbortController();
  const left = Promise.withResolvers<null>();
  const again = Promise.withResolvers<null>();
  const adapt = ({ leases }: Adapters): Partial<Adapters> => ({
    leases: {
      whileHeld: async (name, signal, work) => {
        if (name !== reactionsName) return leases.whileHeld(name, signal, work);
        await work({ epoch: 1, signal: AbortSignal.any([signal, first.signal]) });
        left.resolve(null);
        await again.promise;
        await work({ epoch: 3, signal });
      },
    },
  });
  const handOver = async ({ checkpoints, events }: Adapters, meanwhile: () => Promise<void>): Promise<void> => {
    first.abort();
    await left.promise;
    await meanwhile();
    const [from, to] = [await checkpoints.take(reactionsName, 2), await events.head()];
    if (to === null) throw new Error('nothing was recorded');
    expect(await checkpoints.advance(reactionsName, { from, to, epoch: 2 })).toBe('advanced');
    again.resolve(null);
  };
  return { adapt, handOver };
};

it('a process that takes the policies over again finds the stock that came while another one had them', async () => {
  const [standstill, relay] = [createStandstill(), createRelay()];
  const adapt = (adapters: Adapters) => ({ ...standstill.adapt(adapters), ...relay.adapt(adapters) });
  const service = await openService({ adapt });
  await arrange(service, { BER: { TABLE: 1 } });
  standstill.begin();
  const staff = service.as('sandbox-admin');
  const stockAt = (place: string) => async () => (await staff.get(`/v1/warehouses/${place}/inventory/TABLE`)).body;
  await placeOrder(service.as('sandbox-shop'), [line('TABLE', 1)]);
  await expect.poll(stockAt('BER')).toMatchObject({ onHand: 1, reserved: 1 });
  await relay.handOver(service.adapters, async () => {
    expect((await staff.put('/v1/warehouses/PAR', warehouse('PAR'))).status).toBe(200);
    expect((await staff.post('/v1/warehouses/PAR/inventory', { sku: 'TABLE', onHand: 5 })).status).toBe(201);
  });
  await placeOrder(service.as('sandbox-shop'), [line('TABLE', 3)]);
  await expect.poll(stockAt('PAR')).toMatchObject({ onHand: 5, reserved: 3 });
});
