import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createWebhookSender,
  type GuardedSender,
  type SenderOptions,
  type TimeLimits,
} from '../../src/infra/webhooks/sender.ts';
import { signedHeaders } from '../../src/webhooks/attempts.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const shortLimits = { connectMs: 150, answerMs: 150, bodyMs: 50 };

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('the webhook sender', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const listening = async (server: Server): Promise<number> => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  const receiver = async (answer: RequestListener) => {
    const received: Received[] = [];
    let connections = 0;
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        received.push({ method, url, headers, body: Buffer.concat(chunks).toString('utf8') });
        answer(request, response);
      });
    });
    server.on('connection', () => {
      connections += 1;
    });
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const port = await listening(server);
    return { port, url: `http://127.0.0.1:${port}`, received, connections: () => connections };
  };

  const senderFor = (ports: readonly number[], options: Partial<SenderOptions> = {}): GuardedSender => {
    const sender = createWebhookSender({ allowedTargets: ports.map((port) => `127.0.0.1:${port}`), ...options });
    cleanups.push(() => sender.close());
    return sender;
  };

  it('posts the body as it is, to the path and query of the URL, and gives the answer back', async () => {
    const { port, url, received } = await receiver((_, response) => response.writeHead(202).end('thanks'));
    const sent = await senderFor([port]).send({ url: `${url}/in?token=1`, headers: { 'x-a': 'b' }, body: '{"ü":1}' });
    expect(sent).toEqual({ kind: 'answered', status: 202, bodyStart: 'thanks' });
    expect(received).toMatchObject([{ method: 'POST', url: '/in?token=1', headers: { 'x-a': 'b' }, body: '{"ü":1}' }]);
  });

  it('carries a signature that the reference library believes, and not for another body', async () => {
    const { port, url, received } = await receiver((_, response) => response.writeHead(204).end());
    const body = JSON.stringify({ type: 'stock.changed', data: { sku: 'STÜHL-🪑' } });
    const headers = signedHeaders({ id: 'msg_1', body, secret }, new Date().toISOString());
    await senderFor([port]).send({ url, headers, body });
    const [got] = received;
    const seen = got?.headers as Record<string, string>;
    expect(new Webhook(secret).verify(got?.body ?? '', seen)).toEqual(JSON.parse(body));
    expect(() => new Webhook(secret).verify(`${got?.body} `, seen)).toThrow();
    expect(() => new Webhook(secret).verify(body, { ...seen, 'webhook-id': 'msg_2' })).toThrow();
  });

  it('follows no redirect: a 3xx is the answer', async () => {
    const inside = await receiver((_, response) => response.end('secret'));
    const outside = await receiver((_, response) => response.writeHead(302, { location: inside.url }).end());
    const sent = await senderFor([outside.port, inside.port]).send({ url: outside.url, headers: {}, body: '{}' });
    expect(sent).toMatchObject({ kind: 'answered', status: 302 });
    expect(inside.received).toEqual([]);
  });

  it('uses a connection again for the same target', async () => {
    const { port, url, connections, received } = await receiver((_, response) => response.writeHead(204).end());
    const sender = senderFor([port]);
    for (let index = 0; index < 20; index += 1) await sender.send({ url, headers: {}, body: '{}' });
    expect(received).toHaveLength(20);
    // A second one may be opened while the first is not yet seen to be free.
    expect(connections()).toBeLessThanOrEqual(2);
  });

  it('reads and keeps no more than the beginning of a very long answer', async () => {
    const longBytes = 64 * 1_024 * 1_024;
    const chunk = Buffer.alloc(64 * 1_024, 'x');
    let pouredBytes = 0;
    const { port, url } = await receiver((_, response) => {
      const pour = (): void => {
        while (!response.destroyed && pouredBytes < longBytes) {
          pouredBytes += chunk.length;
          if (!response.write(chunk)) return;
        }
        response.end();
      };
      response.on('drain', pour).on('error', () => undefined);
      response.writeHead(500);
      pour();
    });
    const sent = await senderFor([port]).send({ url, headers: {}, body: '{}' });
    expect(sent).toEqual({ kind: 'answered', status: 500, bodyStart: 'x'.repeat(4_096) });
    // What the sockets of both sides hold is on its way before anybody can stop it.
    expect(pouredBytes).toBeLessThan(longBytes / 4);
  });

  it('takes the status as the answer when the body stalls or breaks off', async () => {
    const stalling = await receiver((_, response) => response.writeHead(200).write('begin'));
    const breaking = await receiver((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('begin', () => response.destroy());
    });
    const sender = senderFor([stalling.port, breaking.port], { limits: shortLimits });
    for (const { url } of [stalling, breaking]) {
      const sent = await sender.send({ url, headers: {}, body: '{}' });
      expect(sent).toMatchObject({ kind: 'answered', status: 200 });
    }
  });

  it('ends a tarpit that answers byte by byte, in the headers and in the body (14)', async () => {
    const dripping = (start: string) => {
      const server = createTcpServer((socket) => {
        socket.on('error', () => undefined).write(start);
        const drip = setInterval(() => socket.write('x'), 10);
        socket.on('close', () => clearInterval(drip));
      });
      cleanups.push(() => server.close());
      return server;
    };
    const inHeaders = await listening(dripping('HTTP/1.1 200 OK\r\nx-slow: '));
    const inBody = await listening(dripping('HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n'));
    const sendTo = (port: number, limits: TimeLimits) =>
      senderFor([port], { limits }).send({ url: `http://127.0.0.1:${port}/`, headers: {}, body: '{}' });
    expect(await sendTo(inHeaders, shortLimits)).toEqual({ kind: 'failed', error: 'timeout' });
    // Long before the limit of the whole answer.
    const sent = await sendTo(inBody, { ...shortLimits, answerMs: 600_000 });
    expect(sent).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('lets nobody wait for the hanging requests of others at one host (14)', async () => {
    const { port, url } = await receiver((request, response) => {
      if (request.url === '/quick') response.writeHead(204).end();
    });
    const sender = senderFor([port]);
    const hanging = Array.from({ length: 40 }, () => sender.send({ url: `${url}/hang`, headers: {}, body: '{}' }));
    expect(await sender.send({ url: `${url}/quick`, headers: {}, body: '{}' })).toMatchObject({ status: 204 });
    await sender.close();
    expect(await Promise.all(hanging)).toEqual(Array(40).fill({ kind: 'failed', error: 'interrupted' }));
  });

  it('gives up what is under way when it is closed, and sends nothing after that (21)', async () => {
    const { port, url, received } = await receiver(() => undefined);
    const sender = senderFor([port]);
    const hanging = sender.send({ url, headers: {}, body: '{}' });
    await expect.poll(() => received.length).toBe(1);
    await sender.close();
    expect(await hanging).toEqual({ kind: 'failed', error: 'interrupted' });
    expect(await sender.send({ url, headers: {}, body: '{}' })).toEqual({ kind: 'failed', error: 'interrupted' });
    expect(received).toHaveLength(1);
  });

  it('hands on Retry-After as it came', async () => {
    const { port, url } = await receiver((_, response) => response.writeHead(429, { 'retry-after': '120' }).end());
    const sent = await senderFor([port]).send({ url, headers: {}, body: '{}' });
    expect(sent).toMatchObject({ status: 429, retryAfter: '120' });
  });

  it('tells a silent receiver, a closed port and bad TLS apart', async () => {
    const silent = await receiver(() => undefined);
    const plain = createTcpServer((socket) => socket.on('error', () => undefined).end('this is not TLS'));
    cleanups.push(() => plain.close());
    const plainPort = await listening(plain);
    const closed = createTcpServer();
    const closedPort = await listening(closed);
    closed.close();
    await once(closed, 'close');

    const sender = senderFor([silent.port, plainPort, closedPort], { limits: shortLimits });
    const errorAt = async (url: string) => sender.send({ url, headers: {}, body: '{}' });
    expect(await errorAt(silent.url)).toEqual({ kind: 'failed', error: 'timeout' });
    expect(await errorAt(`http://127.0.0.1:${closedPort}/`)).toEqual({ kind: 'failed', error: 'connection' });
    expect(await errorAt(`https://127.0.0.1:${plainPort}/`)).toEqual({ kind: 'failed', error: 'tls' });
  });

  it('gives up on a resolver that never answers, and on a name that is not there', async () => {
    const forever = senderFor([], { limits: shortLimits, lookup: () => new Promise(() => undefined) });
    const nowhere = senderFor([], { lookup: () => Promise.reject(new Error('ENOTFOUND')) });
    const request = { url: 'https://hooks.example.com/', headers: {}, body: '{}' };
    expect(await forever.send(request)).toEqual({ kind: 'failed', error: 'timeout' });
    expect(await nowhere.send(request)).toEqual({ kind: 'failed', error: 'connection' });
  });

  describe('and name resolution (W11)', () => {
    /** Answers to one resolution after the other, as a hostile name server gives them. */
    const answering = (...answers: readonly (readonly string[])[]) => {
      const left = [...answers];
      const asked: string[] = [];
      const lookup = async (host: string) => {
        asked.push(host);
        return left.shift() ?? ['127.0.0.1'];
      };
      return { lookup, asked };
    };
    const request = { url: 'https://hooks.example.com/', headers: {}, body: '{}' };
    const blocked = { kind: 'failed', error: 'blocked' };

    it.each([
      ['a private address', ['10.0.0.1']],
      ['the loopback', ['::1']],
      ['the metadata service', ['169.254.169.254']],
      ['a v4-mapped address', ['::ffff:127.0.0.1']],
      ['a public and a private address', ['93.184.215.14', '10.0.0.1']],
      ['a private and a public address', ['192.168.1.1', '93.184.215.14']],
      ['a public v4 and a local v6 address', ['93.184.215.14', 'fe80::1']],
      ['something that is no address', ['not-an-address']],
    ])('blocks a name that resolves to %s', async (_, addresses) => {
      const { lookup } = answering(addresses);
      expect(await senderFor([], { lookup }).send(request)).toEqual(blocked);
    });

    it('resolves once for an attempt, and connects to what it checked, however the name turns', async () => {
      const { port, received } = await receiver((_, response) => response.writeHead(204).end());
      const elsewhere = await receiver((_, response) => response.writeHead(204).end());
      // The second answer would be the rebound one; nobody may ask for it within one attempt.
      const { lookup, asked } = answering(['127.0.0.1'], ['127.0.0.2']);
      const sender = senderFor([], { lookup, allowedTargets: [`hooks.example.com:${port}`] });
      const sent = await sender.send({ ...request, url: `http://hooks.example.com:${port}/` });
      expect(sent).toMatchObject({ kind: 'answered', status: 204 });
      expect(asked).toEqual(['hooks.example.com']);
      expect(received[0]?.headers.host).toBe(`hooks.example.com:${port}`);
      expect(elsewhere.received).toEqual([]);
    });

    it('checks again on the next attempt, even with a connection still open', async () => {
      const { port, received } = await receiver((_, response) => response.writeHead(204).end());
      const { lookup, asked } = answering(['127.0.0.1'], ['127.0.0.1'], ['no address any more']);
      const sender = senderFor([], { lookup, allowedTargets: [`hooks.example.com:${port}`] });
      const again = { ...request, url: `http://hooks.example.com:${port}/` };
      expect(await sender.send(again)).toMatchObject({ status: 204 });
      expect(await sender.send(again)).toMatchObject({ status: 204 });
      expect(await sender.send(again)).toEqual(blocked);
      expect(asked).toHaveLength(3);
      expect(received).toHaveLength(2);
    });

    it('gives no connection to another address than the one just checked', async () => {
      const { port, received } = await receiver((_, response) => response.writeHead(204).end());
      // Nothing listens on the second address: an answer could only come over the first one's connection.
      const { lookup } = answering(['127.0.0.1'], ['127.0.0.9']);
      const allowedTargets = [`hooks.example.com:${port}`];
      const sender = senderFor([], { lookup, allowedTargets, limits: shortLimits });
      const again = { ...request, url: `http://hooks.example.com:${port}/` };
      expect(await sender.send(again)).toMatchObject({ status: 204 });
      expect(await sender.send(again)).toMatchObject({ kind: 'failed' });
      expect(received).toHaveLength(1);
    });

    it('asks the pinned address for the certificate of the name', async () => {
      const hellos: Buffer[] = [];
      const server = createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', (hello) => {
          hellos.push(hello);
          socket.destroy();
        });
      });
      cleanups.push(() => server.close());
      const port = await listening(server);
      const { lookup } = answering(['127.0.0.1']);
      const sender = senderFor([], { lookup, allowedTargets: [`hooks.example.com:${port}`] });
      await sender.send({ ...request, url: `https://hooks.example.com:${port}/` });
      // Server name indication travels in the clear in the first message of TLS.
      expect(hellos[0]?.includes('hooks.example.com')).toBe(true);
    });
  });

  it('asks no proxy', async () => {
    const proxy = await receiver((_, response) => response.end('by proxy'));
    const { port, url } = await receiver((_, response) => response.end('direct'));
    const proxied = { HTTP_PROXY: proxy.url, http_proxy: proxy.url, NODE_USE_ENV_PROXY: '1', NO_PROXY: '' };
    for (const [name, value] of Object.entries(proxied)) vi.stubEnv(name, value);
    cleanups.push(() => void vi.unstubAllEnvs());
    expect(await senderFor([port]).send({ url, headers: {}, body: '{}' })).toMatchObject({ bodyStart: 'direct' });
    expect(proxy.received).toEqual([]);
  });
});
