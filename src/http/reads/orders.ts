/** Orders and shipments as each caller sees them, how an order is found, and whether the SKUs of a new one are known. */
import { contactContext, shipToContext } from '../../commands/orders.ts';
import type { PersonalData } from '../../commands/ports.ts';
import { trackingContext } from '../../commands/shipments.ts';
import { type Reach, reachesOrder } from '../../domain/access/authorize.ts';
import { visibleFieldsByRole } from '../../domain/access/visibleFields.ts';
import type { OrderDocument } from '../../projections/orders/projection.ts';
import type { ShipmentDocument } from '../../projections/shipments/projection.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { showNumberCheck } from './trackingNumbers.ts';
import { seesWarehouse, seesWhole } from './visibleFields.ts';

type OpenPersonalData = Pick<PersonalData, 'open'>;

/** Sums of what is missing, sent or delivered are shown to all; sources only of the warehouses in reach. */
const showLine = ({ priceMinor, currency, ...line }: OrderDocument['lines'][number], reach: Reach): object => ({
  ...line,
  ...(line.expected === undefined
    ? {}
    : { expected: line.expected.filter(({ warehouseId }) => seesWarehouse(reach, warehouseId)) }),
  allocated: line.allocated.filter(({ warehouseId }) => seesWarehouse(reach, warehouseId)),
  ...(visibleFieldsByRole[reach.role].prices ? { priceMinor, currency } : {}),
});

/** The text of an exception names shipments and warehouses. */
const wordsHidden = 'Those who see the whole order are told what happened.';

const showException = (exception: OrderDocument['exceptions'][number], reach: Reach): object =>
  seesWhole(reach) ? exception : { ...exception, detail: wordsHidden };

type AllocationStatus = 'none' | 'partial' | 'complete';

/** How much of an order has a source: pieces that are reserved or have left, summed over all warehouses. */
const allocationOf = (lines: OrderDocument['lines']): AllocationStatus => {
  const sourced = lines.flatMap(({ allocated }) => allocated).reduce((sum, { quantity }) => sum + quantity, 0);
  if (sourced === 0) return 'none';
  // What was cancelled needs none.
  return sourced < lines.reduce((sum, { quantity, cancelled }) => sum + quantity - cancelled, 0)
    ? 'partial'
    : 'complete';
};

/** Without the customer's contact and address, so it may be kept with an idempotency key. */
export const showOrderPublicly = (order: OrderDocument, reach: Reach): object => {
  const { orderId, orderNumber, customerId, status, held, lines, shipments, destinationCountry, sourcing, revision } =
    order;
  const { allowSplit, reservePartial = false, allowBackorder, cancelReason, exceptions, placedAt, updatedAt } = order;
  return {
    orderId,
    ...(orderNumber === null ? {} : { orderNumber }),
    customerId,
    status,
    held,
    allocation: allocationOf(lines),
    lines: lines.map((line) => showLine(line, reach)),
    shipments: shipments
      .filter(({ warehouseId }) => seesWarehouse(reach, warehouseId))
      .map(({ shipmentId, warehouseId, carrier, trackingNumber, delivered, turnedBack, voided }) => ({
        shipmentId,
        warehouseId,
        ...(carrier === undefined ? {} : { carrier }),
        ...(trackingNumber === undefined ? {} : { trackingNumber }),
        delivered,
        turnedBack,
        voided: voided === true,
      })),
    destinationCountry,
    sourcing,
    allowSplit,
    reservePartial,
    allowBackorder,
    ...(cancelReason === undefined ? {} : { cancelReason }),
    exceptions: exceptions.map((exception) => showException(exception, reach)),
    promisedWindow: null,
    placedAt,
    updatedAt,
    revision,
  };
};

/** With what of the customer the role may see; `null` where the customer's data was erased. */
export const showOrder = async (
  order: OrderDocument,
  reach: Reach,
  personalData: OpenPersonalData,
): Promise<object> => {
  const { orderId, contact, shipTo } = order;
  const visible = visibleFieldsByRole[reach.role];
  return {
    ...showOrderPublicly(order, reach),
    ...(visible.contact ? { customer: await personalData.open(contact, contactContext(orderId)) } : {}),
    ...(visible.shipTo ? { shipTo: await personalData.open(shipTo, shipToContext(orderId)) } : {}),
  };
};

