import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createWebhookSender } from '../../src/infra/webhooks/sender.ts';
import { deliveryLeaseMs } from '../../src/webhooks/deliver.ts';
import { roomNames, rooms } from '../../src/webhooks/rooms.ts';
import { sealed } from '../support/samples.ts';
import { createWorld, endpointWith, orderDelivered, secret } from '../webhooks/webhooksWorld.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers each request with the next status, then with 204. */
const startReceiver = async (...statuses: number[]) => {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      response.writeHead(statuses.shift() ?? 204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, received };
};

describe('webhooks from the log to the receiver', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const deliverAll = async (statuses: number[], count: number) => {
    const { port, received } = await startReceiver(...statuses);
    const world = await createWorld();
    const sender = createWebhookSender({ allowedTargets: [`127.0.0.1:${port}`] });
    world.receiver.answer = (request) => sender.send(request);
    world.directory.put(endpointWith({ url: sealed(`webhook-e1/url=http://127.0.0.1:${port}/hooks`) }));
    await world.plan(...Array.from({ length: count }, (_, index) => orderDelivered(index + 1)));
    const stop = new AbortController();
    const deliver = world.createWorker();
    const working = Promise.all(
      roomNames.map((name) => {
        const options = { concurrency: 16, leaseMs: deliveryLeaseMs, signal: stop.signal };
        return world.jobs.work(rooms[name].queue, options, deliver(name));
      }),
    );
    const end = async (): Promise<void> => {
      stop.abort();
      await working;
      await sender.close();
    };
    return { world, received, end };
  };

  it('bring every message, signed, and try again what failed', async () => {
    const { world, received, end } = await deliverAll([500, 503, 429], 20);
    const delivered = async () => {
      // What waits its turn waits by this clock.
      world.passTime(500);
      return (await world.queries.figures('e1')).byStatus.delivered;
    };
    await expect.poll(delivered).toBe(20);
    await end();

    expect(received).toHaveLength(23);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(20);
    for (const { headers, body } of received) {
      vi.setSystemTime(Number(headers['webhook-timestamp']) * 1_000);
      expect(() => new Webhook(secret).verify(body, headers as Record<string, string>)).not.toThrow();
    }
    const sequences = new Set(received.map(({ body }) => (JSON.parse(body) as { sequence: number }).sequence));
    expect([...sequences].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    // Every request that the receiver counted is an attempt on record, and the other way round (W6).
    const attempts = (await world.rows()).flatMap((row) => row.attempts);
    expect(attempts).toHaveLength(received.length);
  });

  it('stop at once at a receiver that is gone', async () => {
    const { world, received, end } = await deliverAll([410], 1);
    await expect.poll(() => world.gone).toEqual(['e1']);
    await end();
    expect(received).toHaveLength(1);
    expect(await world.rows()).toMatchObject([{ status: 'dead', reason: 'gone' }]);
  });
});
