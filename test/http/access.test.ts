/**
 * Tokens, odd roles and owners, step-up (R5, R7.1). Every operation as every role, and whose things, is the business of
 * `test/security`; the table itself is held by hand in `test/domain/policy.test.ts`.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { type Operation, policies } from '../../src/domain/access/policy.ts';
import type { Role } from '../../src/domain/access/principal.ts';
import { operationsOf } from '../support/documented.ts';
import { type Answer, allScopes, type Claims, startMs, startService, steppedUp } from '../support/service.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';
import { bodySchemaOf, exampleOf, urlOf } from './requests.ts';

const sku = 'TABLE-OAK-160';
const service = await startService();
afterAll(() => service.close());
await arrange(service, { BER: { [sku]: 100 }, PAR: { [sku]: 100 }, MAD: { [sku]: 100, SOFA: 100 } });

const operations = operationsOf(service.document);
const operationNamed = (name: string) => operations.find(({ operation }) => operation.operationId === name)!;
const claimsOf = (role: Role, changes: Claims = {}): Claims => ({
  sub: `a-${role}`,
  client_id: 'app',
  roles: [role],
  scope: allScopes.replace(' admin', ''),
  warehouses: ['BER'],
  ...(role === 'customer' ? { customerId: 'customer-1' } : {}),
  ...(role === 'partner' ? { partnerId: 'partner-1' } : {}),
  ...steppedUp(startMs),
  ...changes,
});

const ask = async (name: string, claims: Claims): Promise<Answer> => {
  const documented = operationNamed(name);
  const schema = bodySchemaOf(documented);
  const body = schema === undefined ? {} : { body: exampleOf(schema, service.document) };
  // What needs the scope of administrators itself: the role alone is to decide.
  const needed: readonly string[] = policies[name as Operation].scopes;
  const scope = needed.includes('admin') ? { scope: allScopes } : {};
  return service.as({ ...claims, ...scope }).request(documented.method, `${urlOf(documented)}?dryRun=true`, body);
};

describe('the roles', () => {
  it('add up: who has two acts in the wider one', async () => {
    const both = service.as(claimsOf('auditor', { roles: ['auditor', 'warehouse_staff'] }));
    expect((await both.get('/v1/warehouses/MAD')).status).toBe(200);
    expect((await both.post(`/v1/warehouses/BER/inventory/${sku}/receipts?dryRun=true`, { quantity: 1 })).status).toBe(
      200,
    );
    // What only the narrower role may do, reaches as far as that role does.
    const far = await both.post(`/v1/warehouses/MAD/inventory/${sku}/receipts?dryRun=true`, { quantity: 1 });
    expect(far).toMatchObject({ status: 404, body: { code: 'WAREHOUSE_NOT_FOUND' } });
  });

  it('that we do not know open nothing', async () => {
    const stranger = service.as(claimsOf('admin', { roles: ['root', 'superuser'] }));
    expect(await stranger.get('/v1/warehouses')).toMatchObject({ status: 403, body: { code: 'ROLE_NOT_ALLOWED' } });
  });
});

describe('a token', () => {
  it('of the sandbox issuer itself is taken (R4.1)', async () => {
    const response = await service.app.inject({
      method: 'POST',
      url: '/oidc/token',
      headers: {
        authorization: `Basic ${Buffer.from('sandbox-staff:sandbox').toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      payload: 'grant_type=client_credentials',
    });
    expect(response.statusCode, response.payload).toBe(200);
    expect(response.json()).toMatchObject({ token_type: 'Bearer' });
  });

  it('without a role or a warehouse hears where they were looked for', async () => {
    const answers = [
      await service
        .as(claimsOf('admin', { roles: undefined, realm_access: { roles: ['admin'] } }))
        .get('/v1/warehouses'),
      await service.as(claimsOf('admin', { roles: ['customer'] })).get('/v1/warehouses'),
      await service.as(claimsOf('admin', { scope: undefined, scp: ['admin'] })).get('/v1/warehouses'),
      await service.as(claimsOf('partner', { warehouses: undefined })).get('/v1/warehouses/BER'),
      await service.as(claimsOf('partner')).get('/v1/warehouses/PAR'),
    ];
    const wanted = 'admin, warehouse_staff, customer_service, auditor, partner, service';
    expect(answers.map(({ status, body }) => [status, body.detail])).toEqual([
      [
        403,
        `The token needs one of these in "roles": ${wanted}. It has none there; "realm_access.roles" and others are not read.`,
      ],
      [403, `The token needs one of these in "roles": ${wanted}.`],
      [403, 'The token needs one of these in "scope": inventory:read.'],
      [404, 'No such warehouse: the token names none in "warehouses".'],
      [404, 'No such warehouse.'],
    ]);
    expect((await service.as(claimsOf('partner', { warehouses: undefined })).get('/v1/warehouses')).body.items).toEqual(
      [],
    );
  });
});

describe("somebody else's", () => {
  const shop = service.as('sandbox-shop');
  const mine = { customerId: 'customer-1', name: 'Ada Canary', email: 'ada@canary.invalid' };
  const theirs = { ...mine, customerId: 'customer-2' };

  it('order is not there: for another customer, another warehouse, another partner', async () => {
    const placed = await placeOrder(shop, [line('SOFA', 1)], { customer: theirs });
    const path = `/v1/orders/${placed.body.orderId}`;
    const outsiders = [
      claimsOf('customer'),
      claimsOf('customer', { customerId: undefined }),
      claimsOf('customer', { customerId: 'customer-20' }),
      claimsOf('warehouse_staff'),
      claimsOf('warehouse_staff', { warehouses: [] }),
      claimsOf('partner', { warehouses: ['PAR', 'BER'] }),
    ];
    for (const claims of outsiders) {
      const client = service.as(claims);
      for (const url of [path, `${path}/tracking`]) {
        expect(await client.get(url, since(placed))).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
      }
      expect((await client.get('/v1/orders', since(placed))).body.items).toEqual([]);
    }
    for (const claims of [
      claimsOf('customer', { customerId: 'customer-2' }),
      claimsOf('warehouse_staff', { warehouses: ['MAD'] }),
    ]) {
      expect((await service.as(claims).get(path, since(placed))).status).toBe(200);
    }
  });
});

describe('a sensitive command', () => {
  const sensitive = [
    'retireInventory',
    'changeInventory',
    'approveChange',
    'createWebhookEndpoint',
    'deleteWebhookEndpoint',
    'issueApiKey',
    'revokeApiKey',
  ];
  const weak: readonly (readonly [string, Claims])[] = [
    ['without a word on how', { acr: undefined, auth_time: undefined }],
    ['with a password', { acr: '1' }],
    ['without a time', { auth_time: undefined }],
    ['a while ago', { auth_time: Math.floor(startMs / 1_000) - 15 * 60 - 1 }],
  ];
  const rolesThatMay = (name: string): readonly Role[] => policies[name as Operation].roles;

  it.each(weak)(
    'of a person authenticated %s gets a challenge that says what would do (RFC 9470)',
    async (_, changes) => {
      const before = await service.countEvents();
      for (const name of sensitive) {
        for (const role of rolesThatMay(name)) {
          const answer = await ask(name, claimsOf(role, changes));
          expect(answer, `${name} ${role}`).toMatchObject({ status: 401, body: { code: 'STEP_UP_REQUIRED' } });
          expect(answer.headers['www-authenticate']).toBe(
            'Bearer realm="stockledger", error="insufficient_user_authentication", acr_values="phr phrh", max_age=900',
          );
        }
      }
      expect(await service.countEvents()).toBe(before);
    },
  );

  it('is done with a fresh, phishing-resistant authentication', async () => {
    for (const acr of ['phr', 'phrh']) {
      for (const role of rolesThatMay('createWebhookEndpoint')) {
        const answer = await ask('createWebhookEndpoint', claimsOf(role, { acr }));
        expect(answer.status, answer.text).toBe(200);
      }
    }
  });

  it('of a client with credentials of its own needs the scope instead', async () => {
    const erp = { sub: 'erp', client_id: 'erp', acr: undefined, auth_time: undefined, partnerId: undefined };
    for (const name of sensitive.filter((each) => each !== 'approveChange')) {
      for (const role of rolesThatMay(name).filter((each) => each !== 'admin')) {
        expect((await ask(name, claimsOf(role, erp))).status, `${name} ${role}`).not.toBe(401);
        const without = await ask(name, claimsOf(role, { ...erp, scope: 'orders:read' }));
        expect(without, `${name} ${role}`).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING' } });
      }
    }
  });

  it('that approves a change is for no client at all (T13)', async () => {
    for (const role of rolesThatMay('approveChange')) {
      const answer = await ask('approveChange', claimsOf(role, { sub: 'erp', client_id: 'erp', partnerId: undefined }));
      expect(answer, role).toMatchObject({ status: 403, body: { code: 'PERSON_REQUIRED' } });
    }
  });

  it('is the only kind that asks for it', async () => {
    for (const name of Object.keys(policies).filter((each) => each !== 'getMetrics' && !sensitive.includes(each))) {
      for (const role of rolesThatMay(name)) {
        expect((await ask(name, claimsOf(role, { acr: undefined }))).status, `${name} ${role}`).not.toBe(401);
      }
    }
  });
});

describe('an order', () => {
  it('that a customer places or cancels tells no address in its answer', async () => {
    const customer = service.as(claimsOf('customer'));
    const placed = await placeOrder(customer, [line(sku, 1)]);
    const status = { status: 'cancelled', reason: 'changed_mind' };
    const cancelled = await customer.put(`/v1/orders/${placed.body.orderId}/status`, status);
    for (const { text } of [placed, cancelled]) expect(text).not.toMatch(/Canary|canary/);
  });
});
