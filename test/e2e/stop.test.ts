/** The end of a real process under load, whatever its clients do (21). */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  makeDirectory,
  type RunningService,
  removeDirectory,
  send,
  startService,
  warehouse,
} from '../support/process.ts';

let dataDir: string;
let running: RunningService | null = null;
beforeEach(async () => {
  dataDir = await makeDirectory();
});
afterEach(async () => {
  await running?.end('SIGKILL');
  running = null;
  await removeDirectory(dataDir);
});

const stops = 4;
const clients = 16;
/** Of each stop, that are asked for again. */
const lastAnswers = 40;
const path = '/v1/warehouses/BER/inventory/CHAIR';

const tokenOf = async (origin: string): Promise<string> => {
  const answer = await fetch(`${origin}/oidc/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('sandbox-admin:sandbox')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
};

/** Takes a webhook, and never answers. */
const startSilentReceiver = async () => {
  let requests = 0;
  const server = createServer(() => {
    requests += 1;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { target: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
};

interface Whole {
  /** Its Idempotency-Key, where it had one. */
  readonly key: string | null;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Failure {
  readonly code: string;
  /** The connection had been accepted: it had given an answer, or had begun to. */
  readonly wasAccepted: boolean;
}

interface Ask {
  readonly origin: string;
  readonly token: string;
  readonly agent: Agent;
}

const askOnce = ({ origin, token, agent }: Ask, key: string | null): Promise<Whole | Failure> =>
  new Promise((resolve) => {
    const sent = request(`${origin}${path}${key === null ? '' : '/receipts'}`, {
      method: key === null ? 'GET' : 'POST',
      agent,
      headers: {
        authorization: `Bearer ${token}`,
        ...(key === null ? {} : { 'content-type': 'application/json', 'idempotency-key': key }),
      },
    });
    let isBegun = false;
    const fail = ({ code, message }: NodeJS.ErrnoException): void =>
      resolve({ code: code ?? message, wasAccepted: isBegun || sent.reusedSocket });
    sent.on('error', fail);
    sent.on('response', (answer) => {
      isBegun = true;
      answer.on('error', fail);
      text(answer).then(
        (body) => resolve({ key, status: answer.statusCode ?? 0, headers: answer.headers, body }),
        fail,
      );
    });
    sent.end(key === null ? undefined : JSON.stringify({ quantity: 1 }));
  });

/** Clients that ask without a pause until nobody listens. */
const loadUntilRefused = (origin: string, token: string) => {
  const agent = new Agent({ keepAlive: true });
  const answers: Whole[] = [];
  const cut: Failure[] = [];
  const client = async (number: number): Promise<void> => {
    let failed: Failure | null = null;
    for (;;) {
      const outcome = await askOnce({ origin, token, agent }, number % 2 === 0 ? randomUUID() : null);
      if ('code' in outcome && outcome.code === 'ECONNREFUSED') return;
      // What the kernel has connected in the instant in which the door closes was not accepted. It is reset, and after it
      // nothing listens: whatever follows says that the door was open.
      if (failed !== null) cut.push(failed);
      failed = 'code' in outcome ? outcome : null;
      if (failed?.wasAccepted) cut.push(failed);
      if (!('code' in outcome)) answers.push(outcome);
    }
  };
  const ended = Promise.all(Array.from({ length: clients }, (_, number) => client(number))).finally(() =>
    agent.destroy(),
  );
  return { answers, cut, ended };
};

const open = async (origin: string, sent: string): Promise<Socket> => {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  if (sent !== '') socket.write(sent);
  return socket;
};

/** Whoever is connected and is of no use: none of them may hold the process up. */
const openIdlers = async (origin: string, token: string) => {
  const authorization = `Authorization: Bearer ${token}\r\n`;
  const idle = await open(origin, 'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(idle, 'data');
  const silent = await open(origin, '');
  const half = await open(origin, 'POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-');
  const halfBody = await open(
    origin,
    `POST /v1/orders HTTP/1.1\r\nHost: a\r\n${authorization}Idempotency-Key: k\r\n` +
      'Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
  );
  // Answers of megabytes that it never reads.
  const deaf = (await open(origin, 'GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20))).pause();
  const stream = await fetch(`${origin}/v1/stream`, { headers: { authorization: `Bearer ${token}` } });
  const closed = [idle.resume(), silent.resume(), deaf].map((socket) => once(socket, 'close'));
  return { told: Promise.all([text(half), text(halfBody)]), streamed: stream.text(), closed, deaf };
};

describe('SIGTERM under load', () => {
  it('ends with 0 four times in a row, every request that was begun answered whole, and every socket closed (21)', async () => {
    const receiver = await startSilentReceiver();
    let given: readonly Whole[] = [];
    for (let stop = 0; stop < stops; stop += 1) {
      const service = await startService({ dataDir, env: { WEBHOOK_ALLOWED_TARGETS: receiver.target } });
      running = service;
      const { origin } = service;
      if (stop === 0) {
        await service.ask('PUT', '/v1/warehouses/BER', warehouse);
        await service.ask('POST', '/v1/warehouses/BER/inventory', { sku: 'CHAIR', onHand: 0 });
        const url = `http://${receiver.target}/`;
        await service.ask('POST', '/v1/webhook-endpoints', { url, eventTypes: ['stock.changed'] });
      }
      const token = await tokenOf(origin);
      // The answers that were given last were kept before the store was closed (22).
      for (const { key, body } of given) {
        const again = await send(origin, token, {
          method: 'POST',
          path: `${path}/receipts`,
          body: { quantity: 1 },
          key: key ?? '',
        });
        expect([again.headers.get('idempotency-replayed'), again.body]).toEqual(['true', JSON.parse(body)]);
      }
      const idlers = await openIdlers(origin, token);
      const load = loadUntilRefused(origin, token);
      const answeredBefore = 50;
      await expect.poll(() => load.answers.length).toBeGreaterThan(answeredBefore);
      await expect.poll(receiver.requests).toBeGreaterThan(stop);
      const code = await service.end('SIGTERM');
      running = null;
      await load.ended;
      expect(code, service.output()).toBe(0);
      for (const answer of await idlers.told) {
        expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*connection: close[\s\S]*"code":"SERVICE_STOPPING"/i);
      }
      await idlers.streamed;
      idlers.deaf.resume();
      await Promise.all(idlers.closed);
      const unavailable = load.answers.filter(({ status }) => status === 503);
      for (const { headers, body } of unavailable) {
        expect(headers['content-type']).toContain('application/problem+json');
        expect(headers.connection).toBe('close');
        expect(JSON.parse(body)).toMatchObject({ status: 503 });
      }
      expect(load.answers.filter(({ status }) => ![200, 201, 503].includes(status))).toEqual([]);
      expect(load.cut).toEqual([]);
      expect(service.output()).not.toMatch(/answers? not kept/);
      given = load.answers.filter(({ status }) => status === 201).slice(-lastAnswers);
    }
  }, 300_000);
});
