/** Commands on orders and their shipments, valid and not, and what the model says to each. */
import type { Client } from './client.ts';
import type { Dice } from './dice.ts';
import { isUnseen, type Known, type KnownOrder, note, reaches, warehouseIds } from './known.ts';
import { type Decision, type LineQuantity, orderKey, record, refuse, shipmentKey } from './log.ts';
import { decideAddress, decideDispatch, decideStatus, type Order } from './order.ts';
import { decideLabel, decideTracking } from './shipment.ts';
import type { Planned } from './stockCommands.ts';
import { isKnownSku, numberKey, orderOf, shipmentOf, stockAt, type World } from './world.ts';

const clientOf = (role: string): string => `sandbox-${role}`;
const writers = ['admin', 'shop', 'customer'];
const senders = ['admin', 'staff', 'partner'];
const countries = ['DE', 'FR', 'GB', 'US', 'IT', 'HK'];
const dayMs = 24 * 3_600_000;

const onOrder = (role: string, orderId: string, decide: (order: Order, world: World) => Decision) => (world: World) => {
  const order = orderOf(world, orderId);
  return order === undefined || isUnseen(role, order) ? refuse('ORDER_NOT_FOUND') : decide(order, world);
};

const only = (code: string | undefined): readonly string[] => (code === undefined ? [] : [code]);
const mayNot = (role: string, who: readonly string[]): readonly string[] =>
  who.includes(role) ? [] : ['SCOPE_MISSING'];

const addressFor = (dice: Dice) => ({
  name: 'Ada Example',
  lines: [`${dice.below(1_000_000)} Example Street`],
  city: 'Berlin',
  countryCode: dice.pick(countries),
  ...(dice.chance(0.7) ? { postalCode: String(dice.between(10_000, 99_999)) } : {}),
  ...(dice.chance(0.3) ? { latitude: dice.between(-60, 60), longitude: dice.between(-170, 170) } : {}),
});

const linesFor = (dice: Dice, known: Known) => {
  const count = dice.weighted([
    [70, dice.between(1, 3)],
    [20, dice.between(4, 9)],
    [4, dice.between(10, 30)],
  ]);
  const named = dice.chance(0.5);
  return Array.from({ length: count }, (_, index) => ({
    lineId: named ? `L${index + 1}` : undefined,
    sku: dice.pick(known.shelves.slice(-120)).sku,
    quantity: dice.between(1, 5),
    priceMinor: dice.between(100, 99_999),
    currency: 'EUR',
  }));
};

interface Fault {
  readonly code: string;
  readonly spoil: (body: ReturnType<typeof orderBody>) => object;
}
const faults: readonly Fault[] = [
  { code: 'VALIDATION', spoil: (body) => ({ ...body, lines: [] }) },
  { code: 'VALIDATION', spoil: (body) => ({ ...body, lines: body.lines.map((line) => ({ ...line, quantity: 0 })) }) },
  {
    code: 'VALIDATION',
    spoil: (body) => ({ ...body, lines: body.lines.map((line) => ({ ...line, currency: 'ZZZ' })) }),
  },
  { code: 'VALIDATION', spoil: (body) => ({ ...body, shipTo: { ...body.shipTo, countryCode: 'ZZ' } }) },
  {
    code: 'CURRENCIES_MIXED',
    spoil: (body) => ({ ...body, lines: [...body.lines, { ...body.lines[0], lineId: 'X', currency: 'USD' }] }),
  },
  {
    code: 'ORDER_LINE_REPEATED',
    spoil: (body) => ({ ...body, lines: [1, 2].map(() => ({ ...body.lines[0], lineId: 'X' })) }),
  },
  { code: 'SKU_UNKNOWN', spoil: (body) => ({ ...body, lines: [{ ...body.lines[0], sku: 'no such SKU' }] }) },
];

const orderBody = (dice: Dice, role: string, known: Known) => ({
  ...(dice.chance(0.3) ? { orderId: (dice.chance(0.6) ? known.announced.shift() : undefined) ?? dice.uuid() } : {}),
  ...(dice.chance(0.3) ? { orderNumber: `WEB/${dice.uuid().slice(0, 8)}` } : {}),
  customer: {
    customerId: role === 'customer' ? 'sandbox-customer' : `customer-${dice.below(50)}`,
    name: 'Ada Example',
    email: 'ada@example.invalid',
  },
  shipTo: addressFor(dice),
  lines: linesFor(dice, known),
  sourcing: dice.pick(['fewest-shipments', 'nearest', 'priority', 'balance']),
  allowSplit: dice.chance(0.8),
  allowBackorder: dice.chance(0.8),
  ...(dice.chance(0.1) ? { preferredWarehouseId: dice.pick(warehouseIds) } : {}),
});

