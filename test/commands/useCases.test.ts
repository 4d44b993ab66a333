/** What surrounds the command loop: seals, facts from elsewhere, streams that follow one another. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contactContext, shipToContext } from '../../src/commands/orders.ts';
import type { PersonalData } from '../../src/commands/ports.ts';
import type { StockChange } from '../../src/commands/stock.ts';
import { endpointContext } from '../../src/commands/webhookEndpoints.ts';
import type { OrderPlaced } from '../../src/domain/order/events.ts';
import type { WebhookEndpointCreated } from '../../src/domain/webhook/events.ts';
import { derivedId } from '../../src/eventsourcing/commandHandling/ids.ts';
import {
  change,
  contact,
  describeWarehouse,
  dispatch,
  openShop,
  place,
  recorded,
  shipTo,
  storyOf,
} from '../processManagers/arrange.ts';
import { contextOf, openWorld, plainPersonalData, type World } from '../support/world.ts';

let world: World;
const seals: string[] = [];
beforeEach(async () => {
  seals.length = 0;
  const seal: PersonalData['seal'] = async (subject, at, value) => {
    if (value === 'unsealable') throw new Error('the key store is away');
    seals.push(`${subject} at ${at}`);
    return plainPersonalData.seal(subject, at, value);
  };
  world = await openWorld({ personalData: { ...plainPersonalData, seal } });
});
afterEach(() => world.close());

const dry = { dryRun: true };
const eventTypes = async (): Promise<string[]> => (await world.log.events()).map(({ type }) => type);

describe('warehouses and items', () => {
  it('are described as a whole; the same again records nothing (PUT)', async () => {
    const define = (name: string) => world.useCases.defineWarehouse('BER', describeWarehouse(), contextOf(name));
    expect(await define('a')).toMatchObject({ kind: 'recorded', revision: 0 });
    expect(await define('b')).toMatchObject({ kind: 'unchanged', revision: 0 });
    const item = { name: 'Chair', attributes: {}, boxes: [] };
    expect(await world.useCases.defineItem('CHAIR', item, contextOf('c'))).toMatchObject({ kind: 'recorded' });
    expect(await eventTypes()).toEqual(['WarehouseDefined', 'ItemDefined']);
  });
});

describe('stock', () => {
  const row = (name: string, sku: string, delta: number, note?: string): StockChange => ({
    ...change(world, name, { type: 'AdjustStock', warehouseId: 'BER', sku, delta, reason: 'correction' }),
    ...(note === undefined ? {} : { note }),
  });

  it('is registered only where there is a warehouse', async () => {
    const register = { type: 'RegisterStock', warehouseId: 'OSL', sku: 'CHAIR', onHand: 1, safetyStock: 0 } as const;
    const outcome = await world.useCases.changeStock(change(world, 'r', register));
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'WAREHOUSE_NOT_FOUND' } });
  });

  it('changes in bulk: rows of one stock in the order they stand in, and one bad row stops no other', async () => {
    await openShop(world, { BER: { CHAIR: 0, LAMP: 0 } });
    const results = await world.useCases.changeStocks([
      row('1', 'CHAIR', 5),
      row('2', 'LAMP', 1, 'unsealable'),
      row('3', 'CHAIR', -5, 'gone'),
      row('4', 'CHAIR', 0.5),
      row('5', 'TABLE', 1),
      row('6', 'CHAIR', 2),
    ]);
    expect(results).toMatchObject([
      { status: 'fulfilled', value: { kind: 'recorded', revision: 1 } },
      { status: 'rejected', reason: { message: 'the key store is away' } },
      { status: 'fulfilled', value: { kind: 'recorded', revision: 2 } },
      { status: 'fulfilled', value: { kind: 'refused', refusal: { code: 'QUANTITY_INVALID' } } },
      { status: 'fulfilled', value: { kind: 'refused', refusal: { code: 'STOCK_NOT_FOUND' } } },
      { status: 'fulfilled', value: { kind: 'recorded', revision: 3 } },
    ]);
    expect(seals).toEqual(['author:anna at stock-BER.CHAIR/note']);
  });
});

describe('an order', () => {
  it('keeps who the customer is and where they live sealed, each bound to its place', async () => {
    const { events } = await recorded(place(world, 'o1', { CHAIR: 1 }));
    const data = events[0]?.data as OrderPlaced['data'];
    expect(await plainPersonalData.open(data.contact, contactContext('o1'))).toEqual(contact);
    expect(await plainPersonalData.open(data.shipTo, shipToContext('o1'))).toEqual(shipTo);
    expect(seals).toEqual(['customer:anna at order-o1/contact', 'customer:anna at order-o1/shipTo']);
    expect(JSON.stringify({ ...data, contact: '', shipTo: '' })).not.toContain('Anna');
  });

  it('that is only tried out makes no key, and no event (B12)', async () => {
    await openShop(world, { BER: { CHAIR: 1 } });
    const before = (await eventTypes()).length;
    const note = 'called twice';
    const outcomes = await Promise.all([
      world.useCases.changeOrder('o1', { type: 'HoldOrder', reason: 'x', note }, contextOf('a', dry)),
      world.useCases.changeStock({ ...change(world, 'b', adjustment), note, context: contextOf('b', dry) }),
      world.useCases.createEndpoint(endpoint, contextOf('c', dry)),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['refused', 'dry_run', 'dry_run']);
    expect(seals).toEqual([]);
    expect(await eventTypes()).toHaveLength(before);
  });
});

const adjustment = { type: 'AdjustStock', warehouseId: 'BER', sku: 'CHAIR', delta: 1, reason: 'found' } as const;
const endpoint = {
  endpointId: 'e1',
  ownerId: 'p1',
  url: 'https://p.example.test/x',
  eventTypes: [],
  scope: 'all',
} as const;
describe('a shipment', () => {
  beforeEach(async () => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
  });

  it('is there at once for the courier, and the policy that follows finds it done', async () => {
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 3 }));
    const said = { status: 'in_transit', detail: 'left', reportedAt: world.clock.now() } as const;
    const tracked = await recorded(world.useCases.trackParcel('o1-from-BER', said, contextOf('t')));
    expect(tracked.events[0]?.metadata.actor.subject).toBe('anna');
    expect(seals.at(-1)).toBe('customer:anna at shipment-o1-from-BER/detail');
    await world.settle({ twice: true });
    expect((await eventTypes()).filter((type) => type === 'ShipmentDispatched')).toHaveLength(1);
  });

  it('is begun by the policy when the process died between the two', async () => {
    world.restart({ append: 1, when: 'after' });
    await expect(dispatch(world, 'o1', 'BER', { CHAIR: 3 })).rejects.toThrow();
    world.restart();
    await world.settle();
    expect(await eventTypes()).toContain('ShipmentDispatched');
    expect((await dispatch(world, 'o1', 'BER', { CHAIR: 3 })).kind).toBe('recorded');
    expect((await storyOf(world.log, 'o1')).filter((type) => type === 'OrderShipmentDispatched')).toHaveLength(1);
    expect((await eventTypes()).filter((type) => type === 'ShipmentDispatched')).toHaveLength(1);
  });

  it('ignores which revision of the order was seen: that was for the order', async () => {
    const { revision } = await world.useCases.load.order('order-o1');
    const request = { shipmentId: 's1', warehouseId: 'BER', carrier: 'c', trackingNumber: 'T', parcels: [] };
    const lines = [{ lineId: 'CHAIR', quantity: 1 }];
    const context = contextOf('d', { ifMatch: [revision] });
    await recorded(world.useCases.dispatchShipment('o1', { ...request, lines }, context));
    expect(await eventTypes()).toContain('ShipmentDispatched');
    const again = contextOf('e', { ifMatch: [revision] });
    expect(await world.useCases.dispatchShipment('o1', { ...request, shipmentId: 's2', lines }, again)).toMatchObject({
      kind: 'stale',
      currentRevision: revision + 1,
    });
  });

  it('says nothing of a shipment that nobody knows, and seals nothing for it', async () => {
    seals.length = 0;
    const said = { status: 'in_transit', detail: 'left', reportedAt: world.clock.now() } as const;
    const outcome = await world.useCases.trackParcel('s9', said, contextOf('t'));
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'SHIPMENT_NOT_FOUND' } });
    expect(seals).toEqual([]);
  });
});

describe('a webhook endpoint', () => {
  const secretOf = async (commandName: string): Promise<unknown> => {
    const { events } = await recorded(world.useCases.createEndpoint(endpoint, contextOf(commandName)));
    const [created] = events.map(({ data }) => data as WebhookEndpointCreated['data']);
    return created === undefined ? null : plainPersonalData.open(created.secret, endpointContext('e1', 'secret'));
  };

  it('has a secret that is sealed in its place and told again, the same, to a request that is sent again', async () => {
    const first = await secretOf('create');
    expect(first).toMatch(/^whsec_/);
    expect(await secretOf('create')).toBe(first);
    world.restart();
    expect(await secretOf('create')).toBe(first);
    expect(seals).toContain('webhook-e1 at webhook-e1/secret');
    expect(seals).toContain('webhook-e1 at webhook-e1/url');
  });

  it('is tried out, disabled once, and deleted', async () => {
    await secretOf('create');
    const { testEndpoint, recordGone, deleteEndpoint } = world.useCases;
    expect(await testEndpoint('e1', contextOf('t'))).toMatchObject({ kind: 'recorded' });
    const gone = await recordGone('e1');
    expect(gone).toMatchObject({ kind: 'recorded', events: [{ type: 'WebhookEndpointDisabled' }] });
    const { revision } = gone as Extract<typeof gone, { kind: 'recorded' }>;
    expect(await recordGone('e1')).toMatchObject({ kind: 'recorded', revision });
    expect(await deleteEndpoint('e1', contextOf('x'))).toMatchObject({ kind: 'recorded' });
    expect(await testEndpoint('e1', contextOf('t2'))).toMatchObject({
      refusal: { code: 'WEBHOOK_ENDPOINT_NOT_FOUND' },
    });
  });
});

describe('the sweep of reservations', () => {
  it('ends all that are due, however many, each by an event of its own (B4)', async () => {
    await openShop(world, { BER: { CHAIR: 1_000 } });
    const expiresAt = new Date(Date.parse(world.clock.now()) + 1).toISOString();
    const reserve = (index: number): StockChange =>
      change(world, `r${index}`, {
        type: 'ReserveStock',
        warehouseId: 'BER',
        sku: 'CHAIR',
        quantity: 1,
        reservationId: derivedId(`r${index}`),
        expiresAt,
      });
    await world.useCases.changeStocks(Array.from({ length: 501 }, (_, index) => reserve(index)));
    expect(await world.useCases.expireReservations()).toBe(0);
    world.clock.pass(1);
    expect(await world.useCases.expireReservations()).toBe(501);
    expect(await world.useCases.expireReservations()).toBe(0);
    const ended = (await world.log.events()).filter(({ type }) => type === 'StockReservationExpired');
    expect(ended).toHaveLength(501);
    expect(new Set(ended.map(({ metadata }) => metadata.actor.kind))).toEqual(new Set(['system']));
  });
});
