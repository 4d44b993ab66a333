/** Who may do what, and to whose things: every role against every operation, by hand from docs/access.md (R5, R7.1). */
import { afterAll, describe, expect, it } from 'vitest';
import { type Operation, policies } from '../../src/domain/access/policy.ts';
import { type Role, roles } from '../../src/domain/access/principal.ts';
import { operationsOf } from '../support/documented.ts';
import { type Answer, allScopes, type Claims, startMs, startService, steppedUp } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder, since } from './arrange.ts';
import { bodySchemaOf, exampleOf, urlOf } from './requests.ts';

const sku = 'TABLE-OAK-160';
const service = await startService();
afterAll(() => service.close());
await arrange(service, { BER: { [sku]: 100 }, PAR: { [sku]: 100 }, MAD: { [sku]: 100, SOFA: 100 } });

/** `A`dmin, `W`arehouse staff, customer s`U`pport, au`D`itor, `P`artner, `C`ustomer, `S`ervice. */
const letters: { readonly [R in Role]: string } = {
  admin: 'A',
  warehouse_staff: 'W',
  customer_service: 'U',
  auditor: 'D',
  partner: 'P',
  customer: 'C',
  service: 'S',
};
const mayDo: { readonly [operation: string]: string } = {
  listWarehouses: 'AWUDP-S',
  getWarehouse: 'AWUDP-S',
  putWarehouse: 'A-----S',
  listItems: 'AWUDP-S',
  getItem: 'AWUDP-S',
  putItem: 'A-----S',
  getAvailability: 'AWUDP-S',
  listInventory: 'AWUDP-S',
  getInventory: 'AWUDP-S',
  getInventoryHistory: 'AWUDP-S',
  explainInventory: 'AWUDP-S',
  listDiscrepancies: 'AW-DP-S',
  registerInventory: 'AW--P-S',
  setInventory: 'AW--P-S',
  retireInventory: 'AW--P-S',
  adjustInventory: 'AW--P-S',
  receiveInventory: 'AW--P-S',
  quarantineInventory: 'AW--P-S',
  releaseQuarantine: 'AW--P-S',
  setInventoryPolicy: 'AW--P-S',
  reserveInventory: 'AW--P-S',
  releaseReservation: 'AW--P-S',
  changeInventory: 'AW--P-S',
  placeOrder: 'A----CS',
  correctOrder: 'A----CS',
  setOrderStatus: 'A----CS',
  listOrders: 'AWUDPCS',
  searchOrders: 'A-U---S',
  getOrder: 'AWUDPCS',
  getTracking: 'AWUDPCS',
  dispatchShipment: 'AW--P-S',
  correctShipment: 'AW--P-S',
  voidShipment: 'AW--P-S',
  trackShipment: 'AW--P-S',
  createWebhookEndpoint: 'A---P-S',
  listWebhookEndpoints: 'A---P-S',
  getWebhookEndpoint: 'A---P-S',
  deleteWebhookEndpoint: 'A---P-S',
  testWebhookEndpoint: 'A---P-S',
  listWebhookDeliveries: 'A---P-S',
  issueApiKey: 'A------',
  listApiKeys: 'A------',
  revokeApiKey: 'A------',
  listAuditEvents: 'A--D--S',
  streamEvents: 'AWUDPCS',
};

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
  const query = documented.method === 'GET' ? '' : '?dryRun=true';
  // The stream does not end by itself: an order that is not there ends it before it begins, after the role was looked at.
  const url = name === 'streamEvents' ? `${urlOf(documented)}?orderId=x` : `${urlOf(documented)}${query}`;
  const headers = name === 'setInventory' ? { 'if-match': '"0"' } : {};
  const body = schema === undefined ? {} : { body: exampleOf(schema, service.document) };
  // What needs the scope of administrators itself: the role alone is to decide.
  const needed: readonly string[] = policies[name as Operation].scopes;
  const scope = needed.includes('admin') ? { scope: allScopes } : {};
  return service.as({ ...claims, ...scope }).request(documented.method, url, { headers, ...body });
};

