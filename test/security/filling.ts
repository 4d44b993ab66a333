/** How the world is filled, as clients would do it: each helper makes things of one side, and says which words are whose. */
import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { orderOf } from '../http/arrange.ts';
import type { Answer, TestService } from '../support/service.ts';
import { claimsOf, customerOf, type Person, personOf, type Side, warehouseOf } from './people.ts';
import { sharedSku } from './recipes.ts';
import type { Canary, OrderOwners } from './things.ts';
import type { World } from './world.ts';

export const admin = personOf(['admin'], 'east');
/** Who has webhook endpoints. */
const ownersOf = (side: Side): readonly Person[] => [
  personOf(['admin'], side),
  personOf(['service'], side),
  personOf(['partner'], side),
];

/** Stocked on this side alone. */
export const skuOf = (side: Side): string => `${side}Sku`;
export const emailOf = (side: Side): string => `${side}Mail@canary.invalid`;
const phones = { east: '+49 30 5550101', west: '+49 30 5550202' } as const;

export const customer = (side: Side): object => ({
  customerId: customerOf(side),
  name: `${side}Contact`,
  email: emailOf(side),
  phone: phones[side],
});
export const shipTo = (word: string): object => ({
  name: `${word}Addressee`,
  lines: [`1 ${word}Street`],
  city: `${word}City`,
  postalCode: '10115',
  countryCode: 'DE',
});

/** Makes something by a POST, and waits for what follows of it. @returns the body of the answer */
export type Make = (person: Person, url: string, body: object) => Promise<Answer['body']>;

export const openClient = (service: TestService): Pick<World, 'ask'> & { readonly make: Make } => {
  const tokens = new Map<string, string>();
  const tokenOf = async (person: Person): Promise<string> => {
    const claims = claimsOf(person);
    const key = JSON.stringify(claims);
    const token = tokens.get(key) ?? (await service.tokenFor(claims));
    tokens.set(key, token);
    return token;
  };
  const ask: World['ask'] = async (person, { method, url, headers, body }) => {
    const authorization = person === null ? {} : { authorization: `Bearer ${await tokenOf(person)}` };
    const sent = { headers: { ...headers, ...authorization }, ...(body === undefined ? {} : { body }) };
    return service.as(null).request(method, url, sent);
  };
  const make: Make = async (person, url, body) => {
    const headers = { 'idempotency-key': randomUUID(), 'content-type': 'application/json', prefer: 'wait=10' };
    const answer = await ask(person, { method: 'POST', url, headers, body: JSON.stringify(body) });
    expect(answer.status, `${url} ${answer.text}`).toBeLessThan(300);
    return answer.body;
  };
  return { ask, make };
};

/** A machine that does ten other things is slow; only what hangs meets this. */
const restMaxMs = 120_000;

/** Resolves when all that follows the log has come to its end. */
export const restOf = (service: TestService): World['rest'] => {
  const lags = async (): Promise<readonly string[]> => {
    const { payload } = await service.app.inject('/metrics');
    return payload.split('\n').filter((row) => /^stockledger_consumer_lag_positions\{.*\} [1-9]/.test(row));
  };
  return async () => {
    await vi.waitFor(async () => expect(await lags()).toEqual([]), { timeout: restMaxMs });
    await service.settled();
  };
};

export const dispatch = async (make: Make, orderId: string, side: Side, more: object = {}): Promise<string> => {
  const body = { warehouseId: warehouseOf(side), lines: [{ lineId: '1', quantity: 1 }], parcels: [{ boxes: [] }] };
  return (await make(admin, `/v1/orders/${orderId}/shipments`, { ...body, ...more })).shipmentId as string;
};

export const stocksOf = (side: Side) => ({
  [sharedSku]: 1_000,
  [skuOf(side)]: 5_000,
  [`${side}Empty`]: 0,
  Split: 10,
  Late: 0,
  LostA: 1,
  LostB: 1,
});

/** Events of many kinds at a warehouse, and words that are that warehouse's. */
export const fillHouse = async (make: Make, side: Side): Promise<readonly Canary[]> => {
  const warehouseId = warehouseOf(side);
  const at = `/v1/warehouses/${warehouseId}/inventory`;
  const receipt = { quantity: 1, purchaseOrder: `${side}Po`, supplier: `${side}Supplier` };
  for (const sku of [sharedSku, skuOf(side)]) {
    await make(admin, `${at}/${sku}/receipts`, receipt);
    const found = { delta: 1, reason: 'found', reference: `${side}Ref`, note: `${side}StockNote` };
    await make(admin, `${at}/${sku}/adjustments`, found);
    await make(admin, `${at}/${sku}/quarantine`, { quantity: 200, reason: 'inspection' });
  }
  for (const sku of ['LostA', 'LostB']) await make(admin, `${at}/${sku}/adjustments`, { delta: -3, reason: 'lost' });
  const words = ['Depot', 'Po', 'Supplier', 'Ref'].map((word) => ({ word: `${side}${word}`, warehouseId }));
  return [...words, { word: `${side}StockNote`, warehouseId, field: 'notes' }];
};

