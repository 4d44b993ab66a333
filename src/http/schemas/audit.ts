import Type from 'typebox';
import { Closed, named, PageQuery, PublicEvent, Sku, Time, Uuid, WarehouseId } from './common.ts';

/** The longest stream name: a category, an id of 64 characters, and an escaped SKU of 100 of 8. */
const streamCharsMax = 900;

export const AuditQuery = Closed({
  stream: Type.Optional(
    Type.String({
      pattern: '^[a-z]{1,32}-[A-Za-z0-9._~-]{1,860}$',
      maxLength: streamCharsMax,
      description: 'A space, an umlaut … of a SKU stands in it as its code point in hex: `stock-BER.SOFA~20~BLAU`.',
      examples: ['stock-BER.TABLE-OAK-160'],
    }),
  ),
  type: Type.Optional(Type.String({ pattern: '^[A-Z][A-Za-z]{1,63}$', maxLength: 64, examples: ['StockAdjusted'] })),
  actor: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'Subject of the actor.' })),
  correlationId: Type.Optional(Uuid),
  from: Type.Optional({ ...Time, description: 'Recorded at this time or later.' }),
  to: Type.Optional({ ...Time, description: 'Recorded before this time.' }),
  ...PageQuery,
});
export const AuditEvent = named(
  'AuditEvent',
  Closed({ ...PublicEvent.properties, leafHash: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
);

export const StreamQuery = Closed({
  warehouseId: Type.Optional(WarehouseId),
  sku: Type.Optional(Sku),
  orderId: Type.Optional(Uuid),
  types: Type.Optional(
    Type.String({
      maxLength: 1_000,
      description: 'Event types, comma separated.',
      examples: ['StockAdjusted,StockReserved'],
    }),
  ),
});
