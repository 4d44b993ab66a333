/** Everything that goes wrong is a problem document, below the routes too (RFC 9457, R22.1). */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let port: number;
beforeAll(async () => {
  service = await startService();
  port = Number(new URL(await service.listen()).port);
});
afterAll(() => service.close());

interface Raw {
  readonly status: number;
  readonly headers: Map<string, string>;
  readonly body: { readonly code?: string; readonly status?: number; readonly detail?: string };
}

/** Sends these bytes, and reads until the service closes or an answer is complete. */
const send = async (text: string): Promise<Raw> => {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  socket.on('error', () => undefined).write(text);
  await expect.poll(() => /\r\n\r\n.*\}$/s.test(answer)).toBe(true);
  socket.destroy();
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Map(lines.map((each) => [each.split(': ')[0]?.toLowerCase() ?? '', each.split(': ')[1] ?? '']));
  return { status: Number(first.split(' ')[1]), headers, body: JSON.parse(body.replace(/^[0-9a-f]+\r\n|\r\n0$/g, '')) };
};

const host = 'Host: localhost\r\n';

describe('a request that no route can take', () => {
  it.each([
    [
      'a percent escape that is none',
      `GET /v1/orders/%zz HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'a path with a part beyond any id',
      `GET /v1/orders/${'a'.repeat(3_000)} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
      414,
      'URI_TOO_LONG',
    ],
    ['headers without end', `GET / HTTP/1.1\r\n${host}X-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
    ['what is not HTTP', 'HELLO\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    [
      'two hosts',
      `GET /health/live HTTP/1.1\r\n${host}Host: other\r\nConnection: close\r\n\r\n`,
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'a method that is not there',
      `PATCH /v1/stream HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
      405,
      'METHOD_NOT_ALLOWED',
    ],
    [
      'a method that no address takes, without a body',
      `QUERY /v1/warehouses HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
      405,
      'METHOD_NOT_ALLOWED',
    ],
    [
      'a body that is wrong where nobody wants one',
      `POST /v1/nothing HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 1\r\nConnection: close\r\n\r\n{`,
      404,
      'ROUTE_NOT_FOUND',
    ],
    [
      'a path that is not there',
      `GET /v1/nothing HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
      404,
      'ROUTE_NOT_FOUND',
    ],
    [
      'a way out of the documentation',
      `GET /docs/static/../../package.json HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
      404,
      'ROUTE_NOT_FOUND',
    ],
    [
      'the folder above the documentation',
      `GET /docs/static/../ HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
      404,
      'ROUTE_NOT_FOUND',
    ],
  ])('gets a problem document: %s', async (_what, text, status, code) => {
    const answer = await send(text);
    expect(answer).toMatchObject({ status, body: { status, code } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('is told which methods there are (RFC 9110 §15.5.6)', async () => {
    const { headers } = await service.as('sandbox-admin').request('POST', '/v1/warehouses/BER');
    expect(headers.allow?.split(', ').sort()).toEqual(['GET', 'HEAD', 'PUT']);
  });

  it('is told so too where the address could be that of a thing', async () => {
    const { status, headers } = await service.as('sandbox-admin').request('PATCH', '/v1/orders/search', { body: {} });
    expect([status, headers.allow]).toEqual([405, 'POST']);
  });
});

describe('what an answer tells of the request', () => {
  it('is not all of a name that is thousands of characters long', async () => {
    const body = `{"name":"Berlin","${'k'.repeat(2_000)}":1}`;
    const { status, text } = await service
      .as('sandbox-admin')
      .put('/v1/warehouses/BER', body, { 'content-type': 'application/json' });
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(1_500);
  });

  it('says which values are allowed', async () => {
    const url = '/v1/warehouses/BER/inventory/TABLE/adjustments';
    const { body } = await service.as('sandbox-staff').post(url, { delta: 1, reason: 'magic' });
    expect(body.errors).toEqual([
      { pointer: '/reason', message: expect.stringContaining('correction, damaged, lost') },
    ]);
  });
});

it('HEAD of the live stream answers at once', async () => {
  const { status, headers } = await service.as('sandbox-admin').request('HEAD', '/v1/stream');
  expect([status, headers['content-type']]).toEqual([200, 'text/event-stream']);
});
