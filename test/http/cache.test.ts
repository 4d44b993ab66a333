/** Answers of read-heavy routes from a cache (R21): judged by the log, the same for all, and never for the wrong one. */
import { describe, expect, it } from 'vitest';
import type { Documents } from '../../src/eventsourcing/projecting/documents.ts';
import { createMemoryCache } from '../../src/infra/cache.ts';
import { type Client, openService, type ServiceOptions, type TestService } from '../support/service.ts';
import { arrange, since, warehouse } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const url = `/v1/warehouses/BER/inventory/${sku}`;
const availability = `/v1/items/${sku}/availability`;
const item = { name: 'Oak table', attributes: { colour: 'oak' }, boxes: [] };
const bypass = { 'stockledger-cache': 'bypass' };

/** Counts what is asked of the read models, and holds answers back while told to. */
const createWatchedDocuments = (documents: Documents) => {
  const gates = new Map<string, Promise<null>>();
  const counts = new Map<string, number>();
  const ask = async <T>(collection: string, read: () => Promise<T>): Promise<T> => {
    counts.set(collection, (counts.get(collection) ?? 0) + 1);
    // What was there when it was asked for, however late the answer.
    const answer = await read();
    await gates.get(collection);
    return answer;
  };
  return {
    documents: {
      ...documents,
      get: <T>(collection: string, id: string) => ask(collection, () => documents.get<T>(collection, id)),
      find: <T>(collection: string, query: Parameters<Documents['find']>[1]) =>
        ask(collection, () => documents.find<T>(collection, query)),
    } satisfies Documents,
    reads: (collection: string) => counts.get(collection) ?? 0,
    /** Answers from this collection that are asked for from now on wait until the gate is opened. */
    hold: (collection: string): (() => void) => {
      const gate = Promise.withResolvers<null>();
      gates.set(collection, gate.promise);
      return () => {
        gates.delete(collection);
        gate.resolve(null);
      };
    },
  };
};

type Watched = ReturnType<typeof createWatchedDocuments>;

const openCached = async (options: ServiceOptions = {}): Promise<TestService & { readonly watched: Watched }> => {
  let watched: Watched | undefined;
  const service = await openService({
    ...options,
    adapt: ({ documents }) => {
      watched = createWatchedDocuments(documents);
      return { documents: watched.documents, cache: createMemoryCache() };
    },
  });
  await arrange(service, { BER: { [sku]: 5 }, PAR: { [sku]: 7 } });
  expect((await service.as('sandbox-admin').put(`/v1/items/${sku}`, item)).status).toBe(200);
  await everythingSeen(service);
  return { ...service, watched: watched! };
};

/** By the read models and by the one who judges the entries. */
const everythingSeen = async (service: TestService): Promise<void> => {
  await service.settled();
  const head = (await service.adapters.events.head())!;
  expect(await service.readModels.live.waitFor(head, 10_000)).toBe(true);
};

const statusOf = async (client: Client, path: string, headers = {}): Promise<string | undefined> =>
  (await client.get(path, headers)).headers['cache-status'];

const miss = 'stockledger; fwd=miss';
const hit = 'stockledger; hit';

describe('a read-heavy route', () => {
  it.each([url, availability, `/v1/items/${sku}`, '/v1/warehouses/BER'])(
    'answers %s from the cache from the second time on, to the letter (R21.1)',
    async (path) => {
      const service = await openCached();
      const [admin, support] = [service.as('sandbox-admin'), service.as('sandbox-support')];
      const first = await admin.get(path);
      expect(first).toMatchObject({ status: 200, headers: { 'cache-status': miss } });
      const again = await support.get(path);
      expect(again).toMatchObject({ status: 200, text: first.text, headers: { 'cache-status': hit } });
      expect(again.headers.etag).toBe(first.headers.etag);
      if (first.headers.etag === undefined) return;
      expect((await admin.get(path, { 'if-none-match': first.headers.etag })).status).toBe(304);
    },
  );

  it('answers a hit without asking the read models', async () => {
    const service = await openCached();
    const staff = service.as('sandbox-staff');
    await staff.get(url);
    const before = service.watched.reads('stock_levels_v1');
    for (let times = 1; times <= 20; times += 1) expect(await statusOf(staff, url)).toBe(hit);
    expect(service.watched.reads('stock_levels_v1')).toBe(before);
  });

  it('does not keep what is not there', async () => {
    const service = await openCached();
    const staff = service.as('sandbox-staff');
    const other = '/v1/warehouses/BER/inventory/OTHER';
    expect(await staff.get(other)).toMatchObject({ status: 404, headers: { 'cache-status': miss } });
    await staff.post('/v1/warehouses/BER/inventory', { sku: 'OTHER', onHand: 1 });
    await everythingSeen(service);
    expect(await staff.get(other)).toMatchObject({ status: 200, headers: { 'cache-status': miss } });
  });

  it('has no cache where it is about another time, or about a person', async () => {
    const service = await openCached();
    const support = service.as('sandbox-support');
    expect(await statusOf(support, `${url}?asOf=${encodeURIComponent(service.clock.now())}`)).toBeUndefined();
    expect(await statusOf(support, '/v1/orders')).toBeUndefined();
  });

  it('has no cache that is off by configuration, and says so by saying nothing', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 5 } });
    const admin = service.as('sandbox-admin');
    for (const headers of [{}, {}, bypass]) expect(await statusOf(admin, url, headers)).toBeUndefined();
  });
});