describe('the roles', () => {
  it('are looked at for every operation there is', () => {
    expect(Object.keys(mayDo).sort()).toEqual(operations.map(({ operation }) => operation.operationId).sort());
  });

  it.each(Object.entries(mayDo))('%s is for %s', async (name, allowed) => {
    let opened = '';
    for (const role of roles) {
      const answer = await ask(name, claimsOf(role));
      const isClosed = answer.status === 403 && answer.body.code === 'ROLE_NOT_ALLOWED';
      expect(isClosed || answer.status !== 403, answer.text).toBe(true);
      opened += isClosed ? '-' : letters[role];
    }
    // Their order here is that of the table above.
    const wanted = roles.map((role) => (allowed.includes(letters[role]) ? letters[role] : '-')).join('');
    expect(opened).toBe(wanted);
  });

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

  it('that has expired, is for somebody else, or comes from somebody else is refused (R7.2)', async () => {
    const seconds = Math.floor(startMs / 1_000);
    const bad: readonly Claims[] = [
      { exp: seconds - 60 },
      { aud: 'another-service' },
      { iss: 'https://issuer.example' },
      { nbf: seconds + 3_600 },
      { sub: undefined },
      { warehouses: 'BER' },
      { cnf: { jkt: 'x' } },
      { auth_time: seconds + 3_600 },
      { exp: seconds + 365 * 86_400 },
    ];
    for (const changes of bad) {
      const answer = await service.as(claimsOf('admin', changes)).get('/v1/warehouses');
      expect(answer, JSON.stringify(changes)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
      expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    }
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

  it('order is not cancelled and not shipped, and nothing is recorded', async () => {
    const placed = await placeOrder(shop, [line('SOFA', 1)], { customer: theirs });
    const path = `/v1/orders/${placed.body.orderId}`;
    await service.settled();
    const before = await service.countEvents();
    const cancel = await service
      .as(claimsOf('customer'))
      .put(`${path}/status`, { status: 'cancelled', reason: 'mine' });
    expect(cancel).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
    const shipment = {
      lines: [{ lineId: '1', quantity: 1 }],
      carrier: 'ups',
      trackingNumber: '1Z',
      parcels: [{ boxes: [{ lineId: '1', boxCode: 'A', quantity: 1 }] }],
    };
    const staff = service.as(claimsOf('warehouse_staff'));
    const own = await staff.post(`${path}/shipments`, { warehouseId: 'BER', ...shipment });
    expect(own).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
    const far = await staff.post(`${path}/shipments`, { warehouseId: 'MAD', ...shipment });
    expect(far).toMatchObject({ status: 404, body: { code: 'WAREHOUSE_NOT_FOUND' } });
    expect(await service.countEvents()).toBe(before);
  });

  it('name is not one to order under or to search by', async () => {
    const customer = service.as(claimsOf('customer'));
    const placed = await customer.post('/v1/orders', orderOf([line(sku, 1)], { customer: theirs }));
    expect(placed).toMatchObject({ status: 404, body: { code: 'CUSTOMER_NOT_FOUND' } });
    const listed = await customer.get('/v1/orders?customerId=customer-2');
    expect(listed).toMatchObject({ status: 404, body: { code: 'CUSTOMER_NOT_FOUND' } });
    expect((await customer.post('/v1/orders', orderOf([line(sku, 1)], { customer: mine }))).status).toBe(201);
  });

  it('order id is taken, and the answer tells nothing of the order', async () => {
    const placed = await placeOrder(shop, [line('SOFA', 1)], { customer: theirs });
    const { orderId } = placed.body;
    const again = await service
      .as(claimsOf('customer'))
      .post('/v1/orders', orderOf([line('SOFA', 1)], { customer: mine, orderId }));
    expect(again).toMatchObject({ status: 409, body: { code: 'ORDER_ID_TAKEN' } });
    expect(again.text).not.toContain('customer-2');
  });

  it('warehouse is not listed, not read and not searched in', async () => {
    const staff = service.as(claimsOf('warehouse_staff'));
    const listed: readonly { warehouseId: string }[] = (await staff.get('/v1/warehouses')).body.items;
    expect(listed.map(({ warehouseId }) => warehouseId)).toEqual(['BER']);
    const availability = (await staff.get(`/v1/items/${sku}/availability`)).body.warehouses as typeof listed;
    expect(availability.map(({ warehouseId }) => warehouseId)).toEqual(['BER']);
    expect((await staff.get('/v1/orders?warehouseId=MAD')).status).toBe(404);
    for (const path of [
      '',
      '/inventory',
      `/inventory/${sku}`,
      `/inventory/${sku}/history`,
      `/inventory/${sku}/explain`,
    ]) {
      expect(await staff.get(`/v1/warehouses/MAD${path}`)).toMatchObject({
        status: 404,
        body: { code: 'WAREHOUSE_NOT_FOUND' },
      });
    }
  });

  it('shipment takes no reports', async () => {
    const placed = await placeOrder(shop, [line('SOFA', 1)]);
    const shipped = await service.as('sandbox-admin').post(`/v1/orders/${placed.body.orderId}/shipments`, {
      warehouseId: 'MAD',
      lines: [{ lineId: '1', quantity: 1 }],
      carrier: 'ups',
      trackingNumber: '1Z',
      parcels: [{ boxes: [{ lineId: '1', boxCode: 'A', quantity: 1 }] }],
    });
    const report = { status: 'delivered', occurredAt: service.clock.now() };
    const told = await service
      .as(claimsOf('partner'))
      .post(`/v1/shipments/${shipped.body.shipmentId}/tracking-events`, report);
    expect(told).toMatchObject({ status: 404, body: { code: 'SHIPMENT_NOT_FOUND' } });
  });

  it('webhook endpoint is not there', async () => {
    const partner = service.as(claimsOf('partner'));
    const made = await partner.post('/v1/webhook-endpoints', { url: 'https://a.example/', eventTypes: ['stock.out'] });
    const path = `/v1/webhook-endpoints/${made.body.endpointId}`;
    const other = service.as(claimsOf('partner', { partnerId: 'partner-2', sub: 'b' }));
    const before = await service.countEvents();
    for (const answer of [
      await other.get(path, since(made)),
      await other.get(`${path}/deliveries`, since(made)),
      await other.post(`${path}/test`),
      await other.del(path),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'WEBHOOK_ENDPOINT_NOT_FOUND' } });
    }
    expect(await service.countEvents()).toBe(before);
    const colleague = service.as(claimsOf('partner', { sub: 'somebody-else-there' }));
    expect((await colleague.get(path, since(made))).status).toBe(200);
  });

  it('warehouse is not one to subscribe to', async () => {
    const body = { url: 'https://a.example/', eventTypes: ['stock.out'], warehouseIds: ['BER', 'MAD'] };
    const made = await service.as(claimsOf('partner')).post('/v1/webhook-endpoints', body);
    expect(made).toMatchObject({ status: 404, body: { code: 'WAREHOUSE_NOT_FOUND' } });
  });
});

describe('a sensitive command of an administrator', () => {
  const sensitive = [
    'retireInventory',
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

  it.each(weak)('authenticated %s gets a challenge that says what would do (RFC 9470)', async (_, changes) => {
    const before = await service.countEvents();
    for (const name of sensitive) {
      const answer = await ask(name, claimsOf('admin', changes));
      expect(answer, name).toMatchObject({ status: 401, body: { code: 'STEP_UP_REQUIRED' } });
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer realm="stockledger", error="insufficient_user_authentication", acr_values="phr phrh", max_age=900',
      );
    }
    expect(await service.countEvents()).toBe(before);
  });

  it('is done with a fresh, phishing-resistant authentication', async () => {
    for (const acr of ['phr', 'phrh']) {
      const answer = await ask('createWebhookEndpoint', claimsOf('admin', { acr }));
      expect(answer.status, answer.text).toBe(200);
    }
  });

  it('is the only kind that asks for it', async () => {
    for (const name of Object.keys(mayDo).filter((each) => !sensitive.includes(each))) {
      expect((await ask(name, claimsOf('admin', { acr: undefined }))).status, name).not.toBe(401);
    }
  });
});

describe('an order', () => {
  const fieldsOf = async (claims: Claims): Promise<object> => {
    const placed = await placeOrder(service.as('sandbox-shop'), [line(sku, 1)], { sourcing: 'priority' });
    const warehouses = placed.body.lines[0].allocated.map((each: { warehouseId: string }) => each.warehouseId);
    const path = `/v1/orders/${placed.body.orderId}`;
    const client = service.as({ ...claims, warehouses });
    const { body } = await client.get(path, since(placed));
    const listed = (await client.get('/v1/orders', since(placed))).body.items[0];
    const shows = (order: { customer?: unknown; shipTo?: unknown; lines: readonly object[] }) => ({
      contact: order.customer !== undefined,
      shipTo: order.shipTo !== undefined,
      prices: order.lines.every((each) => 'priceMinor' in each && 'currency' in each),
    });
    expect(shows(listed)).toEqual(shows(body));
    return shows(body);
  };

  const visibleFieldsByRole: readonly (readonly [Role, object])[] = [
    ['admin', { contact: true, shipTo: true, prices: true }],
    ['service', { contact: true, shipTo: true, prices: true }],
    ['customer_service', { contact: true, shipTo: true, prices: true }],
    ['customer', { contact: true, shipTo: true, prices: true }],
    ['warehouse_staff', { contact: false, shipTo: true, prices: false }],
    ['partner', { contact: false, shipTo: true, prices: false }],
    ['auditor', { contact: false, shipTo: false, prices: true }],
  ];

  it.each(visibleFieldsByRole)('shows a %s what the work needs, and no more (R7.3)', async (role, sight) => {
    expect(await fieldsOf(claimsOf(role))).toEqual(sight);
  });

  it('that a customer places or cancels tells no address in its answer', async () => {
    const customer = service.as(claimsOf('customer'));
    const placed = await placeOrder(customer, [line(sku, 1)]);
    const status = { status: 'cancelled', reason: 'changed_mind' };
    const cancelled = await customer.put(`/v1/orders/${placed.body.orderId}/status`, status);
    for (const { text } of [placed, cancelled]) expect(text).not.toMatch(/Canary|canary/);
  });
});
