/** What of an order each role gets to see (R7.3): a support desk needs the address, a price is nobody's business in a warehouse. */
import { contactContext, shipToContext } from '../commands/orders.ts';
import type { PersonalData } from '../commands/ports.ts';
import { trackingContext } from '../commands/shipments.ts';
import type { Reach } from '../domain/access/policy.ts';
import type { Role } from '../domain/access/principal.ts';
import type { OrderDocument } from '../projections/orders/projection.ts';
import type { ShipmentDocument } from '../projections/shipments/projection.ts';

interface Sight {
  readonly contact: boolean;
  readonly shipTo: boolean;
  readonly prices: boolean;
}

const all: Sight = { contact: true, shipTo: true, prices: true };
const sights: { readonly [R in Role]: Sight } = {
  admin: all,
  service: all,
  customer_service: all,
  customer: all,
  warehouse_staff: { contact: false, shipTo: true, prices: false },
  partner: { contact: false, shipTo: true, prices: false },
  auditor: { contact: false, shipTo: false, prices: true },
};

type Open = Pick<PersonalData, 'open'>;

const showLine = ({ priceMinor, currency, ...line }: OrderDocument['lines'][number], { prices }: Sight): object =>
  prices ? { ...line, priceMinor, currency } : line;

type Allocation = 'none' | 'partial' | 'complete';

/** How much of what the caller sees of an order has a source: pieces that are reserved or have left. */
const allocationOf = (lines: OrderDocument['lines']): Allocation => {
  const sourced = lines.flatMap(({ allocated }) => allocated).reduce((sum, { quantity }) => sum + quantity, 0);
  if (sourced === 0) return 'none';
  return sourced < lines.reduce((sum, { quantity }) => sum + quantity, 0) ? 'partial' : 'complete';
};

/** Everything but who the customer is and where they live: may be kept with an idempotency key. */
export const showOrderPublicly = (order: OrderDocument, { role }: Reach): object => {
  const { orderId, orderNumber, customerId, status, held, lines, shipments, destinationCountry, sourcing, revision } =
    order;
  const { allowSplit, allowBackorder, cancelReason, exceptions, placedAt, updatedAt } = order;
  return {
    orderId,
    ...(orderNumber === null ? {} : { orderNumber }),
    customerId,
    status,
    held,
    allocation: allocationOf(lines),
    lines: lines.map((line) => showLine(line, sights[role])),
    shipments: shipments.map(({ shipmentId, warehouseId, carrier, trackingNumber, delivered, turnedBack }) => ({
      shipmentId,
      warehouseId,
      ...(carrier === undefined ? {} : { carrier }),
      ...(trackingNumber === undefined ? {} : { trackingNumber }),
      delivered,
      turnedBack,
    })),
    destinationCountry,
    sourcing,
    allowSplit,
    allowBackorder,
    ...(cancelReason === undefined ? {} : { cancelReason }),
    exceptions,
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

/** A shipment with its courier's words opened. */
export const showShipment = async (shipment: ShipmentDocument, personalData: Open): Promise<object> => {
  const { shipmentId, parcels, ...rest } = shipment;
  const open = (field: 'detail' | 'location', sealed: ShipmentDocument['parcels'][number]['lastLocation']) =>
    sealed === null ? null : personalData.open(sealed, trackingContext(shipmentId, field));
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