describe('an event', () => {
  it('gives the new value at once to whoever waits for its position, every time (R21.2, B8)', async () => {
    const service = await openCached();
    const staff = service.as('sandbox-staff');
    for (let pieces = 6; pieces <= 40; pieces += 1) {
      const received = await staff.post(`${url}/receipts`, { quantity: 1 });
      const read = await staff.get(url, since(received));
      expect(read.body).toMatchObject({ onHand: pieces, revision: received.body.revision });
      expect((await staff.get(availability, since(received))).body.available).toBe(pieces + 7);
      // What the answer says it has seen, it has.
      const told = await staff.get(url, since(read));
      expect(told.body.onHand).toBe(pieces);
    }
  });

  it.each([
    ['of the stock', (admin: Client) => admin.post(`${url}/receipts`, { quantity: 1 }), [url, availability]],
    ['of the item', (admin: Client) => admin.put(`/v1/items/${sku}`, { ...item, name: 'Oak' }), [url]],
    [
      'of the warehouse',
      (admin: Client) => admin.put('/v1/warehouses/BER', warehouse('BER', { name: 'Berlin' })),
      ['/v1/warehouses/BER', availability],
    ],
    [
      'of another stock of the SKU',
      async (admin: Client) => {
        await admin.put('/v1/warehouses/MAD', warehouse('MAD'));
        return admin.post('/v1/warehouses/MAD/inventory', { sku, onHand: 4 });
      },
      [availability],
    ],
  ] as const)('%s is seen by those who wait for nothing, too', async (_, change, paths) => {
    const service = await openCached();
    const admin = service.as('sandbox-admin');
    const before = await Promise.all(paths.map((path) => admin.get(path)));
    await change(admin);
    await everythingSeen(service);
    for (const [index, path] of paths.entries()) {
      const after = await admin.get(path);
      expect(after.headers['cache-status']).toBe(miss);
      expect(after.text).not.toBe(before[index]!.text);
      expect(await statusOf(admin, path)).toBe(hit);
    }
  });

  it('of something else leaves an entry as it is', async () => {
    const service = await openCached();
    const admin = service.as('sandbox-admin');
    await admin.get(url);
    await admin.post('/v1/warehouses/PAR/inventory', { sku: 'OTHER', onHand: 1 });
    await admin.post(`/v1/warehouses/PAR/inventory/${sku}/receipts`, { quantity: 1 });
    await everythingSeen(service);
    expect(await statusOf(admin, url)).toBe(hit);
  });

  it('is never overwritten by an answer that was read before it', async () => {
    const service = await openCached();
    const staff = service.as('sandbox-staff');
    const open = service.watched.hold('items_v1');
    const slow = staff.get(url);
    await expect.poll(() => service.watched.reads('items_v1')).toBe(1);
    const received = await staff.post(`${url}/receipts`, { quantity: 1 });
    await everythingSeen(service);
    // Does not join the one under way, which has read the stock already.
    const quick = staff.get(url, since(received));
    await expect.poll(() => service.watched.reads('items_v1')).toBe(2);
    open();
    expect((await slow).body.onHand).toBe(5);
    expect((await quick).body.onHand).toBe(6);
    const later = await staff.get(url);
    expect(later).toMatchObject({ body: { onHand: 6 }, headers: { 'cache-status': hit } });
  });

  it('that happens while an answer is read makes that answer useless, though nobody else has asked', async () => {
    const service = await openCached();
    const staff = service.as('sandbox-staff');
    const open = service.watched.hold('items_v1');
    const slow = staff.get(url);
    await expect.poll(() => service.watched.reads('items_v1')).toBe(1);
    await staff.post(`${url}/receipts`, { quantity: 1 });
    await everythingSeen(service);
    open();
    expect((await slow).body.onHand).toBe(5);
    expect(await staff.get(url)).toMatchObject({ body: { onHand: 6 }, headers: { 'cache-status': miss } });
  });
});

