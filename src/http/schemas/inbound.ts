/** Goods on their way to a warehouse. */
import Type from 'typebox';
import { inboundLinesMax, inboundQuantityMax, receivedLinesMax } from '../../domain/inbound/commands.ts';
import { inboundStatuses } from '../../domain/inbound/state.ts';
import {
  Closed,
  Count,
  LineId,
  Nullable,
  named,
  OccurredAt,
  PageQuery,
  Quantity,
  Reason,
  Reference,
  Revision,
  Sku,
  Sum,
  Time,
  Uuid,
  WarehouseId,
} from './common.ts';

const Pieces = Type.Integer({ minimum: 0, maximum: inboundQuantityMax, examples: [40] });
const Announced = Type.Integer({ minimum: 1, maximum: inboundQuantityMax, examples: [40] });
const ExpectedAt = { ...Time, description: 'When the goods are expected at the warehouse.' };

export const InboundBody = Closed({
  inboundId: Type.Optional(Uuid),
  warehouseId: WarehouseId,
  reference: { ...Reference, description: "Number of the purchase order, or of the supplier's notice." },
  supplier: Type.Optional({ ...Reference, examples: ['Oak & Sons'] }),
  expectedAt: ExpectedAt,
  lines: Type.Array(Closed({ lineId: LineId, sku: Sku, quantity: Announced }), {
    minItems: 1,
    maxItems: inboundLinesMax,
  }),
});

/** What is left out stays as it is. */
export const InboundChangeBody = Closed(
  {
    expectedAt: Type.Optional(ExpectedAt),
    lines: Type.Optional(
      Type.Array(
        Closed({
          lineId: LineId,
          sku: Type.Optional({ ...Sku, description: 'For a line that is new.' }),
          quantity: { ...Pieces, description: 'All that is announced under the line; 0: nothing of it comes.' },
        }),
        { minItems: 1, maxItems: inboundLinesMax, description: 'Those that change, and new ones.' },
      ),
    ),
    reason: Type.Optional({ ...Reason, examples: ['supplier_late'] }),
  },
  { minProperties: 1 },
);

export const InboundReceiptBody = Closed({
  lines: Type.Array(
    Closed({
      lineId: LineId,
      sku: Type.Optional({ ...Sku, description: 'For goods that were not announced, under a line id of their own.' }),
      accepted: { ...Pieces, description: 'Taken in: on hand from now on.' },
      rejected: Type.Optional({ ...Pieces, description: 'Turned away: on record, and not on hand.', default: 0 }),
    }),
    { minItems: 1, maxItems: receivedLinesMax },
  ),
  occurredAt: Type.Optional({ ...OccurredAt, description: 'When it came; absent: now. At most 5 minutes ahead.' }),
});

export const InboundCancellationBody = Closed({ reason: { ...Reason, examples: ['supplier_out_of_stock'] } });

const Status = Type.Enum([...inboundStatuses], {
  description: '`closed`: a part came, and the rest was cancelled.',
  examples: ['partially_received'],
});

export const InboundShipment = named(
  'InboundShipment',
  Closed({
    inboundId: Uuid,
    warehouseId: WarehouseId,
    reference: Reference,
    supplier: Nullable(Reference),
    status: Status,
    expectedAt: ExpectedAt,
    lines: Type.Array(
      Closed({
        lineId: LineId,
        sku: Sku,
        quantity: { ...Count, description: 'Announced; 0: it came unannounced.' },
        accepted: { ...Sum, description: 'Taken in so far.' },
        rejected: { ...Sum, description: 'Turned away so far.' },
        expected: { ...Count, description: 'Still to come.' },
      }),
    ),
    revision: Revision,
    updatedAt: Time,
  }),
);

export const InboundPath = Closed({ inboundId: Uuid });
export const InboundQuery = Closed({
  warehouseId: Type.Optional(WarehouseId),
  sku: Type.Optional(Sku),
  status: Type.Optional(Status),
  ...PageQuery,
});

/** In an order. */
export const ExpectedFills = Type.Array(
  Closed({ quantity: Quantity, warehouseId: WarehouseId, inboundId: Uuid, inboundLineId: LineId, expectedAt: Time }),
  { description: 'Lines of inbound shipments that will fill what is backordered, as far as that is known.' },
);
