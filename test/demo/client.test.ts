import { afterEach, describe, expect, it } from 'vitest';
import { type Client, createClient } from '../../demo/client.ts';
import { eachLimited } from '../../demo/flow.ts';
import { type FakeOptions, startFakeService } from './fakeService.ts';

type FakeService = Awaited<ReturnType<typeof startFakeService>>;
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const start = async (options?: FakeOptions): Promise<{ service: FakeService; client: Client }> => {
  const service = await startFakeService(options);
  const client = createClient(service.origin);
  open.push(client, service);
  return { service, client };
};

const putItem = { method: 'PUT', path: '/v1/items/x', as: 'sandbox-admin', body: {} } as const;

describe('the client', () => {
  it('signs in once for each caller, however many ask at the same time', async () => {
    const { service, client } = await start();
    await Promise.all([1, 2, 3].flatMap(() => [client.send(putItem), client.send({ ...putItem, as: 'sandbox-shop' })]));
    const asked = service.calls.filter(({ path }) => path === '/oidc/token').map(({ authorization }) => authorization);
    expect(asked.map((text) => Buffer.from(text.replace('Basic ', ''), 'base64').toString()).sort()).toEqual([
      'sandbox-admin:sandbox',
      'sandbox-shop:sandbox',
    ]);
  });

  it('signs in again before a token ends', async () => {
    const { client } = await start({ tokenSeconds: 30 });
    await client.send(putItem);
    await client.send(putItem);
    expect(client.figures.tokens).toBe(2);
  });

  it('tries again with the same idempotency key when the service is busy, and gives the answer then', async () => {
    // 409: the attempt before, whose answer was lost, is still at work.
    const busy = [429, 503, 409];
    const { service, client } = await start({
      interfere: () => {
        const status = busy.shift();
        return status === undefined ? undefined : { status, headers: { 'retry-after': '0' } };
      },
    });
    const body = { changes: [] };
    const post = {
      method: 'POST',
      path: '/v1/inventory/changes',
      as: 'sandbox-admin',
      body,
      idempotencyKey: 'k',
    } as const;
    expect(await client.send(post)).toMatchObject({ status: 207, replayed: false, position: null });
    const keys = service.calls.filter(({ path }) => path === post.path).map(({ idempotencyKey }) => idempotencyKey);
    expect(keys).toEqual(['k', 'k', 'k', 'k']);
    expect(client.figures.retries).toBe(3);
    expect(await client.send(post)).toMatchObject({ status: 207, replayed: true });
  });

  it('waits for a first attempt that is still at work, however often it must ask', async () => {
    let left = 40;
    const { client } = await start({
      interfere: () => {
        left -= 1;
        return left < 0 ? undefined : { status: 409, headers: { 'retry-after': '0' } };
      },
    });
    expect(await client.send(putItem)).toMatchObject({ status: 200 });
    expect(client.figures.retries).toBe(40);
  });

  it('hands a refusal on as it is', async () => {
    const { client } = await start({ interfere: () => ({ status: 409, body: { code: 'STOCK_NOT_EMPTY' } }) });
    expect(await client.send(putItem)).toEqual({
      status: 409,
      body: { code: 'STOCK_NOT_EMPTY' },
      replayed: false,
      position: null,
    });
    expect(client.figures.retries).toBe(0);
  });

  it('says who got no token, and asks anew the next time', async () => {
    const statuses = [401, 200];
    const { client } = await start({ tokenStatus: () => statuses.shift() ?? 200 });
    await expect(client.send(putItem)).rejects.toThrow(/sandbox-admin: 401/);
    expect(await client.send(putItem)).toMatchObject({ status: 200 });
  });
});

describe('many things at once', () => {
  it('begin in order, never more than allowed, and all end', async () => {
    const begun: number[] = [];
    let running = 0;
    let most = 0;
    await eachLimited([...Array(20).keys()], 3, async (item) => {
      begun.push(item);
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running -= 1;
    });
    expect(begun).toEqual([...Array(20).keys()]);
    expect([most, running]).toEqual([3, 0]);
  });

  it('end with the first failure', async () => {
    const fail = eachLimited([1, 2, 3], 1, async (item) => {
      if (item === 2) throw new Error('two');
    });
    await expect(fail).rejects.toThrow('two');
  });
});
