/** The clustered form when a server is not there at the start: it says so, harms nobody, and goes on by itself (S8). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Cluster,
  createCluster,
  describeClustered,
  type Node,
  patiently,
  startMaxMs,
  startServers,
  writeAndRead,
} from '../support/cluster.ts';
import { warehouse } from '../support/process.ts';

/** Each of them with its reason; more would be a flood. */
const warningsMax = 12;

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly reason?: string;
}
/** By pino's numbers. */
const warnLevel = 40;

const linesOf = (node: Node): readonly Line[] =>
  node
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
const warningsOf = (node: Node): readonly Line[] => linesOf(node).filter(({ level }) => level >= warnLevel);
const isAbout = (text: string) => (line: Line) => `${line.msg} ${line.reason ?? ''}`.includes(text);

const define = { method: 'PUT', path: '/v1/warehouses/BER', body: warehouse };
const look = { method: 'GET', path: '/v1/warehouses/BER' };
const problem = { status: 503, body: { code: 'STORE_UNAVAILABLE', status: 503 } };

describeClustered('a cold start', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await createCluster();
    await startServers(cluster);
  });
  afterEach(() => cluster.endNodes());
  afterAll(() => cluster.close());

  const startWithout = async (engine: keyof Cluster['servers']): Promise<Node> => {
    await cluster.servers[engine].stop();
    const node = await cluster.start();
    await expect.poll(node.liveness, patiently).toBe(200);
    return node;
  };

  it('without EventStoreDB: reads go on, changes are turned away, and all is well once it is there', async () => {
    const node = await startWithout('eventstoredb');
    await expect.poll(node.readiness, patiently).toMatchObject({
      status: 503,
      checks: { eventstoredb: 'cannot read the event store', mongodb: 'ok', redis: 'ok' },
    });
    const refused = await node.ask(define);
    expect(refused).toMatchObject(problem);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(await node.ask({ method: 'GET', path: '/v1/warehouses' })).toMatchObject({ status: 200 });
    // It may have been recorded: that it is not there can't be said without the log.
    expect(await node.ask(look)).toMatchObject(problem);
    expect(await node.liveness()).toBe(200);
    expect(warningsOf(node).filter(isAbout('the event store is away'))).toEqual([
      expect.objectContaining({ reason: expect.stringContaining(new URL(cluster.servers.eventstoredb.url).host) }),
    ]);
    expect(node.output()).not.toContain('"stack"');
    expect(warningsOf(node).length).toBeLessThan(warningsMax);

    await cluster.servers.eventstoredb.start();
    await node.untilReady();
    await writeAndRead(node, node, 'COLD-1');
  });

  it('without MongoDB: requests are turned away, and all is made anew from the log once it is there', async () => {
    const node = await startWithout('mongodb');
    await expect.poll(node.readiness, patiently).toMatchObject({
      status: 503,
      checks: { eventstoredb: 'ok', mongodb: 'cannot reach MongoDB', redis: 'ok' },
    });
    for (const asked of [define, look]) {
      const refused = await node.ask(asked);
      expect(refused).toMatchObject(problem);
      expect(refused.headers.get('content-type')).toBe('application/problem+json');
    }
    expect(await node.liveness()).toBe(200);
    expect(warningsOf(node).filter(isAbout('not ready: an engine can not be reached'))).toEqual([
      expect.objectContaining({ reason: 'MongoDB cannot be reached.' }),
    ]);
    expect(node.output()).not.toContain('"stack"');
    expect(warningsOf(node).length).toBeLessThan(warningsMax);

    await cluster.servers.mongodb.start();
    await node.untilReady();
    expect(linesOf(node).some(isAbout('ready: every engine that is needed was reached'))).toBe(true);
    await writeAndRead(node, node, 'COLD-2');
    // Of before, from a log that MongoDB has never seen.
    expect(await node.ask({ method: 'GET', path: '/v1/warehouses/BER/inventory/COLD-1' })).toMatchObject({
      status: 200,
      body: { onHand: 7 },
    });
  });

  it('without Redis: everything is answered, and only the readiness says that it is away', async () => {
    const node = await startWithout('redis');
    await expect
      .poll(node.readiness, patiently)
      .toMatchObject({ status: 200, checks: { eventstoredb: 'ok', mongodb: 'ok', redis: 'does not answer' } });
    await writeAndRead(node, node, 'COLD-3');
    expect(warningsOf(node).filter(isAbout('Redis can not be reached'))).toEqual([
      expect.objectContaining({ redis: new URL(cluster.servers.redis.url).host, reason: 'ECONNREFUSED' }),
    ]);
    expect(node.output()).not.toContain('"stack"');
    expect(warningsOf(node).length).toBeLessThan(warningsMax);

    await cluster.servers.redis.start();
    await expect.poll(node.readiness, patiently).toMatchObject({ status: 200, checks: { redis: 'ok' } });
    await writeAndRead(node, node, 'COLD-4');
    expect(linesOf(node).filter(isAbout('Redis answers again'))).toHaveLength(1);
  });
});

describe('a cold start without any server', { timeout: startMaxMs }, () => {
  it('lives, names all three, and prints no password', async () => {
    const cluster = await createCluster();
    try {
      const { eventstoredb, mongodb, redis } = cluster.servers;
      const withLogin = ({ url }: { readonly url: string }): string => url.replace('://', '://ops:canary-secret@');
      const node = await cluster.start({
        EVENTSTORE_URL: withLogin(eventstoredb),
        MONGODB_URL: withLogin(mongodb),
        REDIS_URL: withLogin(redis),
        LOG_LEVEL: 'trace',
      });
      await expect.poll(node.liveness, patiently).toBe(200);
      const readiness = await node.readiness();
      expect(readiness).toMatchObject({
        status: 503,
        checks: {
          eventstoredb: 'cannot read the event store',
          mongodb: 'cannot reach MongoDB',
          redis: 'does not answer',
        },
      });
      const refused = await node.ask(define);
      expect(refused).toMatchObject(problem);
      for (const name of ['the event store', 'MongoDB', 'Redis']) {
        expect(warningsOf(node).some(isAbout(name)), name).toBe(true);
      }
      expect(`${node.output()} ${JSON.stringify([readiness, refused.body])}`).not.toContain('canary-secret');
      expect(await node.end('SIGTERM')).toBe(0);
    } finally {
      await cluster.close();
    }
  });
});
