/** A small shop over two or three warehouses: what tests of the write side begin with, and what must hold at the end. */
import type { OrderRequest } from '../../src/commands/orders.ts';
import type { StockChange } from '../../src/commands/stock.ts';
import type { OrderPlaced } from '../../src/domain/order/events.ts';
import type { OrderLine } from '../../src/domain/order/shapes.ts';
import type { PlacedOrder } from '../../src/domain/order/state.ts';
import type { Disposition } from '../../src/domain/return/events.ts';
import type { StockCommand } from '../../src/domain/stock/commands.ts';
import type { SourcingState } from '../../src/domain/warehouse/events.ts';
import type { Outcome } from '../../src/eventsourcing/commandHandling/outcome.ts';
import type { DomainEvent } from '../../src/eventsourcing/message.ts';
import { driftKinds } from '../../src/processManagers/ports.ts';
import type { LogFold } from '../support/logFold.ts';
import { contextOf, type World } from '../support/world.ts';

const warehouse = {
  name: 'A warehouse',
  countryCode: 'DE',
  postalCode: '10115',
  latitude: 52.5,
  longitude: 13.4,
  timeZone: 'Europe/Berlin',
  operator: 'own',
};
export const contact = { name: 'Anna', email: 'anna@example.test' };
export const shipTo = { name: 'Anna', lines: ['Way 1'], city: 'Berlin', postalCode: '10117', countryCode: 'DE' };

export const describeWarehouse = (priority = 1, sourcing: SourcingState = 'open') => ({
  ...warehouse,
  priority,
  sourcing,
});

/** Fails the test when a command that it only begins with is not recorded. */
export const recorded = async <State, E extends DomainEvent, Code extends string>(
  asked: Promise<Outcome<State, E, Code>>,
): Promise<Extract<Outcome<State, E, Code>, { kind: 'recorded' }>> => {
  const outcome = await asked;
  if (outcome.kind !== 'recorded') throw new Error(`not recorded: ${JSON.stringify(outcome)}`);
  return outcome;
};

type WithoutTime = { [C in StockCommand as C['type']]: Omit<C, 'occurredAt'> }[StockCommand['type']];

export const change = (world: World, name: string, command: WithoutTime): StockChange => ({
  command: { ...command, occurredAt: world.clock.now() },
  context: contextOf(name),
});

/** Defines the warehouses, in order of priority, and registers what they hold. */
export const openShop = async (
  world: World,
  stock: { readonly [warehouseId: string]: { readonly [sku: string]: number } },
): Promise<void> => {
  for (const [index, [warehouseId, shelves]] of Object.entries(stock).entries()) {
    await recorded(
      world.useCases.defineWarehouse(warehouseId, describeWarehouse(index), contextOf(`define ${warehouseId}`)),
    );
    for (const [sku, onHand] of Object.entries(shelves)) {
      const register = { type: 'RegisterStock', warehouseId, sku, onHand, safetyStock: 0 } as const;
      await recorded(world.useCases.changeStock(change(world, `register ${warehouseId}.${sku}`, register)));
    }
  }
};

export const receive = (world: World, warehouseId: string, sku: string, quantity: number) =>
  world.useCases.changeStock({
    ...change(world, '', { type: 'ReceiveStock', warehouseId, sku, quantity }),
    context: contextOf(`receive ${quantity} of ${sku} at ${warehouseId}, ${world.clock.now()}`),
  });

/** On its way to Berlin; the SKU is the id of the line too. */
export const announce = (world: World, inboundId: string, wanted: { readonly [sku: string]: number }) =>
  world.useCases.announceInbound(
    {
      inboundId,
      warehouseId: 'BER',
      reference: 'PO-1',
      expectedAt: '2026-03-08T09:00:00.000Z',
      lines: Object.entries(wanted).map(([sku, quantity]) => ({ lineId: sku, sku, quantity })),
    },
    contextOf(`announce ${inboundId}`),
  );

export const receiveInbound = (world: World, inboundId: string, came: { readonly [lineId: string]: number }) =>
  world.useCases.receiveInbound(
    inboundId,
    Object.entries(came).map(([lineId, accepted]) => ({ lineId, accepted, rejected: 0 })),
    contextOf(`receive ${JSON.stringify(came)} of ${inboundId}`),
  );

/** `{ CHAIR: 3 }` becomes line `CHAIR` for three chairs. */
const linesOf = (wanted: { readonly [sku: string]: number }): OrderLine[] =>
  Object.entries(wanted).map(([sku, quantity]) => ({ lineId: sku, sku, quantity, priceMinor: 100, currency: 'EUR' }));

export const place = (
  world: World,
  orderId: string,
  wanted: { readonly [sku: string]: number },
  how: Partial<Omit<OrderPlaced['data'], 'shipTo'>> &
    Partial<Pick<OrderRequest, 'shipTo' | 'reservePartial' | 'excludesHolds'>> = {},
) =>
  world.useCases.placeOrder(
    {
      orderId,
      customerId: 'anna',
      contact,
      shipTo: how.shipTo ?? shipTo,
      lines: linesOf(wanted),
      sourcing: how.sourcing ?? 'priority',
      allowSplit: how.allowSplit ?? true,
      allowBackorder: how.allowBackorder ?? true,
      ...(how.reservePartial === undefined ? {} : { reservePartial: how.reservePartial }),
      ...(how.excludesHolds === undefined ? {} : { excludesHolds: how.excludesHolds }),
    },
    contextOf(`place ${orderId}`),
  );

