import { describe, expect, it } from 'vitest';
import { createServeWaiting } from '../../src/commands/serveWaiting.ts';
import { systemContext } from '../../src/commands/systemContext.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import { sampleOrder } from '../support/samples.ts';

describe('an order of many lines', () => {
  it('asks who waits only for what a warehouse has: each such look reads orders that may be as large (11)', async () => {
    const asked: string[] = [];
    const facts = {
      warehouses: async () => [{ warehouseId: 'BER' }],
      warehousesHolding: async (sku: string) => (sku === 'SKU-7' ? ['BER'] : []),
      oldestWaitingFor: async (sku: string) => {
        asked.push(sku);
        return null;
      },
    };
    const stock = {
      phase: 'active',
      balance: { onHand: 1, reserved: 0, quarantined: 0, incoming: 0, safetyStock: 0 },
    };
    const handlers = { stock: { load: async () => ({ state: stock }) } };
    const { serveOlder } = createServeWaiting({
      handlers: handlers as never,
      facts: facts as never,
      allocate: async () => undefined,
    });
    const lines = Array.from({ length: 2_000 }, (_, at) => ({
      lineId: String(at + 1),
      sku: `SKU-${at}`,
      quantity: 1,
      priceMinor: 1,
      currency: 'EUR',
    }));
    const placed = { type: 'OrderPlaced', data: sampleOrder({ lines }) } as const;
    const order = orderDecider.evolve(orderDecider.initialState, placed);
    if (order.phase === 'absent') throw new Error('it was placed');
    const position = { commit: 1n, prepare: 1n };
    const seen = { stream: 'order-1', revision: 0 };
    await serveOlder(order, { ...seen, eventId: 'e', position, context: systemContext });
    expect(asked).toEqual(['SKU-7']);
  });
});
