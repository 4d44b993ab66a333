import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import { createEventStoreEvents } from '../../src/infra/eventstoredb/events.ts';

/** Answers nothing but notes what encodings each call offers. */
const startListener = async (): Promise<{ port: number; offered: Set<unknown> }> => {
  const offered = new Set<unknown>();
  const server = createServer();
  server.on('stream', (stream, headers) => {
    offered.add(headers['grpc-accept-encoding']);
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, offered };
};

it('offers the server no compression, which KurrentDB 25.1 and later would apply to every message', async () => {
  const { port, offered } = await startListener();
  const events = createEventStoreEvents({
    decode: decodeStored,
    url: `esdb://127.0.0.1:${port}?tls=false`,
    logger: pino({ level: 'silent' }),
  });
  onTestFinished(() => events.close());
  await events.check();
  await expect.poll(() => [...offered]).toEqual(['identity']);
});
