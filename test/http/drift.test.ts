/** What no event would ever bring to light: two sides of one claim that do not agree, planted into the log (B4). */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { orderStream } from '../../src/domain/values.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { driftKinds } from '../../src/processManagers/ports.ts';
import { openService, type TestService } from '../support/service.ts';
import { arrange, line, placeOrder } from './arrange.ts';

/** The service looks every 10 s, and a busy machine needs longer. */
const waitMs = 120_000;

/** The order counts on a piece that no stock has reserved for it. */
const plant = async ({ adapters }: TestService, orderId: string): Promise<void> => {
  const stream = orderStream(orderId);
  const last = (await adapters.events.readStream(stream, 0, 100)).at(-1) as RecordedEvent;
  const allocation = { lineId: '1', sku: 'LAMP', warehouseId: 'BER', reservationId: randomUUID(), quantity: 1 };
  // What is backordered has the policies look at the order, so that the service has read it however late it was planted.
  const data = { orderId, allocations: [allocation], backordered: [{ lineId: '1', quantity: 1 }] };
  const { stream: _, revision, position: __, ...envelope } = last;
  const planted = { ...envelope, id: randomUUID(), type: 'OrderAllocated', data };
  expect((await adapters.events.append(stream, revision, [planted])).kind).toBe('appended');
};

describe('a service whose claims have drifted apart', () => {
  it('tells so in its metrics, mends it, and has nothing to tell of one that is well', {
    timeout: 2 * waitMs,
  }, async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 1, LAMP: 0 } });
    const shop = service.as('sandbox-shop');
    await placeOrder(shop, [line('TABLE', 1)]);
    const { orderId } = (await placeOrder(shop, [line('LAMP', 1, { lineId: '1' })])).body;
    const drift = async () =>
      (await service.as(null).get('/metrics')).text.match(/^stockledger_reservation_drift\{.*$/gm);
    const none = driftKinds.map((kind) => `stockledger_reservation_drift{kind="${kind}"} 0`);
    expect(await drift()).toEqual(none);
    await plant(service, orderId);
    await expect
      .poll(drift, { timeout: waitMs })
      .toEqual(none.map((each) => each.replace('lost_reservation"} 0', 'lost_reservation"} 1')));
    const lines = async () => (await service.as('sandbox-admin').get(`/v1/orders/${orderId}`)).body.lines;
    await expect.poll(lines).toMatchObject([{ allocated: [], backordered: 1 }]);
  });
});
