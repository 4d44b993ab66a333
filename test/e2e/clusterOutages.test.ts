/** The clustered form when a server goes away under load and comes back: nothing acknowledged is lost, nothing done twice (S8). */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Partner, startPartner } from '../../demo/partner.ts';
import { dueMarginMs, reconcileEveryMs } from '../../src/webhooks/reconcile.ts';
import {
  type Cluster,
  createCluster,
  describeClustered,
  type Node,
  orderOf,
  patiently,
  startMaxMs,
  startServers,
  writeAndRead,
} from '../support/cluster.ts';
import { freeze, thaw } from '../support/engines/mongodb.ts';

const senders = 6;
/** After an answer that does not count, and between two commands: the machine is shared with the servers. */
const restMs = 20;
/** Two runs of the reconciler, and what it leaves the planner time for. */
const refillMaxMs = 2 * reconcileEveryMs + dueMarginMs;
/** So much must have gone through before a server goes, and again once it is back. */
const someCommands = 20;

const shelf = (sku: string): string => `/v1/warehouses/BER/inventory/${sku}`;

/** Clients that receive one piece at a time, each under a key of its own, and try until it is taken. */
const startLoad = (node: Node, sku: string) => {
  let isOver = false;
  let acknowledged = 0;
  const refused = new Set<string>();
  const receive = async (key: string): Promise<void> => {
    for (;;) {
      const asked = { method: 'POST', path: `${shelf(sku)}/receipts`, body: { quantity: 1 }, key };
      const { status, body } = await node.ask(asked);
      if (status === 201) break;
      refused.add(`${status} ${String(body.code)}`);
      await pause(restMs);
    }
    acknowledged += 1;
  };
  const sender = async (): Promise<void> => {
    while (!isOver) {
      await receive(randomUUID());
      await pause(restMs);
    }
  };
  const running = Promise.all(Array.from({ length: senders }, sender));
  running.catch(() => undefined);
  return {
    /** Until so many more were taken. */
    more: async (count: number): Promise<void> => {
      const from = acknowledged;
      await expect.poll(() => acknowledged - from, patiently).toBeGreaterThanOrEqual(count);
    },
    refused: (): readonly string[] => [...refused],
    /** Ends when all that was begun was taken. @returns how many that are. */
    end: async (): Promise<number> => {
      isOver = true;
      await running;
      return acknowledged;
    },
  };
};

describeClustered('a server that goes away while the service runs', () => {
  let cluster: Cluster;
  let partner: Partner;
  let node: Node;
  beforeAll(async () => {
    [cluster, partner] = await Promise.all([createCluster(), startPartner()]);
    await startServers(cluster);
    node = await cluster.start({ WEBHOOK_ALLOWED_TARGETS: new URL(partner.url).host });
    await node.untilReady();
    const endpoint = { url: partner.url, eventTypes: ['order.placed'] };
    const { body } = await node.ask({ method: 'POST', path: '/v1/webhook-endpoints', body: endpoint });
    partner.trust(String(body.secret));
  }, startMaxMs);
  afterAll(async () => {
    await cluster.close();
    await partner.close();
  });

  const place = async (sku: string): Promise<void> => {
    await node.askUntil(201, { method: 'POST', path: '/v1/orders', body: orderOf(sku), key: randomUUID() });
  };
  const delivered = (): number => partner.figures().verified;

  /** What was taken before, meanwhile and after is there, each piece once. */
  const underLoad = async (sku: string, outage: (load: ReturnType<typeof startLoad>) => Promise<void>) => {
    await writeAndRead(node, node, sku);
    const load = startLoad(node, sku);
    await load.more(someCommands);
    await outage(load);
    await load.more(someCommands);
    const taken = await load.end();
    await node.untilReady();
    await expect
      .poll(async () => (await node.ask({ method: 'GET', path: shelf(sku) })).body, patiently)
      .toMatchObject({ onHand: 7 + taken, revision: taken });
    await writeAndRead(node, node, `${sku}-AFTER`);
    return load.refused();
  };

  it('Redis, which comes back empty: changes and reads go on', async () => {
    await writeAndRead(node, node, 'ORDERED');
    await place('ORDERED');
    await expect.poll(delivered, patiently).toBe(1);
    const refused = await underLoad('OUT-REDIS', async (load) => {
      await cluster.servers.redis.kill();
      await expect.poll(node.readiness, patiently).toMatchObject({ status: 200, checks: { redis: 'does not answer' } });
      await load.more(someCommands);
      await place('ORDERED');
      await expect.poll(node.output, patiently).toContain('the queue is away: deliveries wait for the reconciler');
      expect(await node.readiness()).toMatchObject({ status: 200, checks: { webhook_planner_v1: 'ok' } });
      await cluster.servers.redis.start();
      await expect.poll(node.readiness, patiently).toMatchObject({ checks: { redis: 'ok' } });
    });
    expect(refused).toEqual([]);
  });

  it('EventStoreDB, which comes back with its file: changes are turned away, reads go on', async () => {
    const refused = await underLoad('OUT-EVENTS', async (load) => {
      await cluster.servers.eventstoredb.kill();
      await expect.poll(node.readiness, patiently).toMatchObject({
        status: 503,
        checks: { eventstoredb: 'cannot read the event store', mongodb: 'ok' },
      });
      expect(await node.ask({ method: 'GET', path: shelf('OUT-EVENTS') })).toMatchObject({ status: 200 });
      await expect.poll(load.refused, patiently).toEqual(['503 STORE_UNAVAILABLE']);
      await cluster.servers.eventstoredb.start();
    });
    expect(refused).toEqual(['503 STORE_UNAVAILABLE']);
  });

  it('MongoDB, frozen until requests fail: they are turned away, and all goes on once it answers', async () => {
    const refused = await underLoad('OUT-MONGO', async () => {
      const pid = cluster.servers.mongodb.pid();
      await freeze(pid);
      try {
        await expect.poll(node.readiness, patiently).toMatchObject({
          status: 503,
          checks: { eventstoredb: 'ok', mongodb: 'cannot reach MongoDB' },
        });
        expect(await node.ask({ method: 'GET', path: shelf('ORDERED') })).toMatchObject({ status: 503 });
      } finally {
        thaw(pid);
      }
    });
    expect(refused.filter((each) => each !== '503 STORE_UNAVAILABLE')).toEqual([]);
  });

  it('and all that was due meanwhile is delivered', async () => {
    await expect.poll(delivered, { ...patiently, timeout: refillMaxMs }).toBe(2);
    expect(partner.figures().refused).toBe(0);
  });

  it('and the process has said each time what was away, and was never restarted', async () => {
    for (const line of ['Redis can not be reached', 'the event store is away', 'MongoDB cannot']) {
      expect(node.output()).toContain(line);
    }
    expect(node.output()).not.toContain('unhandled rejection');
    expect(await node.end('SIGTERM')).toBe(0);
  });
});
