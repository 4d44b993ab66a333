/** The clustered form as an operator has it: three servers that can go away and come back, and processes of the service on them. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { freePort } from './engines/childServer.ts';
import { startEventStoreServer } from './engines/eventstoredb.ts';
import { launchMongo, mongoLaunchMissing } from './engines/mongodb.ts';
import { launchRedis, redisLaunchMissing } from './engines/redis.ts';
import { type EngineName, isRequired } from './engines/required.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import {
  type Answer,
  type Asked,
  endOf,
  makeDirectory,
  removeDirectory,
  send,
  spawnService,
  warehouse,
} from './process.ts';

/** Servers that can't be started here, and what to install for them. The event store's is our own and always there. */
const missing = (
  [
    ['mongodb', mongoLaunchMissing()],
    ['redis', redisLaunchMissing()],
  ] satisfies readonly (readonly [EngineName, string | null])[]
).flatMap(([server, install]) => (install === null ? [] : [{ server, install }]));

/** Of one test, and of a start of everything: what hangs meets it. */
const testMaxMs = 300_000;
export const startMaxMs = 240_000;

/** Tests that start the servers: where one can't be had they are skipped and say what to install, or fail as `CI_REQUIRE` asks. */
export const describeClustered = (name: string, tests: () => void): void => {
  for (const { server, install } of missing.filter((each) => isRequired(each.server))) {
    it(`${name}: ${server} can be had, as CI_REQUIRE names it`, () => {
      expect(install).toBeNull();
    });
  }
  const reasons = missing.map(({ install }) => install).join('; ');
  describe.skipIf(missing.length > 0)(reasons === '' ? name : `${name}: ${reasons}`, { timeout: testMaxMs }, tests);
};

/** A machine that runs other tests beside it is slow; only what hangs meets this. */
const settleMaxMs = 120_000;
const pollEveryMs = 100;
/** For `expect.poll` and `vi.waitFor`. */
export const patiently = { timeout: settleMaxMs, interval: pollEveryMs } as const;

/** A server with a port of its own, whether it runs or not. */
export interface Switchable {
  readonly url: string;
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** @throws when it does not run. */
  pid(): number;
}

interface Running {
  readonly pid: number;
  stop(): Promise<void>;
}

const createSwitchable = (url: string, launch: () => Promise<Running>): Switchable => {
  let running: Running | null = null;
  const stop = async (): Promise<void> => {
    const ending = running;
    running = null;
    await ending?.stop();
  };
  const pid = (): number => {
    if (running === null) throw new Error(`nothing runs at ${url}`);
    return running.pid;
  };
  return {
    url,
    pid,
    stop,
    start: async () => {
      running ??= await launch();
    },
    kill: async () => {
      process.kill(pid(), 'SIGKILL');
      await stop();
    },
  };
};

export interface Servers {
  /** Keeps its log in a file; the other two are empty after a restart. */
  readonly eventstoredb: Switchable;
  readonly mongodb: Switchable;
  readonly redis: Switchable;
}

const createServers = async (directory: string): Promise<Servers> => {
  const [eventStorePort, mongoPort, redisPort] = [await freePort(), await freePort(), await freePort()];
  const launchEventStore = async (): Promise<Running> => {
    const file = join(directory, 'events.log');
    const { pid, stop } = await startEventStoreServer({ where: 'process', port: eventStorePort, file });
    return { pid: pid() ?? 0, stop };
  };
  return {
    eventstoredb: createSwitchable(`esdb://127.0.0.1:${eventStorePort}?tls=false`, launchEventStore),
    mongodb: createSwitchable(`mongodb://127.0.0.1:${mongoPort}/`, () => launchMongo({ port: mongoPort })),
    redis: createSwitchable(`redis://127.0.0.1:${redisPort}`, () => launchRedis(redisPort)),
  };
};

