/** One run: engines, a fleet, clients, faults; then quiet, and the verdict. Everything it starts it ends. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { startPartner } from '../../demo/partner.ts';
import { allProjections } from '../../src/app/readModels.ts';
import { decodeStored } from '../../src/domain/events.ts';
import { webhookEventTypes } from '../../src/domain/webhook/events.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { createEventStoreEvents } from '../../src/infra/eventstoredb/events.ts';
import { createMongoCheckpoints } from '../../src/infra/mongodb/checkpoints.ts';
import { openMongo } from '../../src/infra/mongodb/connect.ts';
import { createMongoDocuments } from '../../src/infra/mongodb/documents.ts';
import { webhookEndpoints } from '../../src/webhooks/endpoints.ts';
import { type Delivery, deliveries } from '../../src/webhooks/ledger.ts';
import type { Endpoint } from '../../src/webhooks/ports.ts';
import { createRandom } from '../crash/seeded.ts';
import { startEventStoreServer } from '../support/engines/eventstoredb.ts';
import { launchMongo } from '../support/engines/mongodb.ts';
import { launchRedis } from '../support/engines/redis.ts';
import { startIssuer } from '../support/issuer.ts';
import { type Client, createClient } from './client.ts';
import { type Command, onHandAtFirst, planCommands, skus, warehouseIds } from './commands.ts';
import { type Fault, planFaults } from './faults.ts';
import { type Member, startMember } from './fleet.ts';
import type { ChaosFigures, ChaosOptions } from './options.ts';
import {
  doubledFacts,
  dueDeliveries,
  type Evidence,
  lostKeys,
  readLog,
  staleDocuments,
  stuckConsumers,
} from './verdict.ts';

const apis = 3;
const projectors = 2;
const workers = 2;
const projectionParts = 2;
const inFlightMax = 24;
const readyMaxMs = 90_000;
/** A queue that was lost at the very end is refilled within two runs of the reconciler. */
const settleMaxMs = 180_000;
const lookEveryMs = 500;
const shownMax = 5;

/** Ends what was begun, the newest first, whatever fails on the way. */
const createEndings = () => {
  const endings: (() => Promise<unknown>)[] = [];
  return {
    add: (ending: () => Promise<unknown>): void => void endings.unshift(ending),
    run: async (): Promise<void> => {
      for (const ending of endings) await ending().catch(() => undefined);
    },
  };
};
type Endings = ReturnType<typeof createEndings>;

const openServers = async (endings: Endings, directory: string) => {
  const eventStore = await startEventStoreServer({ where: 'process' });
  endings.add(eventStore.stop);
  const mongo = await launchMongo();
  endings.add(mongo.stop);
  const redis = await launchRedis();
  endings.add(redis.stop);
  const issuer = await startIssuer(directory, warehouseIds);
  endings.add(issuer.close);
  const partner = await startPartner();
  endings.add(partner.close);
  const redisClient = new Redis(redis.url);
  redisClient.on('error', () => undefined);
  endings.add(async () => redisClient.disconnect());
  return {
    eventStore,
    mongo,
    redis,
    issuer,
    partner,
    flushRedis: async (): Promise<void> => {
      await redisClient.flushall();
    },
  };
};
type OpenServers = Awaited<ReturnType<typeof openServers>>;

const startFleet = async (endings: Endings, servers: OpenServers): Promise<readonly Member[]> => {
  const env = {
    EVENTSTORE_URL: servers.eventStore.url,
    MONGODB_URL: servers.mongo.url,
    REDIS_URL: servers.redis.url,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    OIDC_ISSUER: servers.issuer.issuer,
    PROJECTION_PARTS: String(projectionParts),
    WEBHOOK_ALLOWED_TARGETS: new URL(servers.partner.url).host,
  };
  const roles = [
    ...Array.from({ length: apis }, (_, index) => [`api ${index + 1}`, 'api'] as const),
    ...Array.from({ length: projectors }, (_, index) => [`projector ${index + 1}`, 'projector'] as const),
    ...Array.from({ length: workers }, (_, index) => [`worker ${index + 1}`, 'worker'] as const),
  ];
  const members: Member[] = [];
  for (const [name, role] of roles) {
    const member = await startMember(name, { ...env, ROLES: role });
    endings.add(member.stop);
    members.push(member);
  }
  return members;
};

