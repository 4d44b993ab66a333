/** Idempotency keys over the real engines: one effect, one answer, whatever breaks in between (docs/openapi.json). */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Adapters } from '../../src/app/adapters.ts';
import { type Answer, openService, startService } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder, waitForPlan, warehouse } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const url = `/v1/warehouses/BER/inventory/${sku}`;
const stocks = { BER: { [sku]: 10 } };

const lasting = ({ status, headers, text }: Answer): object => {
  const { etag, location, 'content-type': contentType, 'stockledger-position': position } = headers;
  return { status, text, etag, location, contentType, position };
};

const makeDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
};

/** The process dies after the append and before its answer was kept: once. */
const dyingOnce = ({ idempotencyRecords }: Adapters): Partial<Adapters> => {
  let deaths = 0;
  return {
    idempotencyRecords: {
      ...idempotencyRecords,
      save: async (answers) => {
        deaths += 1;
        if (deaths === 1) throw new Error('the process died');
        await idempotencyRecords.save(answers);
      },
    },
  };
};

describe('the same request with the same key', () => {
  it('gets the first answer again, byte for byte, and does nothing', async () => {
    const service = await openService();
    await arrange(service, stocks);
    const shop = service.as('sandbox-admin');
    const key = { 'idempotency-key': randomUUID() };
    const asks: readonly (() => Promise<Answer>)[] = [
      () => shop.post(`${url}/adjustments`, { delta: 5, reason: 'found' }, key),
      () =>
        shop.post(
          `${url}/reservations`,
          // Longer than the clock is moved on below, or its end is an event more.
          { quantity: 1, expiresInSeconds: 3_600 },
          { 'idempotency-key': `${key['idempotency-key']}-2` },
        ),
      () =>
        shop.post('/v1/orders', orderOf([line(sku, 1)]), {
          'idempotency-key': `${key['idempotency-key']}-3`,
          ...waitForPlan,
        }),
      () => shop.put(`${url}/policy`, { safetyStock: 2 }, { 'idempotency-key': `${key['idempotency-key']}-4` }),
    ];
    for (const ask of asks) {
      const first = await ask();
      expect(first.status, first.text).toBeLessThan(300);
      expect(first.headers['idempotency-replayed']).toBeUndefined();
      await service.settled();
      const before = await service.countEvents();
      service.clock.pass(3_600_000 / 30);
      const again = await ask();
      expect(lasting(again)).toEqual(lasting(first));
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect(await service.countEvents()).toBe(before);
    }
  });

  it('gets a refusal again as well, though by now it would be taken', async () => {
    const service = await openService();
    await arrange(service, stocks);
    const staff = service.as('sandbox-staff');
    const key = { 'idempotency-key': randomUUID() };
    const take = () => staff.post(`${url}/reservations`, { quantity: 11, expiresInSeconds: 60 }, key);
    const first = await take();
    expect(first).toMatchObject({ status: 409, body: { code: 'INSUFFICIENT_STOCK' } });
    await staff.post(`${url}/receipts`, { quantity: 100 });
    const again = await take();
    expect(lasting(again)).toEqual(lasting(first));
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  it('is told by its meaning: order of members and spelling of the path change nothing, If-Match does', async () => {
    const service = await openService();
    await arrange(service, stocks);
    const staff = service.as('sandbox-staff');
    const key = { 'idempotency-key': randomUUID() };
    const first = await staff.post(`${url}/adjustments`, { delta: 5, reason: 'found' }, key);
    const spelt = `${url.replace('TABLE', '%54ABLE')}/adjustments`;
    const again = await staff.post(spelt, { reason: 'found', delta: 5 }, key);
    expect(lasting(again)).toEqual(lasting(first));
    expect(again.headers['idempotency-replayed']).toBe('true');
    const other = await staff.post(`${url}/adjustments`, { delta: 5, reason: 'found' }, { ...key, 'if-match': '"0"' });
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('gets an answer without a body again as well (202, 204)', async () => {
    const service = await openService();
    const admin = service.as('sandbox-admin');
    const endpoint = { url: 'https://partner.example/hook', eventTypes: ['stock.changed'] };
    const { body } = await admin.post('/v1/webhook-endpoints', endpoint);
    const path = `/v1/webhook-endpoints/${body.endpointId}`;
    const asks: readonly (() => Promise<Answer>)[] = [
      () => admin.post(`${path}/test`, undefined, { 'idempotency-key': 'test' }),
      () => admin.del(path, { 'idempotency-key': 'delete' }),
    ];
    for (const ask of asks) {
      const first = await ask();
      const before = await service.countEvents();
      const again = await ask();
      expect([again.status, again.text]).toEqual([first.status, '']);
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect(await service.countEvents()).toBe(before);
    }
  });

  it('is 422 when another stream has it, though its answer was lost, and that answer is not kept (28)', async () => {
    const lost: string[] = [];
    const service = await openService({
      // What a crash leaves: the change is in the log, its answer is not kept.
      adapt: ({ idempotencyRecords }) => ({
        idempotencyRecords: {
          ...idempotencyRecords,
          find: async () => null,
          save: async (answers) => {
            lost.push(...answers.map(({ answer }) => answer.body));
          },
        },
      }),
    });
    await arrange(service, { BER: { [sku]: 10, CHAIR: 10 } });
    const staff = service.as('sandbox-staff');
    const key = { 'idempotency-key': randomUUID() };
    // The log has no fingerprint of a request with a note.
    const first = await staff.post(`${url}/adjustments`, { delta: 5, reason: 'found', note: 'behind the shelf' }, key);
    expect(first.status).toBe(201);
    // Until then the process has it in memory, and would know it by its request.
    await expect.poll(() => lost).toContain(first.text);
    const other = await staff.post('/v1/warehouses/BER/inventory/CHAIR/receipts', { quantity: 3 }, key);
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect(lost).not.toContain(other.text);
  });

  it('needs no kept answer where the log has what it did, whatever came after it', async () => {
    const kept: string[] = [];
    const service = await openService({
      adapt: ({ idempotencyRecords }) => ({
        idempotencyRecords: {
          ...idempotencyRecords,
          save: async (answers) => {
            kept.push(...answers.map(({ answer }) => answer.body));
            await idempotencyRecords.save(answers);
          },
        },
      }),
    });
    await arrange(service, stocks);
    await service.settled();
    kept.splice(0);
    const staff = service.as('sandbox-staff');
    const adjust = (body: object, key: string) => staff.post(`${url}/adjustments`, body, { 'idempotency-key': key });
    const body = { delta: -5, reason: 'damaged' };
    const first = await adjust(body, 'first');
    // More than a process remembers of a stream, and so much less that the same change would be another one today.
    for (let index = 0; index < 40; index += 1)
      await adjust({ delta: 0 - (index === 0 ? 5 : 0), reason: 'x' }, `k${index}`);
    for (let index = 0; index < 40; index += 1) await adjust({ delta: 1, reason: 'found' }, `up${index}`);
    service.clock.pass(120_000);
    for (let index = 0; index < 40; index += 1) await adjust({ delta: 1, reason: 'found' }, `later${index}`);
    const events = await service.countEvents();
    const again = await adjust(body, 'first');
    expect(lasting(again)).toEqual(lasting(first));
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(await service.countEvents()).toBe(events);
    expect(kept).not.toContain(first.text);
  });

  it('is a mistake when it asks for something else', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 10, CHAIR: 10 } });
    const staff = service.as('sandbox-admin');
    const key = { 'idempotency-key': randomUUID() };
    const first = await staff.post(`${url}/adjustments`, { delta: 1, reason: 'found' }, key);
    const before = await service.countEvents();
    const others = [
      () => staff.post(`${url}/adjustments`, { delta: -3, reason: 'lost', note: 'fell off the truck' }, key),
      () => staff.post(`${url}/adjustments`, { delta: 1, reason: 'found' }, { ...key, 'if-match': '"1"' }),
      () => staff.post('/v1/orders', orderOf([line(sku, 1)]), key),
      () =>
        staff.post(
          '/v1/inventory/changes',
          { changes: [{ kind: 'receipt', warehouseId: 'BER', sku, quantity: 100 }] },
          key,
        ),
      () => staff.post(`${url}/adjustments`, { delta: 2, reason: 'found' }, key),
      () => staff.post('/v1/warehouses/BER/inventory/CHAIR/adjustments', { delta: 1, reason: 'found' }, key),
      () => staff.post(`${url}/quarantine-releases`, { quantity: 1 }, key),
      () => staff.put(`${url}/policy`, { safetyStock: 1 }, key),
    ];
    for (const ask of others)
      expect(await ask()).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await service.countEvents()).toBe(before);
    // The mistake of another request does not take the key from the first one.
    expect(lasting(await staff.post(`${url}/adjustments`, { delta: 1, reason: 'found' }, key))).toEqual(lasting(first));
  });

  it('is a mistake of its own, and of none that is decided with it', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 10, CHAIR: 10 } });
    const staff = service.as('sandbox-staff');
    const receive = (of: string, quantity: number, key: string) =>
      staff.post(`/v1/warehouses/BER/inventory/${of}/receipts`, { quantity }, { 'idempotency-key': key });
    await Promise.all([1, 2, 3].map((index) => receive('CHAIR', 1, `taken-${index}`)));
    const answers = await Promise.all([
      ...[1, 2, 3].map((index) => receive(sku, 1, `taken-${index}`)),
      ...[1, 2, 3, 4].map((index) => receive(sku, 1, `free-${index}`)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 201, 201, 201, 201]);
    await service.settled();
    expect((await staff.get(url)).body.onHand).toBe(14);
  });

  it('has one effect when it comes a hundred times at once', async () => {
    const service = await openService();
    await arrange(service, stocks);
    const staff = service.as('sandbox-staff');
    const key = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => staff.post(`${url}/receipts`, { quantity: 7 }, key)),
    );
    const done = answers.filter(({ status }) => status === 201);
    const told = answers.filter(({ status, body }) => status === 409 && body.code === 'IDEMPOTENCY_KEY_IN_USE');
    expect(done.length).toBeGreaterThan(0);
    expect(done.length + told.length).toBe(100);
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    expect(told.every(({ headers }) => headers['retry-after'] !== undefined)).toBe(true);
    await service.settled();
    expect((await staff.get(url)).body.onHand).toBe(17);
  });

  it('is known after a restart', async () => {
    const dataDir = await makeDirectory();
    const key = { 'idempotency-key': randomUUID() };
    const before = await startService({ dataDir });
    await arrange(before, stocks);
    const first = await before.as('sandbox-shop').post('/v1/orders', orderOf([line(sku, 1)]), key);
    await before.close();

    const after = await openService({ dataDir });
    const events = await after.countEvents();
    const again = await after.as('sandbox-shop').post('/v1/orders', orderOf([line(sku, 1)]), key);
    expect(lasting(again)).toEqual(lasting(first));
    expect(again.headers['idempotency-replayed']).toBe('true');
    await after.settled();
    expect((await after.as('sandbox-support').get('/v1/orders')).body.items).toHaveLength(1);
    expect(await after.countEvents()).toBeGreaterThanOrEqual(events);
  });
});

