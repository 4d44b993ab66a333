import Type from 'typebox';
import { Closed, named, PageQuery, PublicEvent, Sku, Time, Uuid, WarehouseId } from './common.ts';

/** The longest stream name: a category and two ids of 64 characters. */
const streamCharsMax = 160;

export const AuditQuery = Closed({
  stream: Type.Optional(
    Type.String({ minLength: 1, maxLength: streamCharsMax, examples: ['stock-BER.TABLE-OAK-160'] }),
  ),
  type: Type.Optional(Type.String({ pattern: '^[A-Z][A-Za-z]{1,63}$', maxLength: 64, examples: ['StockAdjusted'] })),
  actor: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'Subject of whoever did it.' })),
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
