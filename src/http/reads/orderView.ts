/** Orders and shipments as each caller gets to see them: the fields of their role, the part of their warehouses. */
import { contactContext, shipToContext } from '../../commands/orders.ts';
import type { PersonalData } from '../../commands/ports.ts';
import { trackingContext } from '../../commands/shipments.ts';
import type { Reach } from '../../domain/access/policy.ts';
import type { OrderDocument } from '../../projections/orders/projection.ts';
import type { ShipmentDocument } from '../../projections/shipments/projection.ts';
import { seesWarehouse, seesWhole, sights } from './visibleFields.ts';

type Open = Pick<PersonalData, 'open'>;

/** What is missing, sent or delivered is told in sums; which warehouse gives what, only of the warehouses in reach. */
const showLine = ({ priceMinor, currency, ...line }: OrderDocument['lines'][number], reach: Reach): object => ({
  ...line,
  allocated: line.allocated.filter(({ warehouseId }) => seesWarehouse(reach, warehouseId)),
  ...(sights[reach.role].prices ? { priceMinor, currency } : {}),
});

/** Its words name shipments and warehouses. */
const wordsHidden = 'Those who see the whole order are told what happened.';

const showException = (exception: OrderDocument['exceptions'][number], reach: Reach): object =>
  seesWhole(reach) ? exception : { ...exception, detail: wordsHidden };

type Allocation = 'none' | 'partial' | 'complete';

/** How much of an order has a source: pieces that are reserved or have left. A sum over all warehouses, like what is missing. */
const allocationOf = (lines: OrderDocument['lines']): Allocation => {
  const sourced = lines.flatMap(({ allocated }) => allocated).reduce((sum, { quantity }) => sum + quantity, 0);
  if (sourced === 0) return 'none';
  return sourced < lines.reduce((sum, { quantity }) => sum + quantity, 0) ? 'partial' : 'complete';
};

/** Everything but who the customer is and where they live: may be kept with an idempotency key. */
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
export const showOrder = async (order: OrderDocument, reach: Reach, personalData: Open): Promise<object> => {
  const { orderId, contact, shipTo } = order;
  const sight = sights[reach.role];
  return {
    ...showOrderPublicly(order, reach),
    ...(sight.contact ? { customer: await personalData.open(contact, contactContext(orderId)) } : {}),
    ...(sight.shipTo ? { shipTo: await personalData.open(shipTo, shipToContext(orderId)) } : {}),
  };
};

/** A shipment, with its courier's words opened for whom they are meant. */
export const showShipment = async (
  shipment: ShipmentDocument,
  { role }: Reach,
  personalData: Open,
): Promise<object> => {
  const { shipmentId, parcels, ...rest } = shipment;
  const open = (field: 'detail' | 'location', sealed: ShipmentDocument['parcels'][number]['lastLocation']) =>
    sealed === null || !sights[role].words ? null : personalData.open(sealed, trackingContext(shipmentId, field));
  const shown = parcels.map(async ({ events, lastLocation, ...parcel }) => ({
    ...parcel,
    lastLocation: await open('location', lastLocation),
    events: await Promise.all(
      events.map(async ({ detail, location, ...event }) => ({
        ...event,
        detail: await open('detail', detail),
        location: await open('location', location),
      })),
    ),
  }));
  return { ...rest, shipmentId, parcels: await Promise.all(shown) };
};
