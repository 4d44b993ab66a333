/** Several processes on the same servers: what one does another one knows, and any of them may go (S8). */
import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Partner, startPartner } from '../../demo/partner.ts';
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
import { listen } from '../support/listening.ts';
import { warehouse } from '../support/process.ts';
import { runToolBeside } from '../support/tools.ts';

const shelf = (sku: string): string => `/v1/warehouses/BER/inventory/${sku}`;
const receive = (sku: string, key: string = randomUUID()) => ({
  method: 'POST',
  path: `${shelf(sku)}/receipts`,
  body: { quantity: 1 },
  key,
});

describeClustered('processes that share the work', () => {
  let cluster: Cluster;
  let partner: Partner;
  let [a, b, projector, worker]: readonly Node[] = [];
  const nodes = () => {
    if (a === undefined || b === undefined || projector === undefined || worker === undefined) {
      throw new Error('the processes run only while their tests run');
    }
    return { a, b, projector, worker };
  };
  const startProjector = (): Promise<Node> => cluster.start({ ROLES: 'projector' });

  beforeAll(async () => {
    [cluster, partner] = await Promise.all([createCluster(), startPartner()]);
    await startServers(cluster);
    const env = { WEBHOOK_ALLOWED_TARGETS: new URL(partner.url).host };
    const all = ['api', 'api', 'projector', 'worker'].map((ROLES) => cluster.start({ ...env, ROLES }));
    [a, b, projector, worker] = await Promise.all(all);
    for (const node of Object.values(nodes())) await node.untilReady();
    const { body } = await nodes().a.ask({
      method: 'POST',
      path: '/v1/webhook-endpoints',
      body: { url: partner.url, eventTypes: ['order.placed'] },
    });
    partner.trust(String(body.secret));
    await nodes().a.ask({ method: 'PUT', path: '/v1/warehouses/BER', body: warehouse });
  }, startMaxMs);
  afterAll(async () => {
    await cluster.close();
    await partner.close();
  });

  /** A change of every kind that somebody else follows: read models, allocation, webhooks. */
  const everythingWorks = async (sku: string): Promise<void> => {
    const { a, b } = nodes();
    await writeAndRead(a, b, sku);
    const before = partner.figures().verified;
    const placed = await a.askUntil(201, { method: 'POST', path: '/v1/orders', body: orderOf(sku), key: randomUUID() });
    const read = {
      method: 'GET',
      path: `/v1/orders/${String(placed.body.orderId)}`,
      headers: { 'stockledger-min-position': placed.headers.get('stockledger-position') ?? '' },
    };
    await expect.poll(async () => (await b.ask(read)).body.status, patiently).toBe('processing');
    await expect.poll(async () => (await b.ask({ method: 'GET', path: shelf(sku) })).body.reserved, patiently).toBe(1);
    await expect.poll(() => partner.figures().verified, patiently).toBe(before + 1);
  };

  it('read at one what was written at another, allocate, and deliver webhooks', async () => {
    await everythingWorks('SHARED');
    const { a, b } = nodes();
    await writeAndRead(b, a, 'SHARED-BACK');
    expect(partner.figures().refused).toBe(0);
  });

  it('list at one what was lost at another and the ledger did not have, the latest first, until it is counted (T28)', async () => {
    const { a, b } = nodes();
    type Told = Awaited<ReturnType<Node['ask']>>;
    const lost: Told[] = [];
    for (const sku of ['LOST-1', 'LOST-2', 'LOST-3']) {
      await writeAndRead(a, b, sku);
      const body = { delta: -9, reason: 'lost', reference: 'shift 2' };
      lost.push(await a.ask({ method: 'POST', path: `${shelf(sku)}/adjustments`, body, key: randomUUID() }));
      expect(lost.at(-1)).toMatchObject({ status: 201, body: { onHand: 0 } });
    }
    const list = async (query: string, since: Told | undefined) => {
      const headers = { 'stockledger-min-position': since?.headers.get('stockledger-position') ?? '' };
      return (await b.ask({ method: 'GET', path: `/v1/warehouses/BER/discrepancies${query}`, headers })).body;
    };
    await expect
      .poll(() => list('?limit=2', lost.at(-1)), patiently)
      .toMatchObject({ items: [{ sku: 'LOST-3', count: 1, newest: [{ reference: 'shift 2' }] }, { sku: 'LOST-2' }] });
    const { nextCursor } = await list('?limit=2', lost.at(-1));
    const cursor = `?limit=2&cursor=${String(nextCursor)}`;
    expect(await list(cursor, lost.at(-1))).toMatchObject({ items: [{ sku: 'LOST-1' }], nextCursor: null });
    const counted = await a.ask({
      method: 'PUT',
      path: shelf('LOST-2'),
      body: { onHand: 0, reason: 'looked' },
      headers: { 'if-match': lost[1]?.headers.get('etag') ?? '' },
    });
    expect(counted.status, JSON.stringify(counted.body)).toBe(200);
    expect(await list('', counted)).toMatchObject({ items: [{ sku: 'LOST-3' }, { sku: 'LOST-1' }] });
  });

  it('serve nothing but health and metrics without the role api', async () => {
    const { projector, worker } = nodes();
    for (const { origin, ask } of [projector, worker]) {
      const statusOf = async (path: string): Promise<number> => (await fetch(`${origin}${path}`)).status;
      expect(await statusOf('/health/live')).toBe(200);
      expect(await statusOf('/health/ready')).toBe(200);
      expect(await (await fetch(`${origin}/metrics`)).text()).toContain('stockledger_events_total');
      for (const path of ['/v1/warehouses', '/v1/stream', '/openapi.json', '/docs', '/oidc/token']) {
        expect(await ask({ method: 'GET', path }), path).toMatchObject({
          status: 404,
          body: { code: 'ROUTE_NOT_FOUND' },
        });
      }
    }
  });

  it('stream at one what was done at another, and resume at any of them', async () => {
    const { a, b } = nodes();
    const heard = await listen(`${b.origin}/v1/stream?sku=SHARED`, await cluster.tokenFor('sandbox-admin'));
    expect(heard.status).toBe(200);
    const positions: (string | null)[] = [];
    const change = async (): Promise<void> => {
      positions.push((await a.ask(receive('SHARED'))).headers.get('stockledger-position'));
    };
    await change();
    await expect.poll(() => heard.messages.map(({ id }) => id), patiently).toEqual(positions);
    heard.stop();
    // While nobody listened.
    await change();
    await change();
    const last = heard.messages.at(-1)?.id;
    const resumed = await listen(`${a.origin}/v1/stream?sku=SHARED`, await cluster.tokenFor('sandbox-admin'), last);
    await change();
    await expect.poll(() => resumed.messages.map(({ id }) => id), patiently).toEqual(positions.slice(1));
    resumed.stop();
  });

  it('count the requests of a caller together', async () => {
    const { a, b } = nodes();
    const token = await cluster.tokenFor('sandbox-auditor');
    const left = async ({ origin }: Node): Promise<number> => {
      const { headers } = await fetch(`${origin}/v1/items`, { headers: { authorization: `Bearer ${token}` } });
      return Number(/"caller";r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
    };
    const times = (count: number, node: Node): Promise<readonly number[]> =>
      Promise.all(Array.from({ length: count }, () => left(node)));
    // A process that did not hear from Redis in time counts by itself. 100 are a step of the limit.
    await expect
      .poll(async () => {
        const before = await left(a);
        await times(200, b);
        return before - Math.min(...(await times(101, a)));
      }, patiently)
      .toBeGreaterThanOrEqual(101 + 100);
  });

  it('answer a key that the other one has seen with the same answer', async () => {
    const { a, b } = nodes();
    const order = { method: 'POST', path: '/v1/orders', body: orderOf('SHARED'), key: randomUUID() };
    for (const [asked, otherBody] of [
      [receive('SHARED'), { quantity: 2 }],
      [order, orderOf('SHARED-BACK')],
    ] as const) {
      const first = await a.ask(asked);
      expect(first.status).toBe(201);
      const second = await b.ask(asked);
      expect([second.status, second.body]).toEqual([first.status, first.body]);
      for (const name of ['etag', 'stockledger-position', 'location']) {
        expect(second.headers.get(name), name).toBe(first.headers.get(name));
      }
      await expect.poll(async () => (await b.ask(asked)).headers.get('idempotency-replayed'), patiently).toBe('true');
      const other = await b.ask({ ...asked, body: otherBody });
      expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    }
  });

  it('do once what both are asked at the same time under one key', async () => {
    const { a, b } = nodes();
    await writeAndRead(a, b, 'TWICE');
    const keys = Array.from({ length: 8 }, () => randomUUID());
    const revisions = await Promise.all(
      keys.map(async (key) => {
        const [one, other] = await Promise.all([
          a.askUntil(201, receive('TWICE', key)),
          b.askUntil(201, receive('TWICE', key)),
        ]);
        // Where Redis was slow both append: the log has it once, and each told the time by its own clock.
        expect({ ...other.body, updatedAt: '' }).toEqual({ ...one.body, updatedAt: '' });
        return one.body.revision;
      }),
    );
    expect(new Set(revisions).size).toBe(keys.length);
    await expect
      .poll(async () => (await a.ask({ method: 'GET', path: shelf('TWICE') })).body, patiently)
      .toMatchObject({ onHand: 7 + keys.length, revision: keys.length });

    const asked = { method: 'POST', path: '/v1/orders', body: orderOf('TWICE'), key: randomUUID() };
    const [one, other] = await Promise.all([a.askUntil(201, asked), b.askUntil(201, asked)]);
    expect(other.body.orderId).toBe(one.body.orderId);
    await expect
      .poll(async () => (await a.ask({ method: 'GET', path: shelf('TWICE') })).body.reserved, patiently)
      .toBe(1);
  });

  it('turn to a build that was made beside them', async () => {
    const { a, b } = nodes();
    const run = { name: 'rebuild', args: ['stock_levels_v1'], env: cluster.env };
    const { code, stdout, stderr } = await runToolBeside(run);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/stock_levels_v1: build 2 answers now, \d+ documents/);
    await writeAndRead(a, b, 'REBUILT');
    // Whoever answers without the build before answers from the new one.
    const mongo = await new MongoClient(cluster.servers.mongodb.url).connect();
    const before = mongo.db('stockledger').collection('stock_levels_v1');
    expect(await before.countDocuments()).toBeGreaterThan(0);
    await before.drop();
    await mongo.close();
    for (const node of [a, b]) {
      await expect
        .poll(async () => (await node.ask({ method: 'GET', path: shelf('SHARED-BACK') })).body, patiently)
        .toMatchObject({ onHand: 7 });
      await writeAndRead(node, node, `REBUILT-${node === a ? 'A' : 'B'}`);
    }
  });

  it('hand over: a projector that is told to stop ends in order, and another one folds on at once', async () => {
    const { a, b, projector: first } = nodes();
    projector = await startProjector();
    await projector.untilReady();
    // It ends itself after 10 s with another code.
    expect(await first.end('SIGTERM'), first.output()).toBe(0);
    const { headers } = await a.ask(receive('SHARED'));
    const position = headers.get('stockledger-position') ?? '';
    const read = {
      method: 'GET',
      path: shelf('SHARED'),
      headers: { 'stockledger-min-position': position, prefer: 'wait=10' },
    };
    // Asked once: it is there within the longest wait that the API offers.
    expect(await b.ask(read)).toMatchObject({ status: 200 });
    await everythingWorks('HANDED-OVER');
  });

  it('replace a projector that was killed', async () => {
    const { projector: killed } = nodes();
    projector = await startProjector();
    await projector.untilReady();
    expect(await killed.end('SIGKILL')).toBe('SIGKILL');
    await everythingWorks('TAKEN-OVER');
  });

  it('end in order, all of them', async () => {
    const ends = Object.values(nodes()).map((node) => node.end('SIGTERM'));
    expect(await Promise.all(ends)).toEqual([0, 0, 0, 0]);
  });
});
