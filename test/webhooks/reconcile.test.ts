import { describe, expect, it } from 'vitest';
import { deliveryIdOf } from '../../src/webhooks/ledger.ts';
import type { JobQueue } from '../../src/webhooks/ports.ts';
import { dueMarginMs, rowsPerRunMax } from '../../src/webhooks/reconcile.ts';
import { createWorld, endpointWith, orderDelivered, type World } from './webhooksWorld.ts';

/** A queue that forgot everything, and what is added to it again. */
const emptyQueue = () => {
  const ids = new Set<string>();
  const queue: JobQueue = {
    add: async (_, jobs) => {
      for (const { id } of jobs) ids.add(id);
    },
    known: async (_, asked) => new Set(asked.filter((id) => ids.has(id))),
    work: async () => undefined,
  };
  return { ids, queue };
};
const events = (count: number, from = 1) => Array.from({ length: count }, (_, index) => orderDelivered(from + index));
const idOf = (commit: number, endpointId = 'e1') =>
  deliveryIdOf(endpointId, orderDelivered(commit).id, 'order.delivered');
const sumOf = async (world: World, endpointId: string) => {
  const { matched, byStatus } = await world.queries.figures(endpointId);
  return { matched, sum: Object.values(byStatus).reduce((a, b) => a + b) };
};

describe('reconciling the queue with the ledger (B5, W1)', () => {
  it('row 11: adds again what a lost queue held, once it is due', async () => {
    const world = await createWorld();
    world.directory.put(endpointWith());
    await world.plan(...events(3));
    await world.run(idOf(2));
    const { ids, queue } = emptyQueue();
    const reconcile = world.createReconciler(queue);
    world.passTime(dueMarginMs);
    expect(await reconcile()).toEqual({ requeued: 0, dropped: 0 });
    world.passTime(1);
    expect(await reconcile()).toEqual({ requeued: 2, dropped: 0 });
    expect(ids).toEqual(new Set([idOf(1), idOf(3)]));
    expect(await reconcile()).toEqual({ requeued: 0, dropped: 0 });
  });

  it('leaves alone what the queue still has, and what is not due yet', async () => {
    const world = await createWorld();
    world.directory.put(endpointWith());
    await world.plan(...events(2));
    world.receiver.answer = async () => ({ kind: 'answered', status: 503, retryAfter: '3600', bodyStart: '' });
    await world.run(idOf(1));
    world.passTime(dueMarginMs + 1);
    expect(await world.createReconciler()()).toEqual({ requeued: 0, dropped: 0 });
    const { ids, queue } = emptyQueue();
    expect(await world.createReconciler(queue)()).toEqual({ requeued: 1, dropped: 0 });
    expect(ids).toEqual(new Set([idOf(2)]));
  });

  it('looks at a bounded number of rows in a run, and goes on from there in the next', async () => {
    const world = await createWorld();
    world.directory.put(endpointWith());
    const surplus = 7;
    const total = rowsPerRunMax + surplus;
    for (let from = 1; from <= total; from += 2_000) {
      await world.planner.handle(events(Math.min(2_000, total + 1 - from), from));
    }
    world.passTime(dueMarginMs + 1);
    const { ids, queue } = emptyQueue();
    const reconcile = world.createReconciler(queue);
    expect(await reconcile()).toEqual({ requeued: rowsPerRunMax, dropped: 0 });
    expect(await reconcile()).toEqual({ requeued: surplus, dropped: 0 });
    expect(ids.size).toBe(total);
  });

  it('closes what was open for a deleted endpoint, once', async () => {
    const world = await createWorld();
    world.directory.put(endpointWith());
    world.directory.put(endpointWith({ endpointId: 'e2' }));
    await world.plan(...events(2));
    await world.run(idOf(1));
    world.directory.put(endpointWith({ status: 'disabled' }));
    await world.plan(...events(2, 3));
    world.directory.delete('e1');
    const reconcile = world.createReconciler();
    expect(await reconcile()).toEqual({ requeued: 0, dropped: 3 });
    world.faults.writes = 0;
    expect(await reconcile()).toEqual({ requeued: 0, dropped: 0 });
    expect(world.faults.writes).toBe(0);
    expect(await world.queries.figures('e1')).toEqual({
      matched: 4,
      byStatus: { pending: 0, delivered: 1, held: 0, dead: 0, dropped: 3 },
    });
    expect((await world.queries.figures('e2')).byStatus.pending).toBe(4);
  });
});

describe('the ledger', () => {
  it('adds up: matched = delivered + pending + held + dead + dropped, whatever came of them', async () => {
    const world = await createWorld();
    world.directory.put(endpointWith());
    await world.plan(...events(5));
    const statuses = [200, 410, 500, 204];
    world.receiver.answer = async () => ({ kind: 'answered', status: statuses.shift() ?? 200, bodyStart: '' });
    for (const commit of [1, 2, 3, 4]) await world.run(idOf(commit));
    world.directory.put(endpointWith({ status: 'disabled' }));
    await world.plan(...events(2, 6));
    const { byStatus } = await world.queries.figures('e1');
    expect(byStatus).toEqual({ delivered: 2, dead: 1, pending: 2, held: 2, dropped: 0 });
    expect(await sumOf(world, 'e1')).toEqual({ matched: 7, sum: 7 });
    expect(await sumOf(world, 'nobody')).toEqual({ matched: 0, sum: 0 });
  });

  it('lists the deliveries of an endpoint newest first, page by page', async () => {
    const world = await createWorld();
    world.directory.put(endpointWith());
    world.directory.put(endpointWith({ endpointId: 'e2' }));
    await world.plan(...events(5));
    const pages: number[][] = [];
    for (let next: string | null | undefined; next !== null; ) {
      const cursor = next === undefined ? {} : { cursor: next };
      const page = await world.queries.list({ endpointId: 'e1', limit: 2, ...cursor });
      expect(page.items.every(({ endpointId }) => endpointId === 'e1')).toBe(true);
      pages.push(page.items.map(({ sequence }) => sequence));
      next = page.nextCursor;
    }
    expect(pages).toEqual([[5, 4], [3, 2], [1]]);
  });

  it('lists by status', async () => {
    const world = await createWorld();
    world.directory.put(endpointWith());
    await world.plan(...events(3));
    await world.run(idOf(2));
    const sequences = async (status: 'pending' | 'delivered' | 'dead') =>
      (await world.queries.list({ endpointId: 'e1', status, limit: 10 })).items.map(({ sequence }) => sequence);
    expect(await sequences('delivered')).toEqual([2]);
    expect(await sequences('pending')).toEqual([3, 1]);
    expect(await sequences('dead')).toEqual([]);
  });
});