type OrderBody = ReturnType<typeof orderBody>;

const refusalsOf = (world: World, client: string, { orderId, orderNumber, lines }: OrderBody): readonly string[] => {
  const owner = orderNumber === undefined ? undefined : world.orderNumbers.get(numberKey(client, orderNumber));
  const isTaken = orderId !== undefined && orderOf(world, orderId) !== undefined;
  return [
    ...(lines.every(({ sku }) => isKnownSku(world, sku)) ? [] : ['SKU_UNKNOWN']),
    ...(isTaken ? ['ORDER_ID_TAKEN'] : []),
    ...(owner !== undefined && owner !== orderId ? ['ORDER_NUMBER_TAKEN'] : []),
  ];
};

const placed = (role: string, body: OrderBody): Decision => {
  const { orderId, orderNumber, lines, customer, shipTo, allowSplit, allowBackorder, sourcing } = body;
  const data = {
    ...(orderId === undefined ? {} : { orderId }),
    customerId: customer.customerId,
    placedBy: clientOf(role),
    lines: lines.map((line, index) => ({ ...line, lineId: line.lineId ?? String(index + 1) })),
    destinationCountry: shipTo.countryCode,
    ...{ allowSplit, allowBackorder, sourcing },
  };
  return record(
    { type: 'OrderPlaced', data: data as object },
    ...(orderNumber === undefined ? [] : [{ type: 'OrderNumbered', data: { orderNumber } }]),
    // Who chooses the id of an order may not thereby take what others hold under it.
    ...(role === 'customer' && orderId !== undefined ? [{ type: 'OrderHoldsExcluded', data: {} }] : []),
  );
};

/** Now and then under an id or a number that is taken. */
const drawOrder = (dice: Dice, role: string, known: Known): OrderBody => {
  const taken = dice.chance(0.04) ? dice.pickLate(known.orders)?.orderId : undefined;
  const again = dice.chance(0.04) ? dice.pickLate(known.numbers.get(role) ?? []) : undefined;
  return {
    ...orderBody(dice, role, known),
    ...(taken === undefined ? {} : { orderId: taken }),
    ...(again === undefined ? {} : { orderNumber: again }),
  };
};

export const placeOrder = (dice: Dice, role: string, known: Known): Planned => {
  const fault = dice.chance(0.06) ? dice.pick(faults) : undefined;
  const body = drawOrder(dice, role, known);
  const { orderId, orderNumber, customer, shipTo } = body;
  const isDryRun = dice.chance(0.02);
  return {
    role,
    key: dice.uuid(),
    isDryRun,
    isBulk: false,
    request: {
      method: 'POST',
      path: `/v1/orders${isDryRun ? '?dryRun=true' : ''}`,
      body: fault?.spoil(body) ?? body,
      headers: dice.chance(0.3) ? { prefer: 'wait=5' } : {},
    },
    asks: [
      {
        about: orderId === undefined ? null : orderKey(orderId),
        always: [...mayNot(role, writers), ...only(fault?.code)],
        decide: (world) => {
          const refusals = refusalsOf(world, clientOf(role), body);
          return refusals.length > 0 ? refuse(...refusals) : placed(role, body);
        },
      },
    ],
    learn: (answer, correlationId) => {
      known.addresses.set(correlationId, shipTo);
      if (answer.status !== 201) return;
      const order = answer.body as { orderId: string; lines: readonly LineQuantity[] };
      note(known, orderKey(order.orderId), answer);
      known.orders.push({
        orderId: order.orderId,
        customerId: customer.customerId,
        lineIds: order.lines.map(({ lineId }) => lineId),
      });
      if (orderNumber !== undefined) known.numbers.set(role, [...(known.numbers.get(role) ?? []), orderNumber]);
    },
  };
};

const matchFor = (dice: Dice, known: Known, key: string): number | undefined => {
  const told = known.revisions.get(key);
  return told === undefined || !dice.chance(0.2) ? undefined : told;
};

