import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { LostOwnership } from '../../src/eventsourcing/projecting/projection.ts';
import { deliveryIdOf } from '../../src/webhooks/ledger.ts';
import { createWebhookPlanner } from '../../src/webhooks/planner.ts';
import { dueMarginMs } from '../../src/webhooks/reconcile.ts';
import { balanceOf } from '../support/samples.ts';
import { at, Crash, createWorld, endpointWith, orderDelivered, recorded, type World } from './webhooksWorld.ts';

const stockOut = (commit: number): RecordedEvent =>
  recorded(commit, {
    type: 'StockAdjusted',
    data: { warehouseId: 'BER', sku: 'CHAIR', delta: -1, reason: 'lost', after: balanceOf({}) },
  });
/** Two messages for some endpoints, one for others, none in between. */
const log: readonly RecordedEvent[] = [1, 2, 3, 4, 5, 6, 7, 8].map((commit) =>
  commit % 3 === 0 ? stockOut(commit) : orderDelivered(commit),
);

const threeEndpoints = (world: World): void => {
  world.directory.put(endpointWith({ endpointId: 'e1' }));
  world.directory.put(
    endpointWith({ endpointId: 'e2', eventTypes: ['stock.changed', 'stock.out', 'order.delivered'] }),
  );
  world.directory.put(endpointWith({ endpointId: 'e3', createdAt: at(4) }));
};

const summaryOf = async (world: World) => {
  const rows = await world.rows();
  const waiting = await world.queued(...rows.map(({ deliveryId }) => deliveryId));
  return rows
    .map(({ endpointId, sequence, type, position, deliveryId }) =>
      [endpointId, sequence, type, position, waiting.has(deliveryId) ? 'queued' : 'lost'].join(' '),
    )
    .sort();
};

