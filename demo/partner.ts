/**
 * The partner: a webhook endpoint that believes nothing it can't verify (Standard Webhooks 1.0: HMAC-SHA256 over
 * `id.timestamp.body`, any of the signatures in the header may match, timestamps within five minutes).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

const toleranceSeconds = 300;
/** A delivery is at most 256 kB; whoever sends more is not the service. */
const bodyBytesMax = 1_000_000;

export interface PartnerFigures {
  /** Requests, however often the same message came. */
  readonly requests: number;
  /** Distinct `webhook-id`s. */
  readonly delivered: number;
  /** Distinct `webhook-id`s whose signature is right. */
  readonly verified: number;
  readonly refused: number;
  readonly byType: ReadonlyMap<string, number>;
}

export interface Partner {
  readonly port: number;
  readonly url: string;
  /** The secret the service gave when the endpoint was made, `whsec_…`. Deliveries before it are answered 503. */
  trust(secret: string): void;
  figures(): PartnerFigures;
  /** `webhook-id`s whose signature was right at least once. */
  verifiedIds(): ReadonlySet<string>;
  close(): Promise<void>;
}

const header = (headers: IncomingHttpHeaders, name: string): string => {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
};

/** True when one of the `v1` signatures is ours and the message is fresh. `now` in milliseconds since 1970. */
export const verifyWebhook = (secret: string, headers: IncomingHttpHeaders, body: Buffer, now: number): boolean => {
  const id = header(headers, 'webhook-id');
  const timestamp = header(headers, 'webhook-timestamp');
  if (id === '' || !/^\d+$/.test(timestamp)) return false;
  if (Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return header(headers, 'webhook-signature')
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice(3), 'base64'))
    .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
};

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new Error('A delivery is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const typeOf = (body: Buffer): string => {
  const parsed: unknown = JSON.parse(body.toString('utf8'));
  const type = typeof parsed === 'object' && parsed !== null && 'type' in parsed ? parsed.type : null;
  return typeof type === 'string' ? type : 'unknown';
};

export const startPartner = async (): Promise<Partner> => {
  let secret: string | null = null;
  let requests = 0;
  let refused = 0;
  const delivered = new Set<string>();
  const verified = new Set<string>();
  const byType = new Map<string, number>();

  /** The status that the service gets to see. */
  const take = async (request: IncomingMessage): Promise<number> => {
    const body = await readBody(request);
    if (secret === null) return 503;
    const id = header(request.headers, 'webhook-id');
    requests += 1;
    delivered.add(id);
    if (!verifyWebhook(secret, request.headers, body, Date.now())) {
      refused += 1;
      return 401;
    }
    if (!verified.has(id)) {
      const type = typeOf(body);
      byType.set(type, (byType.get(type) ?? 0) + 1);
    }
    verified.add(id);
    return 204;
  };

  const server = createServer((request, response) => {
    take(request).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(400).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/webhooks`,
    trust: (text) => {
      secret = text;
    },
    figures: () => ({ requests, delivered: delivered.size, verified: verified.size, refused, byType: new Map(byType) }),
    verifiedIds: () => verified,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