const untilReady = async (members: readonly Member[]): Promise<void> => {
  const until = Date.now() + readyMaxMs;
  for (const { name, origin, output } of members) {
    for (;;) {
      const answer = await fetch(`${origin}/health/ready`).catch(() => null);
      if (answer?.status === 200) break;
      if (Date.now() > until) throw new Error(`${name} is not ready: ${(await answer?.text()) ?? ''}\n${output()}`);
      await pause(lookEveryMs);
    }
  }
};

const must = async (client: Client, ...request: Parameters<Client['send']>): Promise<unknown> => {
  const { status, body } = await client.send(...request);
  if (status >= 300) throw new Error(`${request[1]}: ${status} ${JSON.stringify(body)}`);
  return body;
};

const arrange = async (client: Client, { partner }: OpenServers): Promise<readonly string[]> => {
  const place = { countryCode: 'DE', postalCode: '10115', latitude: 52.5, longitude: 13.4, timeZone: 'Europe/Berlin' };
  for (const [index, warehouseId] of warehouseIds.entries()) {
    const body = { name: warehouseId, ...place, priority: index + 1, operator: 'own' };
    await must(client, 'PUT', `/v1/warehouses/${warehouseId}`, { body });
  }
  const body = { url: partner.url, eventTypes: webhookEventTypes };
  const endpoint = await must(client, 'POST', '/v1/webhook-endpoints', { body, key: 'chaos-endpoint' });
  partner.trust((endpoint as { readonly secret: string }).secret);
  const keys = warehouseIds.flatMap((warehouseId) =>
    skus.map((sku) => ({ warehouseId, sku, key: `${warehouseId}.${sku}` })),
  );
  await Promise.all(
    keys.map(({ warehouseId, sku, key }) =>
      must(client, 'POST', `/v1/warehouses/${warehouseId}/inventory`, { body: { sku, onHand: onHandAtFirst }, key }),
    ),
  );
  return keys.map(({ key }) => key);
};

/** Sends all commands, many at once, while the faults come at their times. @returns keys that were answered as done. */
const play = async (
  client: Client,
  commands: readonly Command[],
  faults: readonly Fault[],
  say: ChaosOptions['say'],
): Promise<readonly string[]> => {
  const acknowledged: string[] = [];
  /** By the key that placed them. */
  const orders = new Map<string, string>();
  const refused = new Map<string, number>();
  const underway: Promise<void>[] = [];
  let answered = 0;
  let nextFault = 0;
  const strike = (): void => {
    for (let fault = faults[nextFault]; fault !== undefined && fault.after <= answered; fault = faults[nextFault]) {
      nextFault += 1;
      say(`${answered} answered: ${fault.name}`);
      underway.push(fault.act());
    }
  };
  const queue = commands.values();
  const sender = async (): Promise<void> => {
    for (const { key, method, path, body, after } of queue) {
      const orderId = after === undefined ? '' : orders.get(after);
      if (orderId === undefined) continue;
      const answer = await client.send(method, path.replace('{orderId}', orderId), { body, key });
      if (answer.status < 300) {
        acknowledged.push(key);
        orders.set(key, (answer.body as { readonly orderId?: string }).orderId ?? '');
      } else {
        const code = String((answer.body as { readonly code?: string } | null)?.code ?? answer.status);
        refused.set(code, (refused.get(code) ?? 0) + 1);
      }
      answered += 1;
      strike();
    }
  };
  await Promise.all(Array.from({ length: inFlightMax }, sender));
  await Promise.all(underway);
  say(`all answered; refused: ${JSON.stringify(Object.fromEntries(refused))}`);
  return acknowledged;
};

