import Type from 'typebox';
import { newestMax } from '../../projections/discrepancies/projection.ts';
import { Closed, LineId, Nullable, named, Quantity, Reason, Revision, Sku, Time, Uuid, WarehouseId } from './common.ts';

const Discrepancy = Closed({
  revision: { ...Revision, description: 'Of its event, in the history of the stock.' },
  occurredAt: Time,
  recordedAt: Time,
  missing: { ...Quantity, description: 'Pieces of the fact that the ledger did not know of.' },
  cause: Type.Enum(['adjustment', 'count', 'quarantine', 'departure']),
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
    missing: { ...Quantity, description: 'Pieces of all of them since the stock was last counted.' },
    count: Type.Integer({ minimum: 1 }),
    latestAt: Time,
    newest: Type.Array(Discrepancy, {
      maxItems: newestMax,
      description: 'The newest first; the history of the stock has all.',
    }),
  }),
);
