import { array, assert, asyncProperty, constantFrom, nat } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOrderHistory } from '../../src/projections/orders/asOf.ts';
import type { ShownOrderEvent } from '../../src/projections/orders/kept.ts';
import { type OrderDocument, orders } from '../../src/projections/orders/projection.ts';
import { ledgerLog } from '../webhooks/ledgerLog.ts';
import {
  allocated,
  cancelled,
  chairs,
  delivered,
  dispatched,
  held,
  lamps,
  orderId,
  placed,
  released,
  resolved,
  troubled,
} from './orderSamples.ts';
import { arrayReader, timeAt } from './stockLog.ts';

const historyOf = (...events: readonly ShownOrderEvent[]) => createOrderHistory(arrayReader(ledgerLog(...events)));

const whole = [placed, allocated(chairs, lamps), held, released, dispatched('s1', chairs), delivered('s1')] as const;

describe('an order as of a time (B2)', () => {
  it('is at every second what it was then', async () => {
    const history = historyOf(...whole);
    const statuses: (string | undefined)[] = [];
    for (let second = 0; second < whole.length; second += 1) {
      const then = await history.asOf(orderId, { asOf: timeAt(second) });
      expect(then).toMatchObject({ revision: second, updatedAt: timeAt(second), held: second === 2 });
      statuses.push(then?.status);
    }
    expect(statuses).toEqual([
      'pending',
      'processing',
      'processing',
      'processing',
      'partially_shipped',
      'partially_delivered',
    ]);
  });

  it('counts the very moment, and nothing a millisecond later', async () => {
    const history = historyOf(...whole);
    const before = new Date(Date.parse(timeAt(2)) - 1).toISOString();
    expect(await history.asOf(orderId, { asOf: before })).toMatchObject({ held: false, revision: 1 });
    expect(await history.asOf(orderId, { knownAt: before })).toMatchObject({ held: false, revision: 1 });
  });

  it('is nothing before it was placed, or known to be, or when it never was', async () => {
    const before = new Date(Date.parse(timeAt(0)) - 1).toISOString();
    expect(await historyOf(...whole).asOf(orderId, { asOf: before })).toBeNull();
    expect(await historyOf(...whole).asOf(orderId, { knownAt: before })).toBeNull();
    expect(await historyOf().asOf(orderId, {})).toBeNull();
  });

  it('tells what had happened from what had been recorded', async () => {
    const log = ledgerLog(...whole).map((event) =>
      event.type === 'OrderShipmentDelivered' ? { ...event, recordedAt: timeAt(3_600) } : event,
    );
    const history = createOrderHistory(arrayReader(log));
    const delivery = { asOf: timeAt(5) };
    expect(await history.asOf(orderId, delivery)).toMatchObject({ status: 'partially_delivered' });
    expect(await history.asOf(orderId, { ...delivery, knownAt: timeAt(3_599) })).toMatchObject({
      status: 'partially_shipped',
    });
  });

  it('is the fold of the events that count, for any history and any two times of each', async () => {
    const steps = constantFrom(
      allocated(chairs),
      allocated(lamps),
      held,
      released,
      dispatched('s1', chairs, 1),
      dispatched('s2', lamps),
      delivered('s1'),
      troubled,
      resolved,
      cancelled(),
    );
    await assert(
      asyncProperty(
        array(steps, { maxLength: 30 }),
        array(nat(30)),
        nat(40),
        nat(40),
        async (rest, late, at, known) => {
          const log = ledgerLog(placed, ...rest).map((event, index) => ({
            ...event,
            occurredAt: timeAt(Math.max(0, index - (late[index] ?? 0))),
          }));
          const history = createOrderHistory(arrayReader(log));
          const [asOf, knownAt] = [timeAt(at), timeAt(known)];
          const expected = log
            .filter(({ occurredAt, recordedAt }) => occurredAt <= asOf && recordedAt <= knownAt)
            .reduce<OrderDocument | null>((order, event) => orders.apply(order, event, orderId), null);
          expect(await history.asOf(orderId, { asOf, knownAt })).toEqual(expected);
        },
      ),
    );
  });
});
