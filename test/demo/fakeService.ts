/** The fake ledger over HTTP, as far as the demo goes. Signs its webhooks with the standard's own library. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { type Change, createFakeLedger, type FakeLedger } from './fakeLedger.ts';

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
}
/** Every field of every request, as the contract names them. */
export interface Body {
  readonly url: string;
  readonly changes: readonly Change[];
  readonly warehouseId: string;
  readonly preferredWarehouseId: string;
  readonly customer: object;
  readonly lines: readonly { readonly lineId: string; readonly sku: string; readonly quantity: number }[];
}
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly idempotencyKey: string | undefined;
  readonly body: Body;
}
export interface FakeOptions {
  /** Seconds that tokens live. */
  readonly tokenSeconds?: number;
  readonly tokenStatus?: () => number;
  /** Answers instead of the ledger, to plant faults. */
  readonly interfere?: (call: Call, ledger: FakeLedger) => Reply | undefined;
}

const secret = `whsec_${Buffer.from('a secret of 24 or more bytes').toString('base64')}`;

const json = (status: number, body: unknown): Reply => ({ status, body });

const readCall = async (request: IncomingMessage): Promise<Call> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const isJson = request.headers['content-type'] === 'application/json';
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    authorization: request.headers.authorization ?? '',
    idempotencyKey: request.headers['idempotency-key'] as string | undefined,
    body: isJson ? JSON.parse(text) : {},
  };
};

const page = (items: readonly object[], query: URLSearchParams): Reply => {
  const from = Number(query.get('cursor') ?? 0);
  // Small pages, so that the cursor is used.
  const to = from + Math.min(Number(query.get('limit')), 5);
  return json(200, { items: items.slice(from, to), nextCursor: to < items.length ? String(to) : null });
};

export const startFakeService = async ({
  tokenSeconds = 3600,
  tokenStatus = () => 200,
  interfere,
}: FakeOptions = {}) => {
  const ledger = createFakeLedger();
  const calls: Call[] = [];
  const answers = new Map<string, Reply>();
  const deliveries: Promise<unknown>[] = [];
  let target: string | null = null;

  const notify = (type: string, id: string): void => {
    if (target === null) return;
    const body = JSON.stringify({ type, data: { id } });
    const at = new Date();
    const headers = {
      'webhook-id': `msg-${type}-${id}`,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(`msg-${type}-${id}`, at, body),
    };
    deliveries.push(fetch(target, { method: 'POST', headers, body }));
  };

  const answerOrder = ({ method, body }: Call, [orderId, command]: string[]): Reply => {
    const order = ledger.orders.get(orderId ?? '');
    if (order === undefined) return json(404, { code: 'ORDER_NOT_FOUND' });
    if (command === 'status') {
      ledger.cancel(order);
      notify('order.cancelled', order.orderId);
    }
    if (command === 'shipments') {
      if (body.lines.some(({ quantity }) => quantity < 1)) return json(400, { code: 'VALIDATION' });
      const shipmentId = ledger.ship(order, body.warehouseId, body.lines);
      notify('order.shipped', shipmentId);
      return json(201, { shipmentId });
    }
    return json(method === 'POST' ? 201 : 200, ledger.view(order));
  };

  const answer = (call: Call, url: URL): Reply => {
    const [, , resource, ...rest] = url.pathname.split('/');
    switch (resource) {
      case 'webhook-endpoints':
        target = call.body.url;
        return json(201, { secret });
      case 'inventory':
        return json(207, {
          results: call.body.changes.map((change, index) => ({ index, ...ledger.change(change) })),
        });
      case 'orders': {
        if (rest.length > 0) return answerOrder(call, rest);
        const order = ledger.place(call.body);
        notify('order.placed', order.orderId);
        return json(201, ledger.view(order));
      }
      case 'shipments':
        notify('order.delivered', rest[0] ?? '');
        return json(ledger.shipments.has(rest[0] ?? '') ? 200 : 404, {});
      case 'warehouses':
        return rest[1] === 'inventory' ? page(ledger.levels(rest[0] ?? ''), url.searchParams) : json(200, {});
      case 'items':
        return json(200, {});
      default:
        return json(404, { code: 'NOT_FOUND' });
    }
  };

  /** What needs no access token; `null` for everything else. */
  const answerAnybody = ({ path }: Call): Reply | null => {
    if (path === '/oidc/token') {
      return json(tokenStatus(), { access_token: `token-${calls.length}`, expires_in: tokenSeconds });
    }
    return path === '/metrics' ? { status: 200, body: `stockledger_events_total ${ledger.state.events}\n` } : null;
  };

  const answerOnce = (call: Call, key: string): Reply => {
    const first = answers.get(key);
    if (first !== undefined) return { ...first, headers: { 'idempotency-replayed': 'true' } };
    const reply = interfere?.(call, ledger) ?? answer(call, new URL(call.path, 'http://fake.invalid'));
    if (key !== '' && reply.status < 300 && reply.headers?.forget !== 'true') answers.set(key, reply);
    return reply;
  };

  const route = (call: Call): Reply => {
    const { method, authorization, idempotencyKey } = call;
    const open = answerAnybody(call);
    if (open !== null) return open;
    if (!authorization.startsWith('Bearer token-')) return json(401, { code: 'UNAUTHENTICATED' });
    if (method === 'POST' && idempotencyKey === undefined) return json(400, { code: 'IDEMPOTENCY_KEY_MISSING' });
    return answerOnce(call, idempotencyKey ?? '');
  };

  const server = createServer((request, response) => {
    void readCall(request).then((call) => {
      calls.push(call);
      const { status, body, headers } = route(call);
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ledger,
    calls,
    /** Resolves when all webhooks so far are delivered. */
    delivered: () => Promise.all(deliveries),
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
