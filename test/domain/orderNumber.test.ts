import { describe, expect, it } from 'vitest';
import { type OrderNumberCommand, orderNumberDecider } from '../../src/domain/orderNumber/decider.ts';
import type { OrderNumberTaken } from '../../src/domain/orderNumber/events.ts';
import { given } from '../support/deciderSpec.ts';

const takenBy = (orderId: string): OrderNumberTaken => ({
  type: 'OrderNumberTaken',
  data: { client: 'shop1', orderNumber: 'W-1', orderId },
});
const take = (orderId: string, changes: Partial<OrderNumberCommand> = {}): OrderNumberCommand => ({
  ...takenBy(orderId).data,
  ...changes,
  type: 'TakeOrderNumber',
});

describe("a shop's own order number (T26)", () => {
  it('is one order only, and the same order takes it once', () => {
    given(orderNumberDecider).when(take('o1')).thenRecords(takenBy('o1'));
    given(orderNumberDecider, takenBy('o1')).when(take('o2')).thenRefused('ORDER_NUMBER_TAKEN');
  });
  it('goes on from an order that was given up, and from no other', () => {
    given(orderNumberDecider, takenBy('o1'))
      .when(take('o2', { insteadOf: 'o1' }))
      .thenRecords(takenBy('o2'));
    given(orderNumberDecider, takenBy('o3'))
      .when(take('o2', { insteadOf: 'o1' }))
      .thenRefused('ORDER_NUMBER_TAKEN');
  });
  it('weighs something, so that the cache can bound it', () => {
    expect(orderNumberDecider.weigh(orderNumberDecider.initialState)).toBeGreaterThan(0);
  });
});