export interface Readiness {
  readonly status: number;
  /** By engine and by consumer: `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>;
}

/** One process of the service, in one life. */
export interface Node {
  readonly origin: string;
  /** Everything it has printed. */
  output(): string;
  /** As `sandbox-admin`. */
  ask(asked: Asked): Promise<Answer & { readonly headers: Headers }>;
  /** As `ask`, until it is answered with this status. */
  askUntil(status: number, asked: Asked): Promise<Answer & { readonly headers: Headers }>;
  /** Status 0: nobody listens. */
  readiness(): Promise<Readiness>;
  untilReady(): Promise<void>;
  /** @returns the status, 0 when nobody listens. */
  liveness(): Promise<number>;
  /** @returns exit code, or the signal it died of. */
  end(signal: NodeJS.Signals): Promise<number | string | null>;
}

const startNode = async (dataDir: string, env: Readonly<Record<string, string>>, issuer: Issuer): Promise<Node> => {
  const { child, port, output } = await spawnService({ dataDir, env });
  const origin = `http://127.0.0.1:${port}`;
  const token = await issuer.tokenFor('sandbox-admin');
  const refuseToBeDead = (): void => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The process has ended.\n${output()}`);
  };
  const readiness = async (): Promise<Readiness> => {
    const answer = await fetch(`${origin}/health/ready`).catch(() => null);
    if (answer === null) return { status: 0, checks: {} };
    return { status: answer.status, checks: ((await answer.json()) as Readiness).checks };
  };
  const ask: Node['ask'] = (asked) => send(origin, token, asked);
  return {
    origin,
    output,
    ask,
    readiness,
    askUntil: (status, asked) =>
      vi.waitFor(async () => {
        refuseToBeDead();
        const answer = await ask(asked);
        expect(answer).toMatchObject({ status });
        return answer;
      }, patiently),
    untilReady: () =>
      vi.waitFor(async () => {
        refuseToBeDead();
        expect(await readiness()).toMatchObject({ status: 200 });
      }, patiently),
    liveness: () =>
      fetch(`${origin}/health/live`).then(
        ({ status }) => status,
        () => 0,
      ),
    end: async (signal) => {
      child.kill(signal);
      return endOf(child);
    },
  };
};

export interface Cluster {
  readonly servers: Servers;
  /** What every process of it is given. */
  readonly env: Readonly<Record<string, string>>;
  /** A fresh access token of a sandbox client. */
  tokenFor(client: string): Promise<string>;
  /** Started, not ready yet. All roles when none are named. */
  start(env?: Readonly<Record<string, string>>): Promise<Node>;
  /** Ends all processes of the service at once, so that the next test has its own. */
  endNodes(): Promise<void>;
  close(): Promise<void>;
}

/** No server runs yet. */
export const createCluster = async (): Promise<Cluster> => {
  const directory = await makeDirectory();
  const servers = await createServers(directory);
  const issuer = await startIssuer(directory, ['BER', 'PAR']);
  const nodes = new Set<Node>();
  const env = {
    EVENTSTORE_URL: servers.eventstoredb.url,
    MONGODB_URL: servers.mongodb.url,
    REDIS_URL: servers.redis.url,
    // More than any test asks for, and so few that processes share what they count (src/http/slidingWindow.ts).
    RATE_LIMIT_PER_MINUTE: '40000',
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    OIDC_ISSUER: issuer.issuer,
  };
  const endNodes = async (): Promise<void> => {
    await Promise.all([...nodes].map((node) => node.end('SIGKILL')));
    nodes.clear();
  };
  return {
    servers,
    env,
    endNodes,
    tokenFor: issuer.tokenFor,
    start: async (more = {}) => {
      const node = await startNode(directory, { ...env, ...more }, issuer);
      nodes.add(node);
      return node;
    },
    close: async () => {
      await endNodes();
      for (const server of Object.values(servers) as readonly Switchable[]) await server.stop();
      await issuer.close();
      await removeDirectory(directory);
    },
  };
};

/** All three servers, running. */
export const startServers = async ({ servers }: Pick<Cluster, 'servers'>): Promise<void> => {
  await Promise.all([servers.eventstoredb.start(), servers.mongodb.start(), servers.redis.start()]);
};

export const orderOf = (sku: string) => ({
  customer: { customerId: 'c1', name: 'Ada Example', email: 'ada@example.invalid' },
  shipTo: { name: 'Ada Example', lines: ['1 Example Street'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' },
  lines: [{ sku, quantity: 1, priceMinor: 100, currency: 'EUR' }],
});

/** What a client wants to see of its own change: a new shelf registered at one node, and read at another one. */
export const writeAndRead = async (writer: Node, reader: Node, sku: string): Promise<void> => {
  await writer.askUntil(200, { method: 'PUT', path: '/v1/warehouses/BER', body: warehouse });
  const key = `register-${sku}`;
  const registered = { method: 'POST', path: '/v1/warehouses/BER/inventory', body: { sku, onHand: 7 }, key };
  const { headers } = await writer.askUntil(201, registered);
  const position = headers.get('stockledger-position') ?? '';
  const headersOfRead = { 'stockledger-min-position': position, prefer: 'wait=10' };
  const read = { method: 'GET', path: `/v1/warehouses/BER/inventory/${sku}`, headers: headersOfRead };
  expect((await reader.askUntil(200, read)).body).toMatchObject({ sku, onHand: 7, revision: 0 });
};
