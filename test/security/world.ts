/**
 * A service with two of everything: warehouses, their partners, customers, orders (one of them of both warehouses),
 * shipments, reservations, endpoints, notes. All that is somebody's has a word of its own, so that answers can be searched.
 */
import { randomUUID } from 'node:crypto';
import { arrange, line, orderOf, warehouse } from '../http/arrange.ts';
import { type Answer, type ServiceOptions, startService, type TestService } from '../support/service.ts';
import {
  addressWords,
  admin,
  customer,
  customerWords,
  dispatch,
  type Endpoints,
  emailOf,
  fillHouse,
  type Make,
  makeEndpoints,
  openClient,
  type Placed,
  place,
  reservationWords,
  restOf,
  shipFrom,
  shipTo,
  skuOf,
  stocksOf,
} from './filling.ts';
import { annexOf, claimsOf, customerOf, type Person, personOf, type Side, warehouseOf } from './people.ts';
import { type Need, sharedSku } from './recipes.ts';
import type { Canary, Things } from './things.ts';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
}

export interface World {
  readonly service: TestService;
  readonly canaries: readonly Canary[];
  /** With the endpoint that is theirs on that side: their own in the east, their counterpart's in the west. */
  thingsFor(person: Person | null, side: Side): Things;
  /** What is used up by being done, made anew. */
  fresh(need: Need, person: Person, side: Side): Promise<Partial<Things>>;
  ask(person: Person | null, asked: Asked): Promise<Answer>;
  /** Resolves when all that follows the log has come to its end. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

const sides: readonly Side[] = ['east', 'west'];
const lineOf = (side: Side): string => `${side}Line`;
const newName = (): string => `new${randomUUID()}`;

const fillHouses = async (service: TestService, make: Make) => {
  const boss = service.as(claimsOf(admin));
  await arrange(service, { [warehouseOf('east')]: stocksOf('east'), [warehouseOf('west')]: stocksOf('west') });
  for (const sku of [sharedSku, 'Table']) await boss.put(`/v1/items/${sku}`, { name: sku, attributes: {}, boxes: [] });
  for (const side of sides) {
    const id = warehouseOf(side);
    await boss.put(`/v1/warehouses/${id}`, warehouse(id, { name: `${side}Depot` }));
    const annex = annexOf(side);
    // Orders are not to be served from it.
    await boss.put(`/v1/warehouses/${annex}`, warehouse(annex, { name: `${side}Depot`, sourcing: 'closed' }));
  }
  // Before all else that happens there, so that they hear of it.
  const endpoints = { east: await makeEndpoints(make, 'east'), west: await makeEndpoints(make, 'west') };
  const words = [...(await fillHouse(make, 'east')), ...(await fillHouse(make, 'west'))];
  return { endpoints, words };
};

/** One of both warehouses, and two of another customer: one far away, and one from the house next door. */
const fillOrders = async (service: TestService, make: Make) => {
  // Both wait for it, and are planned twice.
  const late = line('Late', 1);
  const split = await place(make, service, 'split', { customer: customer('east'), lines: [line('Split', 12), late] });
  const far = await place(make, service, 'far', { customer: customer('west'), lines: [line(skuOf('west'), 5), late] });
  const near = await place(make, service, 'near', { customer: customer('west'), lines: [line(skuOf('east'), 5)] });
  await make(admin, `/v1/warehouses/${warehouseOf('west')}/inventory/Late/receipts`, { quantity: 2 });
  await service.settled();
  const boss = service.as(claimsOf(admin));
  for (const status of ['on_hold', 'released']) {
    await boss.put(`/v1/orders/${far.orderId}/status`, { status, reason: 'asked', note: 'farNote' });
  }
  const parcels = { east: await shipFrom(make, split, 'east'), west: await shipFrom(make, split, 'west') };
  // The order is then in exception, in words that name the shipment.
  const back = { status: 'return_to_sender', occurredAt: service.clock.now() };
  await make(admin, `/v1/shipments/${parcels.west.shipmentId}/tracking-events`, back);
  return { split, far, near, parcels };
};

/** Nothing but retirements, and what the matrix makes to be approved, is as much. */
const approvalFromUnits = 1_000_000;
/** Nobody approves what they have proposed. */
const proposer = personOf(['admin'], 'east', { name: 'proposer' });

const freshFrom = (make: Make) => {
  /** Of its side's customer and warehouse alone. */
  const order = async (side: Side, lineId = '1'): Promise<string> => {
    const lines = [line(skuOf(side), 2, { lineId })];
    const body = orderOf(lines, { customer: customer(side), shipTo: shipTo('fresh') });
    return (await make(admin, '/v1/orders', body)).orderId as string;
  };
  const shippedOrder = async (side: Side): Promise<string> => {
    const orderId = await order(side);
    await dispatch(make, orderId, side);
    return orderId;
  };
  const returnOf = async (orderId: string): Promise<string> => {
    const body = { lines: [{ lineId: '1', quantity: 1 }], reason: 'unwanted' };
    return (await make(admin, `/v1/orders/${orderId}/returns`, body)).returnId as string;
  };
  const at = (side: Side): string => `/v1/warehouses/${warehouseOf(side)}/inventory`;
  const transfer = async (side: Side, quantity: number): Promise<string> => {
    const body = { from: warehouseOf(side), to: annexOf(side), lines: [{ sku: skuOf(side), quantity }] };
    return (await make(admin, '/v1/transfers', body)).transferId as string;
  };
  const made: { readonly [N in Need]: (person: Person, side: Side) => Promise<Partial<Things>> } = {
    keyId: async () => ({ keyId: (await make(admin, '/v1/api-keys', { clientId: newName() })).keyId }),
    approvalId: async (_, side) => {
      // A stock takes a few proposals at a time.
      const sku = newName();
      await make(proposer, at(side), { sku });
      const body = { delta: approvalFromUnits, reason: 'found' };
      return { approvalId: (await make(proposer, `${at(side)}/${sku}/adjustments`, body)).approvalId };
    },
    emptySku: async (_, side) => {
      const emptySku = newName();
      await make(admin, at(side), { sku: emptySku });
      return { emptySku };
    },
    reservationId: async (_, side) => {
      const body = { quantity: 1, expiresInSeconds: 86_400 };
      return { reservationId: (await make(admin, `${at(side)}/${skuOf(side)}/reservations`, body)).reservationId };
    },
    orderId: async (_, side) => ({ orderId: await order(side) }),
    newOrderId: async (_, side) => ({ newOrderId: await order(side, lineOf(side)) }),
    newShipmentId: async (_, side) => ({
      newShipmentId: await dispatch(make, await order(side, lineOf(side)), side, {
        lines: [{ lineId: lineOf(side), quantity: 1 }],
      }),
    }),
    newTransferId: async (_, side) => ({ newTransferId: await transfer(side, 1) }),
    shippedOrderId: async (_, side) => ({ shippedOrderId: await shippedOrder(side) }),
    newReturnId: async (_, side) => ({ newReturnId: await returnOf(await shippedOrder(side)) }),
    linkId: async (_, side) => {
      const newOrderId = await order(side, lineOf(side));
      return { newOrderId, linkId: (await make(admin, `/v1/orders/${newOrderId}/tracking-links`, {})).linkId };
    },
    endpointId: async (person) => {
      const body = { url: `https://${newName()}.example/`, eventTypes: ['stock.out'] };
      const { endpointId } = await make(person, '/v1/webhook-endpoints', body);
      return { endpointId, endpointOwner: person.ownerId };
    },
    inboundId: async (_, side) => {
      const lines = [{ lineId: '1', sku: skuOf(side), quantity: 1 }];
      const body = { warehouseId: warehouseOf(side), reference: 'PO-1', expectedAt: '2026-12-01T08:00:00.000Z', lines };
      return { inboundId: (await make(admin, '/v1/inbound-shipments', body)).inboundId };
    },
  };
  return {
    fresh: (need: Need, person: Person, side: Side): Promise<Partial<Things>> => made[need](person, side),
    /** So many pieces are on their way, and as many are still to leave. */
    begunTransfer: async (side: Side, quantity: number): Promise<string> => {
      const transferId = await transfer(side, 2 * quantity);
      await make(admin, `/v1/transfers/${transferId}/dispatch`, { lines: [{ lineId: '1', quantity }] });
      return transferId;
    },
  };
};

type Fresh = ReturnType<typeof freshFrom>;
type Filled = Awaited<ReturnType<typeof fillOrders>>;

const standingThings = async ({ fresh, begunTransfer }: Fresh, side: Side, filled: Filled): Promise<Things> => {
  const { orderId, orderNumber, owners } = side === 'east' ? filled.split : filled.far;
  const { shipmentId, trackingNumber } = filled.parcels[side];
  const fixed = {
    annexId: annexOf(side),
    warehouseId: warehouseOf(side),
    sku: skuOf(side),
    lineId: lineOf(side),
    emptySku: `${side}Empty`,
    customerId: customerOf(side),
    orderId,
    order: owners,
    orderNumber,
    email: emailOf(side),
    shipmentId,
    trackingNumber,
  };
  const named = {
    approvalId: '',
    keyId: '',
    reservationId: '',
    newOrderId: '',
    newShipmentId: '',
    transferId: '',
    newTransferId: '',
    endpointId: '',
    endpointOwner: '',
    newName: '',
    inboundId: '',
    shippedOrderId: '',
    newReturnId: '',
    linkId: '',
    returnId: '',
  };
  const made: Partial<Things>[] = [];
  for (const need of [
    'keyId',
    'approvalId',
    'reservationId',
    'newOrderId',
    'newShipmentId',
    'newTransferId',
    'inboundId',
    'shippedOrderId',
    'newReturnId',
    'linkId',
  ] as const)
    made.push(await fresh(need, admin, side));
  const transferId = await begunTransfer(side, 500);
  const things = Object.assign({ ...fixed, ...named }, ...made, { transferId }) as Things;
  return { ...things, returnId: things.newReturnId };
};

/** Warehouses are told with orders that they have a part in. */
const houseWord = (side: Side, orders: readonly Placed[]): Canary => {
  const warehouseId = warehouseOf(side);
  const withPart = orders.map(({ owners }) => owners).filter(({ warehouseIds }) => warehouseIds.includes(warehouseId));
  return { word: warehouseId, warehouseId, orders: withPart };
};

const wordsOf = async (service: TestService, { split, far, near, parcels }: Filled): Promise<readonly Canary[]> => {
  const orders = [split, far, near];
  return [
    ...sides.map((side): Canary => ({ word: annexOf(side), warehouseId: annexOf(side) })),
    ...sides.flatMap((side) => [houseWord(side, orders), ...customerWords(side, orders), ...parcels[side].words]),
    ...addressWords('split', split),
    ...addressWords('far', far),
    ...addressWords('near', near),
    { word: 'farNote', orders: [far.owners], field: 'notes' },
    { word: skuOf('west'), warehouseId: warehouseOf('west'), orders: [far.owners] },
    ...(await reservationWords(service, orders)),
    // How much a warehouse has is no business of who ordered of it.
    { word: '"onHand"', hiddenFrom: 'customer' },
    { word: '"priceMinor"', field: 'prices' },
    { word: '"currency"', field: 'prices' },
  ];
};

/** The endpoint of that person's counterpart on a side; of those who have none, the partner's. */
const endpointFor = ({ ids }: Endpoints, person: Person | null, side: Side) => {
  const own = person === null ? '' : personOf(person.roles, side).ownerId;
  const endpointOwner = ids.has(own) ? own : `${side}Partner`;
  return { endpointOwner, endpointId: ids.get(endpointOwner) ?? '' };
};

export const openSecurityWorld = async (options: ServiceOptions = {}): Promise<World> => {
  const service = await startService({ requestsPerMinute: 100_000_000, approvalFromUnits, ...options });
  const { ask, make } = openClient(service);
  const rest = restOf(service);
  const { endpoints, words } = await fillHouses(service, make);
  const filled = await fillOrders(service, make);
  const making = freshFrom(make);
  const { fresh } = making;
  const things = {
    east: await standingThings(making, 'east', filled),
    west: await standingThings(making, 'west', filled),
  };
  await rest();
  const canaries = [...words, ...endpoints.east.words, ...endpoints.west.words, ...(await wordsOf(service, filled))];
  return {
    service,
    canaries,
    thingsFor: (person, side) => ({
      ...things[side],
      ...endpointFor(endpoints[side], person, side),
      newName: newName(),
    }),
    fresh,
    ask,
    rest,
    close: service.close,
  };
};
