/** What a policy is handed that plans an order of many lines. */
import { systemContext } from '../../src/commands/handlers.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import type { PlacedOrder } from '../../src/domain/order/state.ts';
import type { Cause } from '../../src/processManagers/cause.ts';
import { sampleOrder } from '../support/samples.ts';

export const cause: Cause = {
  stream: 'order-1',
  revision: 0,
  eventId: 'e',
  context: systemContext,
  contextAtEventTime: systemContext,
};

export const orderOfLines = (count: number): PlacedOrder => {
  const lines = Array.from({ length: count }, (_, at) => ({
    lineId: String(at + 1),
    sku: `SKU-${at}`,
    quantity: 1,
    priceMinor: 1,
    currency: 'EUR',
  }));
  const placed = { type: 'OrderPlaced', data: sampleOrder({ lines }) } as const;
  const order = orderDecider.evolve(orderDecider.initialState, placed);
  if (order.phase === 'absent') throw new Error('it was placed');
  return order;
};
