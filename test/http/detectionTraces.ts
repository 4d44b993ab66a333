/** Answers as the service gives them, one after the other: attacks, each with its name, and days without any. */
import type { AccessEntry } from '../../src/audit/accessLog.ts';
import type { Principal, Role } from '../../src/domain/access/principal.ts';
import type { AlertRule } from '../../src/domain/alert/events.ts';
import type { Observed } from '../../src/http/detection/rules.ts';
import { createRandom } from '../crash/seeded.ts';

const startMs = Date.parse('2026-11-25T08:00:00.000Z');

interface Caller {
  readonly name: string;
  readonly kind: Principal['kind'];
  readonly role: Role;
  readonly address: string;
}

export interface Asked {
  /** Since the beginning of the trace. */
  readonly atMs: number;
  readonly by: Caller | string;
  readonly operation: string;
  readonly object?: AccessEntry['object'];
  readonly status?: number;
  readonly code?: string;
  readonly country?: string;
  readonly body?: unknown;
  readonly missed?: readonly string[];
}

const caller = (name: string, role: Role, kind: Principal['kind'] = 'person'): Caller => ({
  name,
  role,
  kind,
  address: `198.51.100.${(name.length * 37) % 250}`,
});

let requests = 0;

/** @param by a caller, or the address of one who is not known. */
export const observedOf = (asked: Asked): Observed => {
  const { atMs, by, operation, object = {}, status = 200, code, country } = asked;
  const isKnown = typeof by !== 'string';
  const principal: Principal | null = isKnown
    ? {
        subject: by.name,
        kind: by.kind,
        client: by.kind === 'person' ? 'app' : by.name,
        roles: [by.role],
        scopes: [],
        warehouses: [],
      }
    : null;
  requests += 1;
  return {
    entry: {
      at: new Date(startMs + atMs).toISOString(),
      requestId: `request-${requests}`,
      method: 'GET',
      route: operation === 'token' ? '/oidc/*' : `/v1/${operation}`,
      operation: operation === 'token' ? null : operation,
      object,
      caller: principal,
      role: isKnown ? by.role : null,
      address: isKnown ? by.address : by,
      status,
      isLeft: false,
      code: code ?? null,
      durationMs: 3,
    },
    principal,
    country: country ?? null,
    url: `/v1/${operation}/${Object.values(object).join('/')}`,
    body: asked.body,
    missed: asked.missed ?? [],
    isDryRun: false,
  };
};

const times = (count: number, everyMs: number, asked: (index: number) => Omit<Asked, 'atMs'>): readonly Asked[] =>
  Array.from({ length: count }, (_, index) => ({ atMs: index * everyMs, ...asked(index) }));

const stock = { warehouseId: 'BER', sku: 'TABLE' };
const thief = caller('thief', 'partner');

/** What was done, and what it must be called. */
export const attacks: readonly { readonly name: string; readonly rule: AlertRule; readonly trace: readonly Asked[] }[] =
  [
    {
      name: 'tokens that nobody signed, one a second',
      rule: 'authentication_failures',
      trace: times(30, 1_000, () => ({
        by: '203.0.113.7',
        operation: 'getOrder',
        status: 401,
        code: 'UNAUTHENTICATED',
      })),
    },
    {
      name: 'secrets of a client guessed',
      rule: 'authentication_failures',
      trace: times(40, 400, () => ({ by: '203.0.113.8', operation: 'token', status: 401 })),
    },
    {
      name: 'tokens tried from many addresses of one IPv6 network',
      rule: 'authentication_failures',
      trace: times(30, 1_000, (index) => ({
        by: `2001:db8:1:2::${index.toString(16)}`,
        operation: 'getOrder',
        status: 401,
        code: 'UNAUTHENTICATED',
      })),
    },
    {
      name: 'orders of others tried one after the other',
      rule: 'object_scan',
      trace: times(25, 2_000, (index) => ({
        by: caller('curious', 'customer'),
        operation: 'getOrder',
        object: { orderId: `0199d8a0-0000-7000-8000-${String(index).padStart(12, '0')}` },
        status: 404,
        code: 'ORDER_NOT_FOUND',
      })),
    },
    {
      name: 'warehouses of others tried slowly',
      rule: 'object_scan',
      trace: times(25, 20_000, (index) => ({
        by: thief,
        operation: 'listInventory',
        object: { warehouseId: `W${index}` },
        status: 404,
        code: 'WAREHOUSE_NOT_FOUND',
      })),
    },
    {
      name: 'warehouses of others named in bodies of one address',
      rule: 'object_scan',
      trace: times(25, 2_000, (index) => ({
        by: thief,
        operation: 'dispatchShipment',
        body: { warehouseId: `W${index}` },
        status: 404,
        code: 'WAREHOUSE_NOT_FOUND',
      })),
    },
    {
      name: 'warehouses of others named in rows of one request',
      rule: 'object_scan',
      trace: [
        {
          atMs: 0,
          by: thief,
          operation: 'changeInventory',
          status: 207,
          missed: Array.from({ length: 25 }, (_, index) => `W${index}`),
        },
      ],
    },
    {
      name: 'stocks retired by a screen that was left open',
      rule: 'mass_deletion',
      trace: times(30, 3_000, (index) => ({
        by: caller('admin', 'admin'),
        operation: 'retireInventory',
        object: { warehouseId: 'BER', sku: `SKU-${index}` },
        status: 204,
      })),
    },
    {
      name: 'one stock held and given back in a loop',
      rule: 'stock_hoarding',
      trace: times(80, 5_000, (index) => ({
        by: thief,
        operation: index % 2 === 0 ? 'reserveInventory' : 'releaseReservation',
        object: stock,
        status: index % 2 === 0 ? 201 : 204,
      })),
    },
    {
      name: 'one stock given back in a loop by somebody who waits for no answer',
      rule: 'stock_hoarding',
      trace: times(40, 5_000, () => ({ by: thief, operation: 'releaseReservation', object: stock, status: 499 })),
    },
    {
      name: 'orders placed and cancelled in a loop',
      rule: 'order_loop',
      trace: times(40, 10_000, (index) => ({
        by: caller('scalper', 'customer'),
        operation: index % 2 === 0 ? 'placeOrder' : 'setOrderStatus',
        status: index % 2 === 0 ? 201 : 200,
      })),
    },
    {
      name: 'the log copied page by page',
      rule: 'export_burst',
      trace: times(200, 1_000, () => ({ by: caller('auditor', 'auditor'), operation: 'listAuditEvents' })),
    },
    {
      name: 'a person in Germany, and an hour later in Japan',
      rule: 'impossible_travel',
      trace: [
        { atMs: 0, by: caller('ada', 'customer_service'), operation: 'listOrders', country: 'DE' },
        { atMs: 3_600_000, by: caller('ada', 'customer_service'), operation: 'listOrders', country: 'JP' },
      ],
    },
  ];

