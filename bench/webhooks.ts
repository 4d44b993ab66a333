/**
 * `npm run bench:webhooks`: how long a message to one partner takes while another's receivers hang, and beside a long
 * backlog at a tarpit. Embedded form, over HTTP; the hostile endpoints are from before there were quotas.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startService } from '../demo/service.ts';
import { endpointContext } from '../src/commands/webhookEndpoints.ts';
import { webhookStream } from '../src/domain/values.ts';
import { webhookVersions } from '../src/domain/webhook/events.ts';
import { openEmbeddedEngines } from '../src/infra/embedded.ts';
import { createSystemClock } from '../src/infra/system.ts';
import { type Api, ask, prepare, settle, signIn } from './api.ts';
import { percentile } from './lag.ts';
import { skuOf, skusSpread, warehouseId } from './requests.ts';

const hangingEndpoints = 300;
const backlogMessages = 5_000;
const probes = 40;
const probeEveryMs = 500;
const bulkRows = 500;
const dripEveryMs = 1_000;
/** A message that has not come by then is counted as this late. */
const giveUpMs = 60_000;
const good = { hangingMs: 1_000, tarpitMs: 500 };

const startReceiver = async () => {
  let arrived: (() => void) | null = null;
  const receive: RequestListener = (request, response) => {
    request.resume();
    if (request.url === '/quick') {
      response.writeHead(204).end();
      arrived?.();
    }
    if (request.url !== '/drip') return;
    request.socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
    const drip = setInterval(() => request.socket.write('x'), dripEveryMs);
    request.socket.once('close', () => clearInterval(drip));
  };
  const server = createServer(receive).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    /** Resolves at the next message to `/quick`. */
    next: () =>
      new Promise<void>((resolve) => {
        arrived = resolve;
      }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** Endpoints of one owner, as many as it wants, recorded before the service starts. */
const plant = async (dataDir: string, url: string, count: number): Promise<void> => {
  const clock = createSystemClock();
  const engines = await openEmbeddedEngines({ dataDir, keyEncryptionKey: undefined, clock });
  for (let made = 0; made < count; made += 1) {
    const endpointId = randomUUID();
    const stream = webhookStream(endpointId);
    const seal = (field: 'url' | 'secret', text: string) =>
      engines.personalData.seal(stream, endpointContext(endpointId, field), text);
    const secret = `whsec_${Buffer.alloc(32, made).toString('base64')}`;
    const data = {
      endpointId,
      ownerId: 'hostile',
      url: await seal('url', url),
      secret: await seal('secret', secret),
      eventTypes: ['stock.changed'],
      scope: 'all',
    };
    const id = randomUUID();
    const now = clock.now();
    const actor = { subject: 'hostile', kind: 'client', client: 'hostile' } as const;
    const metadata = { $correlationId: id, $causationId: id, commandId: id, actor, authentication: {} };
    const type = 'WebhookEndpointCreated';
    const event = { id, type, schemaVersion: webhookVersions[type], data, occurredAt: now, recordedAt: now, metadata };
    await engines.events.append(stream, 'no_stream', [event]);
  }
  await engines.close();
};

const receiveGoods = (api: Api, rows: number): Promise<unknown> => {
  const changes = Array.from({ length: rows }, (_, index) => ({
    kind: 'receipt',
    warehouseId,
    sku: skuOf(index % skusSpread),
    quantity: 1,
  }));
  return ask(api, 'POST', '/v1/inventory/changes', { changes });
};

/** From the answer to what sets it off until it is there, in ms. */
const probe = async (api: Api, endpoint: string, next: () => Promise<void>): Promise<number> => {
  const arrival = next();
  await ask(api, 'POST', `${endpoint}/test`);
  const startedAt = performance.now();
  await Promise.race([arrival, pause(giveUpMs)]);
  return performance.now() - startedAt;
};

interface Round {
  readonly name: string;
  readonly path: string;
  readonly endpoints: number;
  /** What hostile endpoints are owed: once at the beginning, or beside each probe. */
  readonly load: (api: Api, probe: number) => Promise<unknown>;
  readonly goodMs: number;
}

const rounds: readonly Round[] = [
  { name: 'at rest', path: '/hang', endpoints: 0, load: async () => undefined, goodMs: Number.POSITIVE_INFINITY },
  {
    name: `${hangingEndpoints} hanging endpoints of another owner, each with a message beside each probe`,
    path: '/hang',
    endpoints: hangingEndpoints,
    load: (api) => receiveGoods(api, 1),
    goodMs: good.hangingMs,
  },
  {
    name: `a backlog of ${backlogMessages} at a tarpit of another owner`,
    path: '/drip',
    endpoints: 1,
    load: async (api, number) => {
      if (number > 0) return;
      for (let rows = 0; rows < backlogMessages; rows += bulkRows) await receiveGoods(api, bulkRows);
      await settle(api);
    },
    goodMs: good.tarpitMs,
  },
];

const run = async ({ name, path, endpoints, load, goodMs }: Round): Promise<boolean> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-webhooks-'));
  const receiver = await startReceiver();
  await plant(dataDir, `http://127.0.0.1:${receiver.port}${path}`, endpoints);
  const { env } = process;
  const service = await startService({ dataDir, partnerPort: receiver.port, warehouseIds: [warehouseId], env });
  try {
    const api = { origin: service.origin, token: await signIn(service.origin, 'sandbox-admin') };
    await prepare(api);
    const url = `http://127.0.0.1:${receiver.port}/quick`;
    const made = await ask(api, 'POST', '/v1/webhook-endpoints', { url, eventTypes: ['order.placed'] });
    const endpoint = made.headers.get('location') ?? '';
    // Its stocks were changes too: the hostile endpoints have a backlog of them, which is planned first.
    const whilePlanning = await probe(api, endpoint, receiver.next);
    await settle(api);
    const delays: number[] = [];
    for (let number = 0; number < probes; number += 1) {
      await load(api, number);
      delays.push(await probe(api, endpoint, receiver.next));
      await pause(probeEveryMs);
    }
    const [p50, max] = [percentile(delays, 0.5), Math.max(...delays)];
    const times = `p50 ${p50.toFixed(0)} ms, max ${max.toFixed(0)} ms`;
    process.stdout.write(`${name}: ${times}; while their backlog was planned: ${whilePlanning.toFixed(0)} ms\n`);
    return max < goodMs;
  } finally {
    await service.stop();
    receiver.close();
    await rm(dataDir, { recursive: true, force: true });
  }
};

for (const round of rounds) {
  if (!(await run(round))) process.exitCode = 1;
}