describe('a crash between the append and the answer', () => {
  const commands: readonly (readonly [string, string, object])[] = [
    ['an adjustment', `${url}/adjustments`, { delta: 5, reason: 'found' }],
    ['a reservation', `${url}/reservations`, { quantity: 2, expiresInSeconds: 900 }],
    ['an order', '/v1/orders', orderOf([line(sku, 1)])],
    [
      'a bulk change',
      '/v1/inventory/changes',
      { changes: [{ kind: 'receipt', warehouseId: 'BER', sku, quantity: 3 }] },
    ],
    ['an endpoint', '/v1/webhook-endpoints', { url: 'https://partner.example/hooks', eventTypes: ['stock.out'] }],
  ];

  it.each(commands)('leaves %s done once: the retry is told what was recorded', async (_, path, body) => {
    const dataDir = await makeDirectory();
    const key = { 'idempotency-key': randomUUID() };
    // The policies rest, so that every event of the log is the command's own.
    const before = await startService({ dataDir, running: false });
    const admin = before.as('sandbox-admin');
    await admin.put('/v1/warehouses/BER', warehouse('BER'));
    // Read models rest too: that an ordered SKU is known, its item's own stream tells.
    await admin.put(`/v1/items/${sku}`, { name: 'Oak table', attributes: {}, boxes: [] });
    await admin.post('/v1/warehouses/BER/inventory', { sku, onHand: 10 });
    await before.close();

    const dying = await startService({ dataDir, running: false, adapt: dyingOnce });
    const first = await dying.as('sandbox-admin').post(path, body, key);
    // A change that the log can tell of is answered at once; what only the kept answer knows is not given without it.
    if (path === '/v1/inventory/changes') {
      expect(first).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
      expect(first.headers).not.toHaveProperty('stockledger-position');
      expect(first.text).not.toContain('the process died');
    } else expect(first.status).toBe(201);
    const events = await dying.countEvents();
    const heads = await dying.adapters.events.head();
    await dying.close();

    const after = await openService({ dataDir, running: false });
    after.clock.pass(60_000);
    const again = await after.as('sandbox-admin').post(path, body, key);
    expect(again.status, again.text).toBeLessThan(300);
    // Done by the attempt before, which the log tells.
    expect(again.headers['idempotency-replayed']).toBe('true');
    if (first.status === 201) expect(lasting(again)).toEqual(lasting(first));
    expect(await after.countEvents()).toBe(events);
    expect(await after.adapters.events.head()).toEqual(heads);
    const recorded = await after.adapters.events.readAll(null, 'backwards', 1);
    const { orderId, endpointId } = again.body;
    const { reservationId, expiresAt } = again.body;
    if (reservationId !== undefined) expect(recorded[0]?.data).toMatchObject({ reservationId, expiresAt });
    else if (orderId !== undefined) expect(recorded[0]?.stream).toBe(`order-${orderId}`);
    if (endpointId !== undefined) expect(recorded[0]?.stream).toBe(`webhook-${endpointId}`);
    const third = await after.as('sandbox-admin').post(path, body, key);
    expect(lasting(third)).toEqual(lasting(again));
  });
});