const openEvidence = (endings: Endings, servers: OpenServers): Evidence => {
  const events = createEventStoreEvents({
    decode: decodeStored,
    url: servers.eventStore.url,
    logger: pino({ level: 'silent' }),
  });
  endings.add(events.close);
  const mongo = openMongo({ url: servers.mongo.url });
  endings.add(mongo.close);
  const { generations: _, ...checkpoints } = createMongoCheckpoints(mongo);
  return { events, documents: createMongoDocuments(mongo), checkpoints, projectionParts };
};

const endpointsIn = async ({ documents }: Evidence): Promise<readonly Endpoint[]> => {
  const found = await documents.find<Endpoint>(webhookEndpoints.name, { where: {}, limit: 10 });
  return found.map(({ document }) => document);
};

/** Until the log, its followers and the deliveries are still. */
const settle = async (evidence: Evidence, say: ChaosOptions['say']): Promise<readonly RecordedEvent[]> => {
  await evidence.documents.ensure(deliveries);
  for (const { name, indexes, lists } of allProjections) await evidence.documents.ensure({ name, indexes, lists });
  const until = Date.now() + settleMaxMs;
  let before = -1;
  for (;;) {
    const log = await readLog(evidence.events);
    const stuck = await stuckConsumers(log, evidence);
    const pending = await evidence.documents.find<Delivery>(deliveries.name, {
      where: { status: { equals: 'pending' } },
      limit: 500,
    });
    say(`${log.length} events, ${stuck.length} consumers behind, ${pending.length} deliveries pending`);
    if ((stuck.length === 0 && pending.length === 0 && log.length === before) || Date.now() > until) return log;
    before = log.length;
    await pause(2 * lookEveryMs);
  }
};

const tell = (say: ChaosOptions['say'], what: string, found: readonly string[]): number => {
  for (const each of found.slice(0, shownMax)) say(`${what}: ${each}`);
  if (found.length > shownMax) say(`${what}: ${found.length - shownMax} more`);
  return found.length;
};

/** @throws when it was ended in between. */
export const runChaos = async ({ seed, commands, say, signal }: ChaosOptions): Promise<ChaosFigures> => {
  const endings = createEndings();
  signal?.addEventListener('abort', () => void endings.run());
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-chaos-'));
  endings.add(() => rm(directory, { recursive: true, force: true }));
  try {
    const servers = await openServers(endings, directory);
    const members = await startFleet(endings, servers);
    await untilReady(members);
    say(`${members.length} processes are ready`);
    const client = createClient(
      members.filter(({ name }) => name.startsWith('api')).map(({ origin }) => origin),
      servers.issuer,
      createRandom(seed),
    );
    endings.add(client.close);
    const registered = await arrange(client, servers);
    const faults = planFaults(seed, commands, {
      members,
      servers: { eventStore: servers.eventStore, mongoPid: servers.mongo.pid, flushRedis: servers.flushRedis },
    });
    const played = await play(client, planCommands(seed, commands), faults, say);
    const acknowledged = [...registered, ...played];
    const evidence = openEvidence(endings, servers);
    const log = await settle(evidence, say);
    const due = (await endpointsIn(evidence)).flatMap((endpoint) => dueDeliveries(log, endpoint));
    const verified = servers.partner.verifiedIds();
    return {
      seed,
      acknowledged: acknowledged.length,
      lost: tell(say, 'lost', lostKeys(log, acknowledged)),
      doubled: tell(say, 'doubled', await doubledFacts(log)),
      staleDocuments: tell(say, 'stale', await staleDocuments(log, evidence)),
      webhooksDue: due.length,
      webhooksMissing: tell(
        say,
        'missing',
        due.filter((id) => !verified.has(id)),
      ),
      stuckProjections: tell(say, 'stuck', await stuckConsumers(log, evidence)),
      kills: members.reduce((sum, member) => sum + member.kills(), 0),
    };
  } finally {
    await endings.run();
  }
};
