/** In place of the service: answers what it was sent, so that a test sees what the gateway has passed on. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly bodyBytes: number;
}

export interface Echo {
  readonly port: number;
  /** How many requests wait at `/v1/held` for `release`. */
  held(): number;
  release(): void;
  close(): Promise<void>;
}

export const startEcho = async (): Promise<Echo> => {
  const waiting: ServerResponse[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const { method = '', url = '', headers } = request;
      response.setHeader('content-type', 'application/json');
      if (url === '/v1/held') waiting.push(response);
      else response.end(JSON.stringify({ method, url, headers, bodyBytes: body.length } satisfies Echoed));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    held: () => waiting.length,
    release: () => {
      for (const response of waiting.splice(0)) response.end('{}');
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