describe('what is not kept', () => {
  it('is a failure of ours: the next attempt may do better', async () => {
    const service = await openService({ adapt: dyingOnce });
    const admin = service.as('sandbox-admin');
    const key = { 'idempotency-key': randomUUID() };
    const receive = () => admin.post(`${url}/receipts`, { quantity: 1 }, key);
    expect(await receive()).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
    expect(await receive()).toMatchObject({ status: 404, body: { code: 'STOCK_NOT_FOUND' } });
    expect((await receive()).headers['idempotency-replayed']).toBe('true');
  });

  it('is a dry run: the same key is free for the real thing (B12)', async () => {
    const service = await openService();
    await arrange(service, stocks);
    const staff = service.as('sandbox-staff');
    const key = { 'idempotency-key': randomUUID() };
    const before = await service.countEvents();
    const dry = await staff.post(`${url}/receipts?dryRun=true`, { quantity: 1 }, key);
    expect(dry).toMatchObject({ status: 200, body: { dryRun: true, events: [{ type: 'StockReceived' }] } });
    expect(await service.countEvents()).toBe(before);
    const real = await staff.post(`${url}/receipts`, { quantity: 1 }, key);
    expect(real).toMatchObject({ status: 201, body: { onHand: 11 } });
    expect(real.headers['idempotency-replayed']).toBeUndefined();
  });

  it("is meant for others: two callers' keys don't meet", async () => {
    const service = await openService();
    await arrange(service, stocks);
    const key = { 'idempotency-key': 'one-and-the-same' };
    const ask = (who: string) => service.as(who).post(`${url}/receipts`, { quantity: 1 }, key);
    expect(await ask('sandbox-staff')).toMatchObject({ status: 201, body: { onHand: 11 } });
    const other = await ask('sandbox-partner');
    expect(other).toMatchObject({ status: 201, body: { onHand: 12 } });
    expect(other.headers['idempotency-replayed']).toBeUndefined();
    const person = (sub: string) =>
      service.as({ sub, client_id: 'app', roles: ['warehouse_staff'], warehouses: ['BER'], scope: 'inventory:write' });
    expect((await person('ada').post(`${url}/receipts`, { quantity: 1 }, key)).body.onHand).toBe(13);
    expect((await person('bob').post(`${url}/receipts`, { quantity: 1 }, key)).body.onHand).toBe(14);
  });
});