export const cancel = (world: World, orderId: string) =>
  world.useCases.changeOrder(orderId, { type: 'CancelOrder', reason: 'changed mind' }, contextOf(`cancel ${orderId}`));

export const dispatch = (
  world: World,
  orderId: string,
  warehouseId: string,
  wanted: { readonly [sku: string]: number },
) =>
  world.useCases.dispatchShipment(
    orderId,
    {
      shipmentId: `${orderId}-from-${warehouseId}`,
      warehouseId,
      carrier: 'parcelco',
      trackingNumber: 'T1',
      lines: Object.entries(wanted).map(([lineId, quantity]) => ({ lineId, quantity })),
      parcels: [{ parcelId: 'p1', boxes: [] }],
    },
    contextOf(`dispatch ${orderId} from ${warehouseId}`),
  );

export const voidShipment = (world: World, orderId: string, warehouseId: string) =>
  world.useCases.voidShipment(
    `${orderId}-from-${warehouseId}`,
    { reason: 'label not used' },
    contextOf(`void ${orderId} from ${warehouseId}`),
  );

/** `{ CHAIR: 2 }` is announced, and goes back to where it came from. */
export const requestReturn = (
  world: World,
  orderId: string,
  wanted: { readonly [sku: string]: number },
  returnId = `${orderId}-back`,
) =>
  world.useCases.requestReturn(
    orderId,
    {
      returnId,
      lines: Object.entries(wanted).map(([lineId, quantity]) => ({ lineId, quantity })),
      reason: 'unwanted',
    },
    contextOf(`return ${returnId}`),
  );

/** `{ CHAIR: [2, 'restock'] }` arrives. */
export const receiveReturn = (
  world: World,
  returnId: string,
  warehouseId: string,
  came: { readonly [sku: string]: readonly [quantity: number, disposition: Disposition] },
) =>
  world.useCases.receiveReturn(
    returnId,
    {
      warehouseId,
      lines: Object.entries(came).map(([lineId, [quantity, disposition]]) => ({ lineId, quantity, disposition })),
    },
    contextOf(`receive ${returnId} at ${warehouseId}: ${JSON.stringify(came)}`),
  );

export const orderOf = async (log: LogFold, orderId: string): Promise<PlacedOrder> => {
  const order = (await log.orders()).find((each) => each.orderId === orderId);
  if (order === undefined) throw new Error(`${orderId} was never placed`);
  return order;
};

/** Where an order's goods come from: `{ 'BER.CHAIR': 2 }`. */
export const sourcesOf = async (log: LogFold, orderId: string): Promise<Record<string, number>> => {
  const sources: Record<string, number> = {};
  for (const { warehouseId, sku, quantity } of (await orderOf(log, orderId)).allocations) {
    sources[`${warehouseId}.${sku}`] = (sources[`${warehouseId}.${sku}`] ?? 0) + quantity;
  }
  return sources;
};

/** On hand and reserved of each shelf: `{ 'BER.CHAIR': [5, 2] }`. */
export const figuresOf = async (log: LogFold): Promise<Record<string, readonly [onHand: number, reserved: number]>> =>
  Object.fromEntries(
    (await log.shelves()).map(({ warehouseId, sku, stock: { balance } }) => [
      `${warehouseId}.${sku}`,
      [balance.onHand, balance.reserved] as const,
    ]),
  );

/** The types of what happened to one order, in order. */
export const storyOf = async (log: LogFold, orderId: string): Promise<string[]> =>
  (await log.events()).filter(({ stream }) => stream === `order-${orderId}`).map(({ type }) => type);

export const firstReservationOf = async (log: LogFold, orderId: string): Promise<string> =>
  (await orderOf(log, orderId)).allocations[0]?.reservationId ?? 'none';

interface Held {
  readonly quantity: number;
  readonly lineId?: string;
  /** Its id. */
  readonly name?: string;
}

/** A person reserves at `BER.CHAIR` under the id of an order, for a minute. */
export const hold = (
  world: World,
  orderId: string,
  at: string,
  { quantity, lineId, name = `hold of ${quantity} at ${at}` }: Held,
) => {
  const [warehouseId = '', sku = ''] = at.split('.');
  const expiresAt = new Date(Date.parse(world.clock.now()) + 60_000).toISOString();
  const line = lineId === undefined ? {} : { lineId };
  const claim = { warehouseId, sku, reservationId: name, quantity, expiresAt, orderId, ...line };
  return recorded(world.useCases.changeStock(change(world, `${orderId}: ${name}`, { type: 'ReserveStock', ...claim })));
};

/** What the reconciler finds where all is well. */
export const noDrift = Object.fromEntries(driftKinds.map((kind) => [kind, 0]));