const roles: readonly Role[] = ['customer', 'warehouse_staff', 'customer_service', 'partner', 'service'];

interface Who {
  readonly system: Caller;
  readonly person: Caller;
  readonly customer: Caller;
}
type Pick = (max: number) => number;

const stockOf = (pick: Pick) => ({ warehouseId: `W${pick(10)}`, sku: `SKU-${pick(2_000)}` });
const done = (operation: string, status: number) => (by: Caller, pick: Pick) => ({
  by,
  operation,
  object: stockOf(pick),
  status,
});

/** Each with its share of all. */
const kinds: readonly [
  readonly [number, (who: Who, pick: Pick) => Omit<Asked, 'atMs'>],
  ...(readonly [number, (who: Who, pick: Pick) => Omit<Asked, 'atMs'>])[],
] = [
  [0.38, ({ system }, pick) => done('getInventory', 200)(system, pick)],
  [0.12, ({ person }, pick) => done('getInventory', 200)(person, pick)],
  [0.03, ({ system }, pick) => ({ ...done('getInventory', 404)(system, pick), code: 'STOCK_NOT_FOUND' })],
  [0.17, ({ system }, pick) => done('adjustInventory', 201)(system, pick)],
  [0.1, ({ system }) => ({ by: system, operation: 'placeOrder', status: 201 })],
  [0.02, ({ system }) => ({ by: system, operation: 'setOrderStatus' })],
  [0.04, ({ system }, pick) => done('reserveInventory', 201)(system, pick)],
  [0.02, ({ system }, pick) => done('releaseReservation', 200)(system, pick)],
  [
    0.02,
    ({ person }, pick) => ({
      by: person,
      operation: 'getOrder',
      object: { orderId: `typo-${pick(1_000_000)}` },
      status: 404,
      code: 'ORDER_NOT_FOUND',
    }),
  ],
  [0.01, ({ person }) => ({ by: person.address, operation: 'getOrder', status: 401, code: 'UNAUTHENTICATED' })],
  [0.001, ({ person }, pick) => done('retireInventory', 200)(person, pick)],
  [0.019, ({ person }) => ({ by: person, operation: 'listAuditEvents' })],
  [0.02, ({ customer }) => ({ by: customer, operation: 'placeOrder', status: 201 })],
  [0.005, ({ customer }) => ({ by: customer, operation: 'setOrderStatus' })],
  // Neighbours of Germany, and a flight to Spain now and then.
  [
    0.046,
    ({ person }, pick) => ({
      by: person,
      operation: 'listOrders',
      country: pick(20) > 0 ? 'DE' : (['FR', 'NL', 'PL', 'ES'][pick(4)] ?? 'DE'),
    }),
  ],
];

/**
 * So many answers over some days: shops that poll, scanners that book, people who mistype ids, tokens that ran out,
 * customers who place an order and sometimes cancel it, a season's end at which a few stocks are retired, people who travel.
 */
export const normalTrace = (seed: number, length: number): readonly Asked[] => {
  const random = createRandom(seed);
  const pick = (max: number): number => Math.floor(random() * max);
  const people = Array.from({ length: 400 }, (_, index) => caller(`person-${index}`, roles[index % 4] ?? 'customer'));
  const systems = Array.from({ length: 6 }, (_, index) => caller(`system-${index}`, 'service', 'client'));
  let atMs = 0;
  return Array.from({ length }, () => {
    // Five in a second; every now and then an hour when hardly anybody works.
    const isNight = Math.floor(atMs / 3_600_000) % 4 === 3;
    atMs += pick(isNight ? 20_000 : 400);
    const who = {
      system: systems[pick(systems.length)] ?? thief,
      person: people[pick(people.length)] ?? thief,
      customer: people[4 * pick(100)] ?? thief,
    };
    let draw = random();
    const kind = kinds.find(([share]) => {
      draw -= share;
      return draw < 0;
    });
    return { atMs, ...(kind ?? kinds[0])[1](who, pick) };
  });
};
