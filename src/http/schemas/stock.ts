import Type from 'typebox';
import type { StockLevelDocument } from '../../projections/stockLevels/projection.ts';
import {
  AdjustmentReason,
  allOf,
  Closed,
  Count,
  Delta,
  DryRun,
  LineId,
  Note,
  Nullable,
  named,
  OccurredAt,
  PageQuery,
  Quantity,
  Reason,
  Reference,
  Revision,
  Sku,
  Time,
  Uuid,
  WarehouseId,
} from './common.ts';

export const WarehousePath = Closed({ warehouseId: WarehouseId });
export const StockPath = Closed({ warehouseId: WarehouseId, sku: Sku });
export const ReservationPath = Closed({ warehouseId: WarehouseId, sku: Sku, reservationId: Uuid });

/** Never negative now; as of a time it can be, when goods left before their arrival was dated. */
const Figure = Type.Integer({ examples: [12] });

const levelFields = {
  warehouseId: WarehouseId,
  sku: Sku,
  onHand: Figure,
  reserved: Figure,
  quarantined: Figure,
  incoming: Type.Integer({ description: 'On its way here: what inbound shipments still expect.' }),
  safetyStock: Figure,
  available: Figure,
  belowSafetyStock: Type.Boolean(),
  status: Type.Enum([...allOf<StockLevelDocument['status']>()(['active', 'retired'])]),
  name: Type.Optional(Type.String()),
  attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
  revision: Revision,
  updatedAt: Time,
};
export const StockLevel = named('StockLevel', Closed(levelFields));

export const LapsedReservations = Type.Array(
  Closed({ reservationId: Uuid, orderId: Nullable(Uuid), lineId: Nullable(LineId), quantity: Quantity }),
  { description: 'Claims, the newest first, with what of each the fact took.' },
);
export const Missing = Type.Integer({ minimum: 1, description: 'Pieces of the fact that the ledger did not know of.' });
export const StockLevelAfterFact = named(
  'StockLevelAfterFact',
  Closed({ ...levelFields, lapsedReservations: LapsedReservations, missing: Type.Optional(Missing) }),
);

export const RegisterBody = Closed({
  sku: Sku,
  onHand: Type.Optional(Count),
  safetyStock: Type.Optional(Count),
  occurredAt: Type.Optional(OccurredAt),
});
export const SetBody = Closed({
  onHand: Count,
  reason: Reason,
  note: Type.Optional(Note),
  occurredAt: Type.Optional(OccurredAt),
});
export const CountBody = Closed({
  counted: Count,
  baseRevision: { ...Revision, description: 'Of the stock when counting began, as its `revision` or `ETag` said.' },
  reason: Reason,
  note: Type.Optional(Note),
  occurredAt: Type.Optional(OccurredAt),
});
export const AdjustmentBody = Closed({
  delta: Delta,
  reason: AdjustmentReason,
  note: Type.Optional(Note),
  reference: Type.Optional(Reference),
  occurredAt: Type.Optional(OccurredAt),
});
export const ReceiptBody = Closed({
  quantity: Quantity,
  purchaseOrder: Type.Optional(Reference),
  asn: Type.Optional(Reference),
  supplier: Type.Optional(Reference),
  occurredAt: Type.Optional(OccurredAt),
});
export const QuarantineBody = Closed({
  quantity: Quantity,
  reason: Reason,
  note: Type.Optional(Note),
  occurredAt: Type.Optional(OccurredAt),
});
export const QuarantineReleaseBody = Closed({ quantity: Quantity, occurredAt: Type.Optional(OccurredAt) });
export const PolicyBody = Closed({ safetyStock: Count });

/** A month: a claim that has not become a sale by then is given back. */
const reservationSecondsMax = 30 * 24 * 3_600;
export const ReservationBody = Closed({
  quantity: Quantity,
  orderId: Type.Optional(Uuid),
  lineId: Type.Optional(LineId),
  expiresInSeconds: Type.Integer({ minimum: 1, maximum: reservationSecondsMax, examples: [900] }),
});
export const Reservation = named(
  'Reservation',
  Closed({
    reservationId: Uuid,
    quantity: Quantity,
    expiresAt: Time,
    orderId: Nullable(Uuid),
    lineId: Nullable(LineId),
    inventory: Type.Unsafe<unknown>({ $ref: 'StockLevel#' }),
  }),
);

export const InventoryQuery = Closed({
  sku: Type.Optional(Sku),
  q: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'SKUs that begin with this text.' })),
  belowSafetyStock: Type.Optional(Type.Boolean()),
  ...PageQuery,
});

/** docs/openapi.json: up to 500 rows a request. */
export const changesMax = 500;
const row = { warehouseId: WarehouseId, sku: Sku, ifRevision: Type.Optional(Revision) };
const kind = <K extends string>(name: K) => Type.Literal(name);
/** The kinds of change, and what each says beside its stock. */
export const changeRows = {
  register: Closed({ kind: kind('register'), ...row, ...RegisterBody.properties }),
  set: Closed({ kind: kind('set'), ...row, ...SetBody.properties }),
  adjustment: Closed({ kind: kind('adjustment'), ...row, ...AdjustmentBody.properties }),
  receipt: Closed({ kind: kind('receipt'), ...row, ...ReceiptBody.properties }),
  quarantine: Closed({ kind: kind('quarantine'), ...row, ...QuarantineBody.properties }),
  'quarantine-release': Closed({ kind: kind('quarantine-release'), ...row, ...QuarantineReleaseBody.properties }),
};
export const ChangeRow = Type.Union(
  [
    changeRows.register,
    changeRows.set,
    changeRows.adjustment,
    changeRows.receipt,
    changeRows.quarantine,
    changeRows['quarantine-release'],
  ],
  { description: `One of: ${Object.keys(changeRows).join(', ')}.` },
);
export const ChangesBody = Closed({ changes: Type.Array(ChangeRow, { minItems: 1, maxItems: changesMax }) });
export const ChangesAnswer = named(
  'InventoryChanges',
  Closed({
    results: Type.Array(
      Closed({
        index: Type.Integer(),
        status: Type.Integer({ description: 'As if the row had been sent alone.' }),
        revision: Type.Optional(Revision),
        onHand: Type.Optional(Count),
        available: Type.Optional(Count),
        lapsedReservations: Type.Optional(LapsedReservations),
        missing: Type.Optional(Missing),
        approvalId: Type.Optional({ ...Uuid, description: 'With status 202: what waits for approval.' }),
        events: Type.Optional(DryRun.properties.events),
        code: Type.Optional(Type.String()),
        detail: Type.Optional(Type.String()),
      }),
    ),
  }),
);
