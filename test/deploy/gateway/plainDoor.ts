/** Plain HTTP in, the gateway's https out: what was written for the service itself can ask the gateway. Keeps count. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { serverName } from './certificates.ts';
import { optionsFor, type Target } from './requests.ts';

export interface PlainDoor {
  readonly origin: string;
  /** Requests so far, and how many of them differ in method, address or body. */
  counts(): { readonly sent: number; readonly different: number };
  /** By status. */
  answers(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export const openPlainDoor = async (target: Target): Promise<PlainDoor> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const different = new Set<string>();
  const byStatus = new Map<number, number>();
  let sent = 0;

  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/', headers } = incoming;
    const body = await buffer(incoming);
    sent += 1;
    different.add(createHash('sha256').update(`${method} ${url}\n`).update(body).digest('base64'));
    const { connection: _, 'transfer-encoding': _chunked, ...rest } = headers;
    const options = { ...optionsFor(target), agent, method, path: url, headers: { ...rest, host: serverName } };
    const asked = request(options, (message) => {
      const status = message.statusCode ?? 0;
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
      outgoing.writeHead(status, message.headers);
      // A live stream is quiet for long: its head must not wait for the first message.
      outgoing.flushHeaders();
      message.pipe(outgoing);
    });
    asked.on('error', () => outgoing.destroy());
    outgoing.on('close', () => asked.destroy());
    asked.end(body);
  };
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: () => ({ sent, different: different.size }),
    answers: () => Object.fromEntries(byStatus),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      agent.destroy();
    },
  };
};
