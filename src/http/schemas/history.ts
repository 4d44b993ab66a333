/** What is read of the log: for auditors, live, as of a time, causes of a figure, discrepancies. */
import Type from 'typebox';
import type { FactCause } from '../../domain/stock/events.ts';
import { newestMax } from '../../projections/discrepancies/projection.ts';
import { explainedFields } from '../../projections/stockHistory/explain.ts';
import {
  allOf,
  Closed,
  LineId,
  Nullable,
  named,
  PageQuery,
  PublicEvent,
  Quantity,
  Reason,
  Revision,
  Sku,
  Sum,
  Time,
  Uuid,
  WarehouseId,
} from './common.ts';

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

const Discrepancy = Closed({
  revision: { ...Revision, description: 'Of its event, in the history of the stock.' },
  occurredAt: Time,
  recordedAt: Time,
  missing: { ...Quantity, description: 'Pieces of the fact that the ledger did not know of.' },
  cause: Type.Enum([...allOf<FactCause>()(['adjustment', 'count', 'quarantine', 'departure'])]),
  reason: Nullable(Reason),
  reference: Nullable(Type.String()),
  shipmentId: Nullable(Uuid),
  reservationId: Nullable(Type.String()),
  orderId: Nullable(Uuid),
  lineId: Nullable(LineId),
});

export const StockDiscrepancies = named(
  'StockDiscrepancies',
  Closed({
    warehouseId: WarehouseId,
    sku: Sku,
    missing: { ...Sum, minimum: 1, description: 'Pieces of all of them since the stock was last counted.' },
    count: Type.Integer({ minimum: 1 }),
    latestAt: Time,
    newest: Type.Array(Discrepancy, {
      maxItems: newestMax,
      description: 'The newest first; the history of the stock has all.',
    }),
  }),
);
export const AsOfQuery = Closed({
  asOf: Type.Optional({ ...Time, description: 'As it was at this time.' }),
  knownAt: Type.Optional({ ...Time, description: 'By what was recorded until this time.' }),
});
export const ExplainQuery = Closed({
  field: Type.Optional(Type.Enum([...explainedFields], { default: 'available' })),
  ...PageQuery,
});
export const Explanation = named(
  'Explanation',
  Closed({
    field: Type.Enum([...explainedFields]),
    before: Type.Integer({ description: 'The figure before the first cause of this page.' }),
    after: Type.Integer({ description: 'The figure after the last: on the last page, the figure itself.' }),
    items: Type.Array(
      Type.Object(
        {
          revision: Type.Integer(),
          eventId: Type.String(),
          type: Type.String(),
          occurredAt: Time,
          recordedAt: Time,
          delta: Type.Integer({ description: 'By how much the figure moved; never 0.' }),
          after: Type.Integer(),
        },
        {
          additionalProperties: true,
          description: 'With what caused it: order, reservation, shipment, reason, actor …',
        },
      ),
    ),
    nextCursor: Nullable(Type.String()),
  }),
);