/** A shipment; the courier's words are opened for roles that may see them. */
export const showShipment = async (
  shipment: ShipmentDocument,
  { role }: Reach,
  personalData: OpenPersonalData,
): Promise<object> => {
  const { shipmentId, parcels, ...rest } = shipment;
  const open = (field: 'detail' | 'location', sealed: ShipmentDocument['parcels'][number]['lastLocation']) =>
    sealed === null || !visibleFieldsByRole[role].words
      ? null
      : personalData.open(sealed, trackingContext(shipmentId, field));
  const shown = parcels.map(async ({ events, lastLocation, ...parcel }) => ({
    ...parcel,
    ...showNumberCheck(parcel.trackingNumber, rest.carrier),
    lastLocation: await open('location', lastLocation),
    events: await Promise.all(
      events.map(async ({ detail, location, ...event }) => ({
        ...event,
        detail: await open('detail', detail),
        location: await open('location', location),
      })),
    ),
  }));
  const check = showNumberCheck(rest.trackingNumber, rest.carrier);
  return { ...rest, ...check, shipmentId, parcels: await Promise.all(shown) };
};

/** As long as a read with a position waits by default (docs/openapi.json). */
const waitMs = 2_000;
const errorsMax = 20;
/** Streams that are read for one order; an order with more SKUs that are new waits for the read models. */
const foldsMax = 20;

type SkuReadModels = Pick<HttpPorts['readModels'], 'items' | 'skuWarehouses' | 'source'>;

/**
 * A SKU that was never described or registered, a slip or another case, would make its order wait for ever.
 * Asks the read models first. For what they do not know they have to catch up with the log as it is now, so that a
 * registration that was acknowledged is seen, whichever process recorded it.
 * @throws Problem `SKU_UNKNOWN` with a pointer to each line; `NOT_CAUGHT_UP` when they do not get there in time.
 */
export const requireKnownSkus = async (
  { items, skuWarehouses, source }: SkuReadModels,
  lines: readonly { readonly sku: string }[],
): Promise<void> => {
  const unknownOf = async (skus: readonly string[]): Promise<readonly string[]> => {
    const registered = await skuWarehouses.queries.known(skus);
    const rest = skus.filter((sku) => !registered.has(sku));
    if (rest.length === 0) return rest;
    const described = await items.queries.getMany(rest);
    return rest.filter((sku) => !described.has(sku));
  };
  /** What an item's own stream says, where the read model has not come so far. */
  const undescribedOf = async (skus: readonly string[]): Promise<readonly string[]> => {
    const found = await Promise.all(skus.slice(0, foldsMax).map((sku) => items.queries.get(sku)));
    return skus.filter((_, index) => (found[index] ?? null) === null);
  };

  const missed = await undescribedOf(await unknownOf([...new Set(lines.map(({ sku }) => sku))]));
  if (missed.length === 0) return;
  const head = await source.head();
  if (head !== null) {
    const reached = await Promise.all([items, skuWarehouses].map(({ model }) => model.waitFor(head, waitMs)));
    if (reached.includes(false)) {
      const headers = { 'retry-after': '1' };
      throw new Problem('NOT_CAUGHT_UP', 'Whether the SKU is known can not be said yet.', { headers });
    }
  }
  const unknown = new Set(await unknownOf(missed));
  if (unknown.size === 0) return;
  const errors = lines.flatMap(({ sku }, index) =>
    unknown.has(sku) ? [{ pointer: `/lines/${index}/sku`, message: 'is no SKU that is known' }] : [],
  );
  const [sku] = unknown;
  throw new Problem('SKU_UNKNOWN', `There is neither an item nor a stock of ${sku}; case matters.`, {
    members: { errors: errors.slice(0, errorsMax) },
  });
};

export const noOrder = (): Problem => new Problem('ORDER_NOT_FOUND', 'No such order.');

/** Another caller's order is not found. @throws Problem */
export const findOrder = async (
  { readModels }: Pick<HttpPorts, 'readModels'>,
  orderId: string,
  reach: Reach,
): Promise<OrderDocument> => {
  const order = await readModels.orders.queries.get(orderId);
  if (order === null || !reachesOrder(reach, order)) throw noOrder();
  return order;
};

/** The same as of this moment, straight from the log, for commands. @throws Problem */
export const findOrderNow = async (
  { readModels }: Pick<HttpPorts, 'readModels'>,
  orderId: string,
  reach: Reach,
): Promise<OrderDocument> => {
  const order = await readModels.orders.fold(orderId);
  if (order === null || !reachesOrder(reach, order)) throw noOrder();
  return order;
};