describe('planning deliveries (B5, W1)', () => {
  it('gives each endpoint a sequence of its own without a gap, beginning after it was made', async () => {
    const world = await createWorld();
    threeEndpoints(world);
    for (const event of log) await world.plan(event);
    expect(await summaryOf(world)).toEqual([
      'e1 1 order.delivered 1 queued',
      'e1 2 order.delivered 2 queued',
      'e1 3 order.delivered 4 queued',
      'e1 4 order.delivered 5 queued',
      'e1 5 order.delivered 7 queued',
      'e1 6 order.delivered 8 queued',
      'e2 1 order.delivered 1 queued',
      'e2 10 order.delivered 8 queued',
      'e2 2 order.delivered 2 queued',
      'e2 3 stock.changed 3 queued',
      'e2 4 stock.out 3 queued',
      'e2 5 order.delivered 4 queued',
      'e2 6 order.delivered 5 queued',
      'e2 7 stock.changed 6 queued',
      'e2 8 stock.out 6 queued',
      'e2 9 order.delivered 7 queued',
      'e3 1 order.delivered 5 queued',
      'e3 2 order.delivered 7 queued',
      'e3 3 order.delivered 8 queued',
    ]);
    const tooEarly = deliveryIdOf('e3', orderDelivered(4).id, 'order.delivered');
    expect(await world.queued(tooEarly)).toEqual(new Set());
  });

  it('ends in the same ledger after a crash at any write, before or after it was carried out, in other batches', async () => {
    const whole = await createWorld();
    threeEndpoints(whole);
    await whole.plan(...log.slice(0, 3));
    await whole.plan(...log.slice(3));
    const expected = await summaryOf(whole);
    const writes = whole.faults.writes;
    expect(writes).toBe(6); // Rows, counters and jobs, twice.

    for (let failAt = 1; failAt <= writes; failAt += 1) {
      for (const carriedOut of [true, false]) {
        const world = await createWorld();
        threeEndpoints(world);
        Object.assign(world.faults, { failAt, carriedOut });
        const checkpoint = failAt <= 3 ? 0 : 3;
        if (checkpoint === 3) await world.plan(...log.slice(0, 3));
        const doomed = checkpoint === 3 ? log.slice(3) : log.slice(0, 3);
        await expect(world.plan(...doomed)).rejects.toThrow(Crash);
        // From the checkpoint on, all over again, in batches of another size.
        for (let from = checkpoint; from < log.length; from += 2) await world.plan(...log.slice(from, from + 2));
        expect.soft(await summaryOf(world), `write ${failAt}, ${carriedOut ? 'after' : 'before'}`).toEqual(expected);
      }
    }
  });

  it('goes on without a queue that is away: what it did not take, the reconciler adds (B5)', async () => {
    const world = await createWorld();
    threeEndpoints(world);
    world.loseQueue();
    await world.plan(...log);
    const [row] = await world.rows();
    expect(row).toMatchObject({ status: 'pending' });
    expect(await world.queued(row!.deliveryId)).toEqual(new Set());
    world.findQueue();
    world.passTime(dueMarginMs + 1);
    expect((await world.createReconciler()()).requeued).toBeGreaterThan(0);
    expect(await world.queued(row!.deliveryId)).toEqual(new Set([row!.deliveryId]));
  });

  it('numbers nothing twice when another planner went on meanwhile', async () => {
    const world = await createWorld();
    threeEndpoints(world);
    const other = createWebhookPlanner({ ...world, isQueueAway: () => false });
    await world.planner.handle(log.slice(0, 2));
    await other.handle(log.slice(0, 5));
    await world.planner.handle(log.slice(5));
    const rows = (await world.rows()).filter(({ endpointId }) => endpointId === 'e1');
    expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('stops when another planner counts at the same moment', async () => {
    const world = await createWorld();
    world.directory.put(endpointWith());
    const outcomes = await Promise.allSettled([
      world.planner.handle(log),
      createWebhookPlanner({ ...world, isQueueAway: () => false }).handle(log),
    ]);
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(failures).toEqual([expect.any(LostOwnership)]);
    expect((await world.rows()).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('derives the id from endpoint, event and type alone', () => {
    expect(deliveryIdOf('e1', 'event', 'stock.out')).toBe('msg_49f0b374a43b9828831c434b5490d504');
    const ids = [
      deliveryIdOf('e1', 'event', 'stock.out'),
      deliveryIdOf('e2', 'event', 'stock.out'),
      deliveryIdOf('e1', 'other', 'stock.out'),
      deliveryIdOf('e1', 'event', 'stock.low'),
    ];
    expect(new Set(ids).size).toBe(4);
  });

  it('holds what a disabled endpoint is owed: it is numbered, and not sent', async () => {
    const world = await createWorld();
    world.directory.put(endpointWith({ status: 'disabled' }));
    await world.plan(orderDelivered(1));
    expect(await world.rows()).toMatchObject([{ sequence: 1, status: 'held', nextAttemptAt: null }]);
    expect(await summaryOf(world)).toEqual(['e1 1 order.delivered 1 lost']);
  });

  it('sends a test to the tested endpoint alone', async () => {
    const world = await createWorld();
    threeEndpoints(world);
    await world.plan(recorded(9, { type: 'WebhookTestRequested', data: { endpointId: 'e2' } }));
    expect(await summaryOf(world)).toEqual(['e2 1 webhook.test 9 queued']);
  });

  it('costs one question for a batch while nobody listens, and no write or read', async () => {
    const world = await createWorld();
    const untouchable = new Proxy(world.documents, {
      get: () => {
        throw new Error('no reason to touch a document');
      },
    });
    const planner = createWebhookPlanner({ ...world, documents: untouchable, isQueueAway: () => false });
    await planner.handle(log);
    world.directory.put(endpointWith({ eventTypes: ['order.backordered'] }));
    await planner.handle(log);
    expect(world.directory.asked()).toBe(2);
  });

  it('handles a batch of many endpoints and events in bounded writes', async () => {
    const world = await createWorld();
    for (let index = 0; index < 30; index += 1) world.directory.put(endpointWith({ endpointId: `e${index}` }));
    await world.plan(...Array.from({ length: 50 }, (_, index) => orderDelivered(index + 1)));
    expect(await world.rows()).toHaveLength(1_500);
    // Rows, counters, and the jobs of both rooms.
    expect(world.faults.writes).toBe(3 + 1 + 1 + 3);
  });

  /** What 60 endpoints are owed for 50 events: 3,000 rows, written by calls that end some turns later. */
  const planSlowly = async (fail: (call: number) => boolean) => {
    const world = await createWorld();
    for (let index = 0; index < 60; index += 1) world.directory.put(endpointWith({ endpointId: `e${index}` }));
    const begun: string[] = [];
    let underway = 0;
    let most = 0;
    const slowly = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
      begun.push(`${what} beside ${underway}`);
      underway += 1;
      most = Math.max(most, underway);
      try {
        if (fail(begun.length)) throw new Crash();
        await setImmediate();
        return await call();
      } finally {
        underway -= 1;
      }
    };
    const planner = createWebhookPlanner({
      ...world,
      documents: {
        ...world.documents,
        write: (name, writes) => slowly(`${writes.length} of ${name}`, () => world.documents.write(name, writes)),
      },
      jobs: {
        ...world.jobs,
        add: (queue, jobs) => slowly(`${jobs.length} of ${queue}`, () => world.jobs.add(queue, jobs)),
      },
      isQueueAway: () => false,
    });
    const events = Array.from({ length: 50 }, (_, index) => orderDelivered(index + 1));
    const failure: unknown = await planner.handle(events).then(
      () => null,
      (error: unknown) => error,
    );
    return { world, planner, events, begun, failure, underway, most };
  };

  it('writes a few calls of a large debt at once, and counts it when all of them are written', async () => {
    const { world, begun, failure, most } = await planSlowly(() => false);
    expect(failure).toBeNull();
    expect(most).toBe(4);
    const [rows, jobs] = ['500 of webhook_deliveries_v1', 'of webhook-deliveries'];
    expect(begun).toEqual([
      ...[0, 1, 2, 3, 0, 1].map((beside) => `${rows} beside ${beside}`),
      '60 of webhook_counters_v1 beside 0',
      `64 ${jobs} beside 0`,
      ...[0, 1, 2, 3, 0].map((beside) => `500 ${jobs}-backlog beside ${beside}`),
      `436 ${jobs}-backlog beside 1`,
    ]);
    expect(await world.rows()).toHaveLength(3_000);
  });

  it('fails when none of its calls is under way any more, and plans the same when it is handed the batch again', async () => {
    const { world, planner, events, begun, failure, underway } = await planSlowly((call) => call === 2);
    expect(failure).toBeInstanceOf(Crash);
    expect(begun).toHaveLength(4);
    expect(underway).toBe(0);
    await planner.handle(events);
    const rows = await world.rows();
    expect(rows).toHaveLength(3_000);
    const sequences = rows.filter(({ endpointId }) => endpointId === 'e7').map(({ sequence }) => sequence);
    expect(sequences).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect((await world.queued(...rows.map(({ deliveryId }) => deliveryId))).size).toBe(3_000);
  });
});
