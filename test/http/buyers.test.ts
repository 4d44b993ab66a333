/** Many buyers, few pieces, over real HTTP: nobody gets what is not there, and everybody is told (R6.3, R11.2, R16.3). */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openService, type TestService } from '../support/service.ts';
import { arrange, line, orderOf } from './arrange.ts';

const buyers = 200;
const pieces = 50;
const sku = 'TABLE-OAK-160';
const url = `/v1/warehouses/BER/inventory/${sku}`;

interface Told {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
  readonly text: string;
  readonly replayed: string | null;
}

interface Shop {
  readonly service: TestService;
  /** Every buyer asks at once, each with a key of their own that stays the same from call to call. */
  buyAll(path: string, body: object): Promise<readonly Told[]>;
  stock(): Promise<ReturnType<typeof JSON.parse>>;
}

const openShop = async (who: string): Promise<Shop> => {
  const service = await openService();
  await arrange(service, { BER: { [sku]: pieces } });
  const origin = await service.listen();
  const token = await service.tokenFor(who);
  const keys = Array.from({ length: buyers }, () => randomUUID());
  const buy = async (path: string, body: object, key: string): Promise<Told> => {
    const response = await fetch(`${origin}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': key,
        prefer: 'wait=10',
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const replayed = response.headers.get('idempotency-replayed');
    return { status: response.status, body: JSON.parse(text), text, replayed };
  };
  return {
    service,
    buyAll: (path, body) => Promise.all(keys.map((key) => buy(path, body, key))),
    stock: async () => {
      await service.settled();
      return (await service.as('sandbox-support').get(url)).body;
    },
  };
};

const countBy = (told: readonly Told[], of: (each: Told) => string): object => {
  const counts = new Map<string, number>();
  for (const each of told) counts.set(of(each), (counts.get(of(each)) ?? 0) + 1);
  return Object.fromEntries(counts);
};

describe(`${buyers} buyers of ${pieces} pieces`, () => {
  it('get every piece once by reservation, and the rest are told 409; the same again, the same answers', async () => {
    const { service, buyAll, stock } = await openShop('sandbox-admin');
    const body = { quantity: 1, expiresInSeconds: 900 };
    const first = await buyAll(`${url}/reservations`, body);
    expect(countBy(first, ({ status, body: { code } }) => `${status} ${code ?? ''}`.trim())).toEqual({
      201: pieces,
      '409 INSUFFICIENT_STOCK': buyers - pieces,
    });
    expect(new Set(first.map((each) => each.body.reservationId)).size - 1).toBe(pieces);
    expect(await stock()).toMatchObject({ onHand: pieces, reserved: pieces, available: 0 });

    const events = await service.countEvents();
    const again = await buyAll(`${url}/reservations`, body);
    expect(again.map(({ text }) => text)).toEqual(first.map(({ text }) => text));
    expect(again.map(({ status }) => status)).toEqual(first.map(({ status }) => status));
    expect(again.every(({ replayed }) => replayed === 'true')).toBe(true);
    expect(await service.countEvents()).toBe(events);
  });

  it('get every piece once by order, and the rest are cancelled; the same again, the same answers', async () => {
    const { service, buyAll, stock } = await openShop('sandbox-shop');
    const order = orderOf([line(sku, 1)], { allowBackorder: false });
    const first = await buyAll('/v1/orders', order);
    expect(countBy(first, ({ status, body: { status: state } }) => `${status} ${state}`)).toEqual({
      '201 processing': pieces,
      '201 cancelled': buyers - pieces,
    });
    expect(new Set(first.map((each) => each.body.orderId)).size).toBe(buyers);
    expect(await stock()).toMatchObject({ onHand: pieces, reserved: pieces, available: 0 });

    const events = await service.countEvents();
    const again = await buyAll('/v1/orders', order);
    expect(again.map(({ text }) => text)).toEqual(first.map(({ text }) => text));
    expect(again.every(({ replayed }) => replayed === 'true')).toBe(true);
    expect(await service.countEvents()).toBe(events);
  });
});