export interface Placed {
  readonly orderId: string;
  readonly orderNumber: string;
  readonly owners: OrderOwners;
}

/** `word` is in its address and its number. */
export const place = async (make: Make, service: TestService, word: string, order: object): Promise<Placed> => {
  const orderNumber = `${word}Number`;
  const { orderId } = await make(admin, '/v1/orders', orderOf([], { orderNumber, shipTo: shipTo(word), ...order }));
  await restOf(service)();
  const known = await service.readModels.orders.queries.get(orderId as string);
  if (known === null) throw new Error(`${word} was not placed`);
  const { customerId, warehouseIds } = known;
  return { orderId: known.orderId, orderNumber, owners: { customerId, warehouseIds } };
};

export const addressWords = (word: string, { orderId, orderNumber, owners }: Placed): readonly Canary[] => [
  { word: orderId, orders: [owners] },
  { word: orderNumber, orders: [owners] },
  ...['Addressee', 'Street', 'City'].map(
    (part): Canary => ({ word: `${word}${part}`, orders: [owners], field: 'shipTo' }),
  ),
];

export const customerWords = (side: Side, placed: readonly Placed[]): readonly Canary[] => {
  const orders = placed.map(({ owners }) => owners).filter(({ customerId }) => customerId === customerOf(side));
  const contact = [`${side}Contact`, emailOf(side), phones[side]];
  return [{ word: customerOf(side), orders }, ...contact.map((word): Canary => ({ word, orders, field: 'contact' }))];
};

/** A parcel from a warehouse, with a courier's words on where it was. */
export const shipFrom = async (make: Make, { orderId, owners }: Placed, side: Side) => {
  const [trackingNumber, carrier] = [`${side}Waybill`, `${side}Courier`];
  const shipmentId = await dispatch(make, orderId, side, { carrier, trackingNumber });
  const said = { detail: `${side}Detail`, location: `${side}Place` };
  const report = { status: 'in_transit', occurredAt: '2026-11-24T09:30:00.000Z', ...said };
  await make(admin, `/v1/shipments/${shipmentId}/tracking-events`, report);
  const whose = { warehouseId: warehouseOf(side), orders: [owners] };
  const words: readonly Canary[] = [
    ...[shipmentId, trackingNumber, carrier].map((word) => ({ word, ...whose })),
    ...Object.values(said).map((word): Canary => ({ word, ...whose, field: 'words' })),
  ];
  return { shipmentId, trackingNumber, words };
};

/** Of reservations: those of the given orders, and those that are for no order. */
export const reservationWords = async (service: TestService, placed: readonly Placed[]): Promise<readonly Canary[]> => {
  const log = await service.adapters.events.readAll(null, 'forwards', 100_000);
  return log.flatMap(({ type, data }): readonly Canary[] => {
    if (type !== 'StockReserved') return [];
    const { reservationId: word, warehouseId, orderId } = data as { readonly [name: string]: string };
    if (word === undefined || warehouseId === undefined) return [];
    if (orderId === undefined) return [{ word, warehouseId }];
    const owners = placed.find((each) => each.orderId === orderId)?.owners;
    return owners === undefined ? [] : [{ word, warehouseId, orders: [owners] }];
  });
};

export interface Endpoints {
  /** By owner. */
  readonly ids: ReadonlyMap<string, string>;
  readonly words: readonly Canary[];
}

export const makeEndpoints = async (make: Make, side: Side): Promise<Endpoints> => {
  const ids = new Map<string, string>();
  const words: Canary[] = [];
  for (const person of ownersOf(side)) {
    const { ownerId: endpointOwner } = person;
    const host = `hook.${endpointOwner.toLowerCase()}`;
    const about = { eventTypes: ['stock.changed', 'order.allocated'], description: `${endpointOwner}Hook` };
    const made = await make(person, '/v1/webhook-endpoints', { url: `https://${host}.example/`, ...about });
    const { endpointId, secret } = made as { readonly endpointId: string; readonly secret: string };
    ids.set(endpointOwner, endpointId);
    for (const word of [endpointId, host, about.description]) words.push({ word, endpointOwner });
    words.push({ word: secret, isSecret: true });
  }
  return { ids, words };
};
