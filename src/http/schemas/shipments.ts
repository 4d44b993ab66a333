import Type from 'typebox';
import { parcelStatuses } from '../../domain/shipment/events.ts';
import { carrierKeys } from '../../domain/trackingNumber/formats.ts';
import { numberVerdicts } from '../../domain/trackingNumber/recognise.ts';
import {
  Closed,
  Count,
  idCharsMax,
  LineId,
  Note,
  Nullable,
  named,
  Quantity,
  Reason,
  Revision,
  Time,
  Uuid,
  WarehouseId,
} from './common.ts';
import { linesMax, orderStatuses } from './orders.ts';

/** A container load of parcels, and of boxes in one of them. */
const parcelsMax = 500;
const boxesMax = 500;

/** Twice the longest of 39 formats of 18 couriers: an SSCC with its identifier in parentheses. */
const trackingNumberCharsMax = 64;
const carrierCharsMax = 64;

const TrackingNumber = Type.String({
  format: 'printable',
  minLength: 1,
  maxLength: trackingNumberCharsMax,
  examples: ['1Z5R89390357567127'],
});
const ParcelId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', maxLength: idCharsMax, examples: ['P1'] });
const BoxRef = Closed({
  lineId: LineId,
  boxCode: Type.String({ minLength: 1, maxLength: 64, examples: ['A'] }),
  quantity: Quantity,
});

const Sscc = Type.String({
  format: 'sscc',
  maxLength: 18,
  description: 'Serial shipping container code of GS1.',
  examples: ['106141412345678908'],
});

const Carrier = Type.String({ format: 'printable', minLength: 1, maxLength: carrierCharsMax, examples: ['ups'] });

export const ShipmentBody = Closed({
  warehouseId: WarehouseId,
  lines: Type.Array(Closed({ lineId: LineId, quantity: Quantity }), { minItems: 1, maxItems: linesMax }),
  carrier: Type.Optional(Carrier),
  trackingNumber: Type.Optional(TrackingNumber),
  parcels: Type.Array(
    Closed({
      parcelId: Type.Optional(ParcelId),
      trackingNumber: Type.Optional(TrackingNumber),
      sscc: Type.Optional(Sscc),
      boxes: Type.Array(BoxRef, { maxItems: boxesMax }),
    }),
    { minItems: 1, maxItems: parcelsMax },
  ),
});

/** What is left out stays as it is. */
export const ShipmentCorrection = Closed(
  {
    carrier: Type.Optional(Carrier),
    trackingNumber: Type.Optional(TrackingNumber),
    parcels: Type.Optional(
      Type.Array(Closed({ parcelId: ParcelId, trackingNumber: TrackingNumber }), { minItems: 1, maxItems: parcelsMax }),
    ),
  },
  { minProperties: 1 },
);

export const VoidBody = Closed({ reason: Reason, note: Type.Optional(Note) });

const ParcelStatus = Type.Enum([...parcelStatuses]);

/** A number is taken as it is told: that it is on the label is a fact. What is odd about it is said. */
const NumberCheck = Type.Optional(
  Closed(
    {
      verdict: Type.Enum([...numberVerdicts]),
      mayBeOf: Type.Array(Type.Enum([...carrierKeys])),
    },
    {
      description:
        'Whether the named carrier issues such numbers, the check digit included, and which carriers may have issued it. ' +
        'Absent where there is no number.',
    },
  ),
);

export const Shipment = named(
  'Shipment',
  Closed({
    shipmentId: Uuid,
    orderId: Uuid,
    warehouseId: WarehouseId,
    carrier: Type.Optional(Type.String({ description: 'Absent as long as it is not known.' })),
    trackingNumber: Type.Optional(Type.String({ description: 'Absent as long as it is not known.' })),
    trackingNumberCheck: NumberCheck,
    status: Type.String(),
    parcels: Type.Array(
      Closed({
        parcelId: ParcelId,
        trackingNumber: Type.Optional(Type.String()),
        sscc: Type.Optional(Type.String()),
        trackingNumberCheck: NumberCheck,
        status: ParcelStatus,
        lastLocation: Nullable(Type.String()),
        boxes: Type.Array(BoxRef),
        events: Type.Array(
          Closed({
            status: ParcelStatus,
            detail: Nullable(Type.String()),
            occurredAt: Time,
            recordedAt: Time,
            location: Nullable(Type.String()),
          }),
        ),
      }),
    ),
    dispatchedAt: Time,
    deliveredAt: Nullable(Time),
    staleSince: Type.Optional({
      ...Time,
      description: 'In tracking: since when its carrier does not answer. More may have happened.',
    }),
    voidedAt: Type.Optional({ ...Time, description: 'Only of one that was voided: its goods have not left.' }),
    revision: Revision,
    updatedAt: Time,
  }),
);

export const Tracking = named(
  'Tracking',
  Closed({
    orderId: Uuid,
    status: Type.Enum([...orderStatuses]),
    promisedWindow: Type.Null(),
    promiseHistory: Type.Array(Type.Null()),
    shipments: Type.Array(Type.Unsafe<unknown>({ $ref: 'Shipment#' })),
    boxes: Closed({ total: Count, delivered: Count }),
    stale: Type.Boolean({ description: 'A carrier of a parcel that is on its way does not answer.' }),
    staleSince: Nullable(Time),
  }),
);

export const ShipmentPath = Closed({ shipmentId: Uuid });
export const TrackingEventBody = Closed({
  parcelId: Type.Optional(ParcelId),
  status: ParcelStatus,
  detail: Type.Optional(Type.String({ minLength: 1, maxLength: 500, examples: ['Departed the hub'] })),
  location: Type.Optional(Type.String({ minLength: 1, maxLength: 200, examples: ['Leipzig'] })),
  occurredAt: { ...Time, description: "The carrier's time." },
});
