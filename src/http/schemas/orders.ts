import Type from 'typebox';
import { sourcingStrategies } from '../../domain/order/shapes.ts';
import type { OrderStatus } from '../../projections/orders/status.ts';
import {
  allOf,
  Closed,
  Count,
  CountryCode,
  Currency,
  CustomerId,
  emailCharsMax,
  LineId,
  Nullable,
  named,
  OrderQuantity,
  PostalCode,
  Quantity,
  Revision,
  referenceCharsMax,
  Sku,
  Time,
  Uuid,
  WarehouseId,
} from './common.ts';
import { ExpectedFills } from './inbound.ts';

/** Parts are kept only by an order that comes from one place and may wait; for others it would mean nothing. */
const keepsPartsOnlyWhole = {
  if: { properties: { reservePartial: { const: true } }, required: ['reservePartial'] },
  // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema, and nobody awaits it.
  then: { properties: { allowSplit: { const: false }, allowBackorder: { const: true } }, required: ['allowSplit'] },
};

/** The largest order of a real shop in a year had 1,114 lines; a larger one than this is several deliveries anyway. */
export const linesMax = 2_000;
/** A price fits into 15 digits of the smallest unit of its currency. */
const priceMinorMax = 999_999_999_999_999;
const addressLinesMax = 6;
/** A number of 15 digits (ITU-T E.164), an extension, and the words between. */
const phoneCharsMax = 64;

/** Printable, without controls of writing direction, by which it would show as another than it is. */
export const OrderNumber = Type.String({
  format: 'printable',
  minLength: 1,
  maxLength: referenceCharsMax,
  description: "The shop's own number: up to 100 printable characters, matched exactly, one order for each and client.",
  examples: ['WEB-2026/10482'],
});

export const Contact = Closed({
  name: Type.String({ minLength: 1, maxLength: 200, examples: ['Ada Example'] }),
  email: Type.String({ format: 'idn-email', maxLength: emailCharsMax, examples: ['ada@example.invalid'] }),
  phone: Type.Optional(
    Type.String({
      format: 'phone',
      maxLength: phoneCharsMax,
      description: 'As it is dialled or written: with an extension, in digits of any script.',
      examples: ['+49 30 123456'],
    }),
  ),
});
export const Address = Closed(
  {
    name: Type.String({ minLength: 1, maxLength: 200, examples: ['Ada Example'] }),
    lines: Type.Array(Type.String({ minLength: 1, maxLength: 200, examples: ['1 Example Street'] }), {
      minItems: 1,
      maxItems: addressLinesMax,
    }),
    city: Type.String({ minLength: 1, maxLength: 100, examples: ['Berlin'] }),
    region: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    postalCode: Type.Optional({ ...PostalCode, description: 'Absent where there is none: Hong Kong, the Emirates …' }),
    countryCode: CountryCode,
    // Where it is, better than a postal code tells; kept sealed with the address.
    latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90, examples: [52.53] })),
    longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180, examples: [13.38] })),
  },
  { dependentRequired: { latitude: ['longitude'], longitude: ['latitude'] } },
);

export const OrderPath = Closed({ orderId: Uuid });
export const OrderBody = Closed(
  {
    orderId: Type.Optional(Uuid),
    orderNumber: Type.Optional(OrderNumber),
    customer: Closed({ customerId: CustomerId, ...Contact.properties }),
    shipTo: Address,
    lines: Type.Array(
      Closed({
        lineId: Type.Optional(LineId),
        sku: Sku,
        quantity: OrderQuantity,
        priceMinor: Type.Integer({ minimum: 0, maximum: priceMinorMax, examples: [4_900] }),
        currency: Currency,
      }),
      { minItems: 1, maxItems: linesMax },
    ),
    sourcing: Type.Optional(Type.Enum([...sourcingStrategies], { default: 'fewest-shipments' })),
    preferredWarehouseId: Type.Optional(WarehouseId),
    allowSplit: Type.Optional(Type.Boolean({ default: true })),
    reservePartial: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Only with `allowSplit: false`, for an order that may wait: it keeps what it gets at one warehouse while it waits ' +
          'for the rest. Otherwise it holds nothing until one warehouse has all of it.',
        examples: [false],
      }),
    ),
    allowBackorder: Type.Optional(
      Type.Boolean({ default: true, description: 'false: cancelled at once when not all of it can be had.' }),
    ),
  },
  keepsPartsOnlyWhole,
);

export const orderStatuses = allOf<OrderStatus>()([
  'pending',
  'processing',
  'partially_shipped',
  'shipped',
  'partially_delivered',
  'delivered',
  'cancelled',
  'returned',
  'exception',
]);

export const Order = named(
  'Order',
  Closed({
    orderId: Uuid,
    orderNumber: Type.Optional(Type.String()),
    customerId: CustomerId,
    status: Type.Enum([...orderStatuses]),
    held: Type.Boolean(),
    allocation: Type.Enum(['none', 'partial', 'complete'], {
      description:
        'How much of what is not cancelled has goods, reserved or shipped. `processing` with `none` waits for all of its goods; `cancelled` has none.',
    }),
    lines: Type.Array(
      Closed({
        lineId: LineId,
        sku: Sku,
        quantity: { ...Count, description: 'Pieces that are wanted; 0: the line was cancelled.' },
        priceMinor: Type.Optional(Type.Integer()),
        currency: Type.Optional(Type.String()),
        allocated: Type.Array(Closed({ warehouseId: WarehouseId, quantity: Quantity })),
        backordered: Count,
        expected: Type.Optional(ExpectedFills),
        shipped: Count,
        cancelled: { ...Count, description: 'Will not come: cancelled before it left.' },
        delivered: Count,
        returned: { ...Count, description: 'Have come back; those that were delivered are counted there too.' },
      }),
    ),
    shipments: Type.Array(
      Closed({
        shipmentId: Uuid,
        warehouseId: WarehouseId,
        carrier: Type.Optional(Type.String()),
        trackingNumber: Type.Optional(Type.String()),
        delivered: Type.Boolean(),
        voided: Type.Boolean({ description: 'It never left: its goods are in the warehouse again.' }),
        turnedBack: Type.Boolean({ description: 'A parcel of it goes back to the sender, or is there again.' }),
      }),
    ),
    customer: Type.Optional(Nullable(Contact)),
    shipTo: Type.Optional(Nullable(Address)),
    destinationCountry: CountryCode,
    sourcing: Type.String(),
    allowSplit: Type.Boolean(),
    reservePartial: Type.Boolean(),
    allowBackorder: Type.Boolean(),
    cancelReason: Type.Optional(Type.String()),
    exceptions: Type.Array(
      Closed({ code: Type.String(), detail: Type.String(), at: Time, resolvedAt: Nullable(Time) }),
    ),
    promisedWindow: Type.Null({ description: 'No delivery window has been promised.' }),
    placedAt: Time,
    updatedAt: Time,
    revision: Revision,
  }),
);
