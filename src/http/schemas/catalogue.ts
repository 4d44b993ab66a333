import Type from 'typebox';
import { warehouseIdPattern } from '../../domain/values.ts';
import { sourcingStates } from '../../domain/warehouse/events.ts';
import {
  Closed,
  Count,
  CountryCode,
  idCharsMax,
  LineId,
  Name,
  named,
  PostalCode,
  Quantity,
  Revision,
  Sku,
  Sum,
  Time,
  Uuid,
  WarehouseId,
} from './common.ts';

/** Three parts of at most 32 characters, and what is between them. */
const TimeZone = Type.String({
  format: 'time-zone',
  maxLength: 98,
  description: 'A name of the IANA database.',
  examples: ['Europe/Berlin'],
});

const WarehouseDescription = Closed({
  name: { ...Name, examples: ['Berlin'] },
  countryCode: CountryCode,
  postalCode: PostalCode,
  latitude: Type.Number({ minimum: -90, maximum: 90, examples: [52.52] }),
  longitude: Type.Number({ minimum: -180, maximum: 180, examples: [13.405] }),
  timeZone: TimeZone,
  priority: Type.Integer({ minimum: 0, maximum: 1_000_000, examples: [1], description: 'The lower, the sooner.' }),
  operator: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    maxLength: idCharsMax,
    examples: ['own'],
    description: '`own`, or the id of the partner that runs it.',
  }),
  gln: Type.Optional(
    Type.String({
      format: 'gln',
      maxLength: 13,
      description: 'Global location number of GS1.',
      examples: ['0614141123452'],
    }),
  ),
});
const WarehouseSourcing = Type.Enum([...sourcingStates], {
  description: '`closed`: no order gets a new source here; what is reserved here is shipped all the same.',
  examples: ['open'],
});
export const WarehouseBody = Closed({
  ...WarehouseDescription.properties,
  sourcing: Type.Optional({ ...WarehouseSourcing, default: 'open' }),
});
export const Warehouse = named(
  'Warehouse',
  Closed({
    warehouseId: Type.String({ pattern: warehouseIdPattern }),
    ...WarehouseDescription.properties,
    sourcing: WarehouseSourcing,
    revision: Revision,
    updatedAt: Time,
  }),
);

/** A road train is 18.75 m long and carries 40 t: no box is longer or heavier. */
const Millimetres = Type.Integer({ minimum: 1, maximum: 18_750, examples: [800] });
const Grams = Type.Integer({ minimum: 0, maximum: 40_000_000, examples: [18_500] });

const Box = Closed({
  boxCode: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', maxLength: idCharsMax, examples: ['A'] }),
  lengthMm: Millimetres,
  widthMm: Millimetres,
  heightMm: Millimetres,
  weightGrams: Grams,
});

/** A kitchen comes in some dozen boxes. */
const boxesMax = 100;
const attributesMax = 50;

export const ItemPath = Closed({ sku: Sku });
export const ItemBody = Closed({
  name: Name,
  productCode: Type.Optional(Type.String({ minLength: 1, maxLength: 64, examples: ['OAK'] })),
  gtin: Type.Optional(
    Type.String({
      format: 'gtin',
      maxLength: 14,
      description: 'Global trade item number of GS1: 8, 12, 13 or 14 digits.',
      examples: ['4006381333931'],
    }),
  ),
  attributes: Type.Record(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_-]{0,31}$' }), Type.String({ maxLength: 500 }), {
    maxProperties: attributesMax,
    additionalProperties: false,
    examples: [{ colour: 'natural', material: 'oak' }],
  }),
  boxes: Type.Array(Box, { maxItems: boxesMax }),
  backorderAllowed: Type.Optional(
    Type.Boolean({
      default: true,
      description:
        'false: a line of this item never begins by waiting; an order whose first plan cannot give all of it is cancelled.',
    }),
  ),
});
/** Kits are not taken yet. Items that were described with components before still show them. */
const components = Type.Optional(
  Type.Array(Closed({ sku: Sku, quantity: Quantity }), {
    description: 'Of items described before kits were refused; no effect.',
  }),
);
export const Item = named(
  'Item',
  Closed({ sku: Sku, ...ItemBody.properties, components, revision: Revision, updatedAt: Time }),
);

/** A postal code alone names no place: the same digits are in many countries. */
export const AvailabilityQuery = Closed(
  {
    postalCode: Type.Optional(PostalCode),
    countryCode: Type.Optional(CountryCode),
    at: Type.Optional({ ...Time, description: 'Counts what is expected by then as well.' }),
  },
  { dependentRequired: { postalCode: ['countryCode'] } },
);
const ExpectedLines = Type.Array(Closed({ inboundId: Uuid, lineId: LineId, quantity: Quantity, expectedAt: Time }), {
  description: 'Lines of inbound shipments that are counted, the earliest first; only where `at` was asked for.',
});
export const Availability = named(
  'Availability',
  Closed({
    sku: Sku,
    available: { ...Sum, description: 'In the warehouses that are open to sourcing.' },
    warehouses: Type.Array(
      Closed({
        warehouseId: WarehouseId,
        sourcing: WarehouseSourcing,
        available: Count,
        onHand: Count,
        countryCode: Type.String(),
        name: Type.String(),
        expected: Type.Optional(ExpectedLines),
      }),
      { description: 'The nearest first, where an address is given.' },
    ),
  }),
);