describe('the files of the service', () => {
  it('hold no personal data and no secret in the clear (docs/architecture.md, "Personal data")', async () => {
    const dataDir = await makeDirectory();
    const service = await startService({ dataDir });
    await arrange(service, stocks);
    const admin = service.as('sandbox-admin');
    const { body: order } = await placeOrder(admin, [line(sku, 2)]);
    const keyed = { 'idempotency-key': 'canary-key' };
    await admin.post(`${url}/adjustments`, { delta: 1, reason: 'found', note: 'Canary note of Ada' }, keyed);
    await admin.put(
      `/v1/orders/${order.orderId}/status`,
      { status: 'on_hold', reason: 'asked', note: 'Canary hold' },
      keyed,
    );
    await admin.put(`/v1/orders/${order.orderId}/status`, { status: 'released', reason: 'asked' });
    const shipped = await admin.post(`/v1/orders/${order.orderId}/shipments`, {
      warehouseId: 'BER',
      lines: [{ lineId: '1', quantity: 2 }],
      carrier: 'ups',
      trackingNumber: '1Z-77',
      parcels: [{ boxes: [{ lineId: '1', boxCode: 'A', quantity: 2 }] }],
    });
    const report = {
      status: 'in_transit',
      occurredAt: service.clock.now(),
      detail: 'Canary words',
      location: 'Canaryville',
    };
    const tracked = await admin.post(`/v1/shipments/${shipped.body.shipmentId}/tracking-events`, report);
    expect(tracked.status, tracked.text).toBe(201);
    const endpoint = await admin.post('/v1/webhook-endpoints', {
      url: 'https://partner.example/hooks/canary-path',
      eventTypes: ['stock.out'],
      description: 'Canary endpoint',
    });
    await service.settled();
    const { secret } = endpoint.body;
    expect(secret).toMatch(/^whsec_/);
    await service.close();

    const canaries = ['Canary', 'canary.invalid', 'ada@', '+49 30 123456', 'canary-path', 'whsec_', secret.slice(6)];
    const files = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
    expect(files.length).toBeGreaterThan(1);
    const found: string[] = [];
    for (const file of files) {
      const bytes = await readFile(join(file.parentPath, file.name));
      for (const canary of canaries) if (bytes.includes(canary)) found.push(`${file.name} holds ${canary}`);
    }
    expect(found).toEqual([]);
    // The order's public part is there, so the search has looked at the right bytes.
    const log = await readFile(join(dataDir, 'stockledger.db'));
    expect(log.includes('customer-1')).toBe(true);
  });
});
