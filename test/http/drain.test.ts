/** The end of a process that others still talk to: grace, idle and half-sent connections, streams (21). */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { startService, type TestService } from '../support/service.ts';

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

describe('a service that stops', () => {
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