describe('many who ask at once', () => {
  it('are answered by one look at the read model', async () => {
    const service = await openCached();
    const staff = service.as('sandbox-staff');
    const before = service.watched.reads('stock_levels_v1');
    const open = service.watched.hold('items_v1');
    const asking = Array.from({ length: 50 }, () => staff.get(url));
    await expect.poll(() => service.watched.reads('items_v1')).toBe(1);
    open();
    const answers = await Promise.all(asking);
    expect(service.watched.reads('stock_levels_v1')).toBe(before + 1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const told = answers.map(({ headers }) => headers['cache-status']);
    expect(told.filter((status) => status === miss)).toHaveLength(1);
  });

  it('are all told when that look fails, and the next one looks again', async () => {
    let isBroken = false;
    const service = await openService({
      adapt: ({ documents }) => ({
        cache: createMemoryCache(),
        documents: {
          ...documents,
          get: async (collection, id) => {
            if (isBroken) throw new Error('the disk is gone');
            return documents.get(collection, id);
          },
        },
      }),
    });
    await arrange(service, { BER: { [sku]: 5 } });
    const staff = service.as('sandbox-staff');
    isBroken = true;
    const failed = await Promise.all(Array.from({ length: 10 }, () => staff.get(url)));
    expect(new Set(failed.map(({ status }) => status))).toEqual(new Set([500]));
    isBroken = false;
    expect((await staff.get(url)).status).toBe(200);
  });
});

describe('Stockledger-Cache: bypass', () => {
  it.each(['sandbox-support', 'sandbox-admin'])('asks the read model for %s', async (who) => {
    const service = await openCached();
    const client = service.as(who);
    await client.get(url);
    const before = service.watched.reads('stock_levels_v1');
    const answer = await client.get(url, bypass);
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-status': 'stockledger; fwd=bypass' } });
    expect(service.watched.reads('stock_levels_v1')).toBe(before + 1);
    expect(await statusOf(client, url, { 'stockledger-cache': 'no such word' })).toBe(hit);
  });

  it.each(['sandbox-staff', 'sandbox-shop', 'sandbox-auditor', 'sandbox-partner'])(
    'means nothing from %s',
    async (who) => {
      const service = await openCached();
      const client = service.as(who);
      await client.get('/v1/warehouses/BER');
      expect(await statusOf(client, '/v1/warehouses/BER', bypass)).toBe(hit);
    },
  );
});

describe('what is cached', () => {
  const nearby = { scope: 'inventory:read', roles: ['warehouse_staff'], warehouses: ['PAR'] };

  it('is as far out of reach as before for whoever may not see it (R7.1, R21.3)', async () => {
    const service = await openCached();
    const admin = service.as('sandbox-admin');
    for (const path of [url, '/v1/warehouses/BER', availability]) expect((await admin.get(path)).status).toBe(200);
    for (const path of [url, '/v1/warehouses/BER']) {
      const answer = await service.as(nearby).get(path);
      expect(answer).toMatchObject({ status: 404, body: { code: 'WAREHOUSE_NOT_FOUND' } });
      expect(answer.headers['cache-status']).toBeUndefined();
      expect((await service.as('sandbox-customer').get(path)).status).toBe(403);
      expect((await service.as({ ...nearby, scope: 'orders:read' }).get(path)).status).toBe(403);
      expect((await service.as(null).get(path)).status).toBe(401);
    }
  });

  it('is filtered for each caller, whoever it was read for', async () => {
    const service = await openCached();
    const all = (await service.as('sandbox-admin').get(availability)).body;
    expect(all).toMatchObject({ available: 12, warehouses: [{ warehouseId: 'BER' }, { warehouseId: 'PAR' }] });
    const near = await service.as(nearby).get(availability);
    expect(near).toMatchObject({ status: 200, headers: { 'cache-status': hit } });
    expect(near.body).toMatchObject({ available: 7, warehouses: [{ warehouseId: 'PAR' }] });
    expect(near.text).not.toContain('BER');
    expect((await service.as('sandbox-admin').get(availability)).body).toEqual(all);
  });

  it('is judged only once the log is followed: before, every answer is read', async () => {
    const behind = await openService({ running: false, adapt: () => ({ cache: createMemoryCache() }) });
    const admin = behind.as('sandbox-admin');
    await admin.put('/v1/warehouses/BER', warehouse('BER'));
    for (const _ of [1, 2]) expect(await statusOf(admin, '/v1/warehouses/BER')).toBe(miss);
    behind.start();
    await expect.poll(() => statusOf(admin, '/v1/warehouses/BER')).toBe(hit);
  });
});
