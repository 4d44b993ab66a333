/** The end of a process that others still talk to: grace, idle and half-sent connections, streams (21). */
import { once } from 'node:events';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { EventEnvelope } from '../../src/eventsourcing/message.ts';
import { makeDirectory, removeDirectory } from '../support/process.ts';
import { startService, type TestService } from '../support/service.ts';
import { arrange, line, orderOf } from './arrange.ts';

let service: TestService | undefined;
afterEach(async () => {
  await service?.close();
});

const open = async (origin: string, sent: string): Promise<Socket> => {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  await once(socket, 'connect');
  if (sent !== '') socket.write(sent);
  return socket;
};

/** On a connection of its own. @returns the status of the answer, or the code of what went wrong. */
const askOnce = (origin: string): Promise<number | string> =>
  new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => resolve(error.code ?? error.message);
    const sent = get(`${origin}/health/live`, { agent: false }, (answer) => {
      text(answer).then(() => resolve(answer.statusCode ?? 0), fail);
    });
    sent.on('error', fail);
  });

const askUntilRefused = async (origin: string): Promise<readonly (number | string)[]> => {
  const outcomes: (number | string)[] = [];
  for (;;) {
    const outcome = await askOnce(origin);
    if (outcome === 'ECONNREFUSED') return outcomes;
    outcomes.push(outcome);
  }
};

describe('a service that stops', () => {
  it('answers on every connection that it has accepted (21)', async () => {
    service = await startService();
    const origin = await service.listen();
    const { app } = service;
    let accepted = 0;
    app.server.on('connection', () => {
      accepted += 1;
    });
    const clients = Array.from({ length: 16 }, () => askUntilRefused(origin));
    await expect.poll(() => accepted).toBeGreaterThan(100);
    await app.drain().then(app.close);
    const outcomes = (await Promise.all(clients)).flat();
    const answered = outcomes.filter((outcome) => outcome === 200);
    expect(answered.length).toBe(accepted);
    // What the kernel has connected in the instant in which the door closes was not accepted, and is reset.
    const others = outcomes.filter((outcome) => outcome !== 200);
    expect(others.filter((outcome) => outcome !== 'ECONNRESET')).toEqual([]);
    expect(others.length).toBeLessThanOrEqual(clients.length);
  });

  it('answers the first request of a connection that it had accepted, though it listens no more (21)', async () => {
    service = await startService();
    const origin = await service.listen();
    const accepted = once(service.app.server, 'connection');
    const socket = await open(origin, '');
    await accepted;
    const stopped = service.app.close();
    socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 (200|503) [\s\S]*connection: close/i);
    await stopped;
  });

  it('leaves a plan that takes too long to the next start (21)', async () => {
    const dataDir = await makeDirectory();
    onTestFinished(() => removeDirectory(dataDir));
    const begun = Promise.withResolvers<null>();
    const isOurs = ({ metadata }: EventEnvelope): boolean => metadata.actor.kind === 'system';
    const before = await startService({
      dataDir,
      adapt: ({ events }) => ({
        events: {
          ...events,
          append: (stream, expected, envelopes) => {
            if (!envelopes.some(isOurs)) return events.append(stream, expected, envelopes);
            begun.resolve(null);
            return new Promise(() => undefined);
          },
        },
      }),
    });
    await arrange(before, { BER: { CHAIR: 1 } });
    const { body } = await before.as('sandbox-shop').post('/v1/orders', orderOf([line('CHAIR', 1)]));
    await begun.promise;
    await before.close();
    service = await startService({ dataDir });
    const admin = service.as('sandbox-admin');
    await expect
      .poll(async () => (await admin.get(`/v1/orders/${body.orderId}`)).body.lines[0].allocated.length)
      .toBe(1);
  });

  it('is not ready at once, answers with Connection: close, and ends whatever clients do (21)', async () => {
    service = await startService();
    const origin = await service.listen();
    const idle = await open(origin, '');
    const half = await open(origin, 'POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-');
    const halfBody = await open(
      origin,
      `POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${await service.tokenFor('sandbox-shop')}\r\n` +
        'Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    );
    const stream = await fetch(`${origin}/v1/stream`, {
      headers: { authorization: `Bearer ${await service.tokenFor('sandbox-admin')}` },
    });
    const told = Promise.all([text(half), text(halfBody)]);
    const idleEnded = once(idle.resume(), 'close');
    const { app } = service;
    const stopped = app.drain().then(app.close).then(app.flushAnswers);
    const ready = await fetch(`${origin}/health/ready`);
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
    expect((await fetch(`${origin}/v1/warehouses`)).status).toBe(401);
    expect(await stream.text()).toContain('retry:');
    await Promise.all([stopped, idleEnded]);
    for (const answer of await told) {
      expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*application\/problem\+json[\s\S]*"code":"SERVICE_STOPPING"/);
    }
    expect(app.server.listening).toBe(false);
  });
});