const statuses = ['cancelled', 'cancelled', 'on_hold', 'on_hold', 'released', 'released', 'released', 'shipped'];

export const changeStatus = (dice: Dice, role: string, { known, order }: On): Planned => {
  const status = dice.pick(statuses);
  const key = orderKey(order.orderId);
  const ifMatch = matchFor(dice, known, key);
  return {
    role,
    key: dice.chance(0.8) ? dice.uuid() : null,
    isDryRun: false,
    isBulk: false,
    request: {
      method: 'PUT',
      path: `/v1/orders/${order.orderId}/status`,
      body: { status, reason: 'customer_request' },
      headers: ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` },
    },
    asks: [
      {
        about: key,
        ifMatch,
        always: [...mayNot(role, writers), ...(status === 'shipped' ? ['STATUS_NOT_SETTABLE'] : [])],
        decide: onOrder(role, order.orderId, (each) => decideStatus(each, status)),
      },
    ],
    learn: (answer) => {
      if (answer.status === 200) note(known, key, answer);
    },
  };
};

interface On {
  readonly known: Known;
  readonly order: KnownOrder;
}

export const correctAddress = (dice: Dice, role: string, { known, order }: On): Planned => {
  const shipTo = addressFor(dice);
  const key = orderKey(order.orderId);
  return {
    role,
    key: dice.uuid(),
    isDryRun: false,
    isBulk: false,
    request: { method: 'PATCH', path: `/v1/orders/${order.orderId}`, body: { shipTo } },
    asks: [
      {
        about: key,
        always: mayNot(role, writers),
        decide: onOrder(role, order.orderId, (each) => decideAddress(each, shipTo.countryCode, false)),
      },
    ],
    learn: (_, correlationId) => void known.addresses.set(correlationId, shipTo),
  };
};

interface ShownLine extends LineQuantity {
  readonly allocated: readonly { readonly warehouseId: string; readonly quantity: number }[];
  readonly shipped: number;
}

/** What of the order could leave from where, as the caller sees it; a guess where nothing is to be seen. */
const aimFor = async (dice: Dice, client: Client, order: KnownOrder) => {
  const { status, body } = await client.ask({ method: 'GET', path: `/v1/orders/${order.orderId}` });
  const lines = status === 200 ? (body.lines as readonly ShownLine[]) : [];
  const sources = lines.flatMap(({ lineId, allocated, shipped }) =>
    allocated
      .filter(({ quantity }) => quantity > shipped)
      .map(({ warehouseId, quantity }) => ({ warehouseId, lineId, quantity })),
  );
  const own = sources.filter(({ warehouseId }) => reaches(client, warehouseId));
  const warehouseId = own.length === 0 || dice.chance(0.06) ? dice.pick(warehouseIds) : dice.pick(own).warehouseId;
  const here = own.filter((source) => source.warehouseId === warehouseId);
  const all = dice.chance(0.6) ? here : here.slice(0, 1);
  const aimed = all.map(({ lineId, quantity }) => ({
    lineId,
    quantity: dice.chance(0.3) ? dice.between(1, quantity) : quantity,
  }));
  if (aimed.length === 0) aimed.push({ lineId: dice.pick(order.lineIds), quantity: dice.between(1, 2) });
  const first = aimed[0]!;
  if (dice.chance(0.06)) aimed[0] = { ...first, quantity: first.quantity + dice.between(1, 4) };
  if (dice.chance(0.03)) aimed[0] = { ...first, lineId: 'nosuchline' };
  return { warehouseId, lines: aimed };
};

export const dispatch = async (dice: Dice, client: Client, { known, order }: On): Promise<Planned> => {
  const { role } = client;
  const { warehouseId, lines } = await aimFor(dice, client, order);
  const parcels = Array.from({ length: dice.pick([1, 1, 1, 2, 3]) }, () => ({ boxes: [] as object[] }));
  if (dice.chance(0.3)) parcels[0]!.boxes.push({ ...lines[0]!, boxCode: 'A' });
  const isSpoilt = dice.chance(0.03);
  if (isSpoilt) parcels[0]!.boxes.push({ lineId: 'other', boxCode: 'A', quantity: 1 });
  const label = {
    ...(dice.chance(0.7) ? { carrier: 'ups' } : {}),
    ...(dice.chance(0.5) ? { trackingNumber: `1Z(${dice.uuid().slice(0, 8)})` } : {}),
  };
  const barrier = reaches(client, warehouseId) ? [] : ['WAREHOUSE_NOT_FOUND'];
  return {
    role,
    key: dice.uuid(),
    isDryRun: false,
    isBulk: false,
    request: {
      method: 'POST',
      path: `/v1/orders/${order.orderId}/shipments`,
      body: { warehouseId, lines, parcels, ...label },
    },
    asks: [
      {
        about: orderKey(order.orderId),
        always: [...mayNot(role, senders), ...barrier, ...(isSpoilt ? ['BOX_NOT_SHIPPED'] : [])],
        decide: onOrder(role, order.orderId, (each, world) => {
          const skuOf = new Map(each.lines.map(({ lineId, sku }) => [lineId, sku]));
          const isHere = lines.every(({ lineId }) => {
            const sku = skuOf.get(lineId);
            return sku === undefined || stockAt(world, warehouseId, sku) !== undefined;
          });
          const decided = decideDispatch(each, { warehouseId, lines });
          return isHere ? decided : refuse(...decided.refusals, 'STOCK_NOT_FOUND');
        }),
      },
    ],
    learn: ({ status, body }) => {
      if (status !== 201) return;
      const sent = body as { shipmentId: string; parcels: readonly { parcelId: string }[] };
      const parcelIds = sent.parcels.map(({ parcelId }) => parcelId);
      const { orderId } = order;
      known.shipments.push({ shipmentId: sent.shipmentId, orderId, warehouseId, parcelIds, reports: [] });
    },
  };
};

const reports = [
  'in_transit',
  'in_transit',
  'out_for_delivery',
  'delayed',
  'exception',
  'delivered',
  'delivered',
  'return_to_sender',
];

export const track = (dice: Dice, role: string, known: Known): Planned | null => {
  const shipment = dice.pickLate(known.shipments);
  if (shipment === undefined) return null;
  const { shipmentId, warehouseId, parcelIds } = shipment;
  const again = dice.chance(0.15) ? dice.pickLate(shipment.reports) : undefined;
  const parcelId = dice.chance(0.9) ? dice.pick(parcelIds) : dice.pick([undefined, 'none']);
  const isAncient = dice.chance(0.02);
  const occurredAt = new Date(Date.now() - (isAncient ? 200 * dayMs : dice.below(2 * dayMs))).toISOString();
  const fresh = { ...(parcelId === undefined ? {} : { parcelId }), status: dice.pick(reports), occurredAt };
  const body = again ?? fresh;
  if (again === undefined) shipment.reports.push(fresh);
  const isForeign = !reaches({ role }, warehouseId);
  const isTooOld = Date.parse(body.occurredAt) < Date.now() - 100 * dayMs;
  return {
    role,
    key: dice.uuid(),
    isDryRun: false,
    isBulk: false,
    request: { method: 'POST', path: `/v1/shipments/${shipmentId}/tracking-events`, body },
    asks: [
      {
        about: shipmentKey(shipmentId),
        always: [...(isForeign ? ['SHIPMENT_NOT_FOUND'] : []), ...(isTooOld ? ['REPORTED_BEFORE_DISPATCH'] : [])],
        decide: (world) =>
          decideTracking(shipmentOf(world, shipmentId), {
            parcelId: body.parcelId,
            status: body.status,
            at: body.occurredAt,
          }),
      },
    ],
  };
};

export const relabel = (dice: Dice, role: string, known: Known): Planned | null => {
  const shipment = dice.pickLate(known.shipments);
  if (shipment === undefined) return null;
  const { shipmentId, warehouseId } = shipment;
  const trackingNumber = dice.chance(0.2) ? 'SAME-1' : `JD${dice.uuid().slice(0, 12)}`;
  const body = { ...(dice.chance(0.5) ? { carrier: 'dhl' } : {}), trackingNumber };
  return {
    role,
    key: dice.uuid(),
    isDryRun: false,
    isBulk: false,
    request: { method: 'PATCH', path: `/v1/shipments/${shipmentId}`, body },
    asks: [
      {
        about: shipmentKey(shipmentId),
        always: reaches({ role }, warehouseId) ? [] : ['SHIPMENT_NOT_FOUND'],
        decide: (world) => decideLabel(shipmentOf(world, shipmentId), body),
      },
    ],
  };
};
