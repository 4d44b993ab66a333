/** Shapes that many routes share. TypeBox is the authoring form; what is served and checked is plain JSON Schema. */
import Type, { type Static, type TSchema } from 'typebox';
import {
  adjustmentReasons,
  customerIdPattern,
  orderLineQuantityMax,
  quantityMax,
  skuCharsMax,
  warehouseIdPattern,
} from '../../domain/values.ts';
import { cursorLengthMax } from '../../eventsourcing/projecting/page.ts';

/** A named schema: one component in the OpenAPI document, referred to by its name. */
export const named = <T extends TSchema>(name: string, schema: T): T => ({ ...schema, $id: name });

export const ref = <T extends TSchema>(schema: T): ReturnType<typeof Type.Unsafe<Static<T>>> =>
  Type.Unsafe<Static<T>>({ $ref: `${(schema as { $id?: string }).$id ?? ''}#` });

/** Unknown fields are refused, never dropped (R6.4, R7.7). */
const closed = { additionalProperties: false } as const;
export const Closed = <P extends Parameters<typeof Type.Object>[0]>(properties: P, options: object = {}) =>
  Type.Object(properties, { ...closed, ...options });

/** All of a union: a list that leaves a member out does not compile. */
export const allOf =
  <U extends string>() =>
  <const L extends readonly U[]>(list: L & ([U] extends [L[number]] ? unknown : never)): L =>
    list;

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** Every text says how long it may be beside what it may hold: lengths are checked before contents. */
export const idCharsMax = 64;

/** Bounds of free text, in characters: a name fits a label, a note fits a screen, a reference fits a document number. */
const nameCharsMax = 200;
const noteCharsMax = 2_000;
export const referenceCharsMax = 100;
/** RFC 5321 §4.5.3.1.3 bounds a path, and with it an address, at 256 characters with its brackets. */
export const emailCharsMax = 254;
/** 32 digits and four dashes (RFC 9562 §4). */
const uuidChars = 36;

export const WarehouseId = Type.String({ pattern: warehouseIdPattern, maxLength: idCharsMax, examples: ['BER'] });
export const Sku = Type.String({
  format: 'sku',
  minLength: 1,
  maxLength: skuCharsMax,
  description: 'Printable characters of any script, in NFC, without a blank at either end; matched exactly.',
  examples: ['TABLE-OAK-160'],
});
export const Uuid = Type.String({
  format: 'uuid',
  maxLength: uuidChars,
  description: 'Taken in either case, given in lower case.',
  examples: ['01939d1a-6f0a-7cc1-9a54-2f1f5b0c8a11'],
});
export const CustomerId = Type.String({
  pattern: customerIdPattern,
  maxLength: idCharsMax,
  examples: ['customer-17850'],
});
export const LineId = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  maxLength: idCharsMax,
  examples: ['1'],
});
export const CountryCode = Type.String({
  format: 'country-code',
  pattern: '^[A-Z]{2}$',
  maxLength: 2,
  description: 'ISO 3166-1 alpha-2, and XK.',
  examples: ['DE'],
});
export const Currency = Type.String({
  format: 'currency',
  pattern: '^[A-Z]{3}$',
  maxLength: 3,
  description: 'ISO 4217',
  examples: ['EUR'],
});
export const PostalCode = Type.String({ minLength: 1, maxLength: 16, examples: ['10115'] });
export const Name = Type.String({ minLength: 1, maxLength: nameCharsMax, examples: ['Oak table 160'] });
export const Note = Type.String({
  minLength: 1,
  maxLength: noteCharsMax,
  description: 'Free text; kept sealed. Administrators, auditors and staff of the warehouse read it in history.',
  examples: ['Pallet got wet'],
});
export const Reference = Type.String({ minLength: 1, maxLength: referenceCharsMax, examples: ['PO-2026-118'] });
export const Reason = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$',
  maxLength: idCharsMax,
  examples: ['customer_request'],
});
export const AdjustmentReason = Type.Enum([...adjustmentReasons], { examples: ['found'] });

export const Count = Type.Integer({ minimum: 0, maximum: quantityMax, examples: [12] });
export const Quantity = Type.Integer({ minimum: 1, maximum: quantityMax, examples: [2] });
/** Pieces of many stocks, or of many facts, together: each may be as many as one stock can count. */
export const Sum = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, examples: [12] });
export const OrderQuantity = Type.Integer({ minimum: 1, maximum: orderLineQuantityMax, examples: [2] });
export const Delta = Type.Integer({ minimum: -quantityMax, maximum: quantityMax, not: { const: 0 }, examples: [5] });
/** Beyond it, two neighbours are the same number in JSON. */
const revisionMax = Number.MAX_SAFE_INTEGER;
export const Revision = Type.Integer({
  minimum: 0,
  maximum: revisionMax,
  description: 'Revision of the stream behind it; also the ETag.',
});
export const Time = Type.String({ format: 'date-time', maxLength: 40, examples: ['2026-11-24T09:30:00.000Z'] });
export const OccurredAt = Type.String({
  format: 'date-time',
  maxLength: 40,
  description: 'When it happened; absent: now. At most 5 minutes ahead, and not before the stock was registered.',
  examples: ['2026-11-24T09:30:00.000Z'],
});

/** docs/openapi.json. */
const pageLimitMax = 500;
/** Encrypted and in base 64 again, with its key's id, nonce and tag. */
const sealedCursorLengthMax = Math.ceil(cursorLengthMax * (4 / 3)) + 128;
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: pageLimitMax, default: 50 })),
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: sealedCursorLengthMax,
      description: 'nextCursor of the page before, with the same filters.',
    }),
  ),
};

export const PageOf = <T extends TSchema>(item: T) =>
  Closed({ items: Type.Array(item), nextCursor: Nullable(Type.String()) });

/** Answers without a body. */
export const Nothing = Type.Null({ description: 'No body.' });
export const NotModified = Type.Null({ description: 'The caller has this very revision; no body.' });

/** An event as it stands in the log, without personal data. */
export const PublicEvent = named(
  'Event',
  Closed({
    id: Type.String(),
    type: Type.String({ examples: ['StockAdjusted'] }),
    schemaVersion: Type.Integer(),
    stream: Type.String({ examples: ['stock-BER.TABLE-OAK-160'] }),
    revision: Type.Integer(),
    position: Type.String({ description: 'Opaque; for Stockledger-Min-Position and Last-Event-ID.' }),
    occurredAt: Time,
    recordedAt: Time,
    correlationId: Type.String(),
    causationId: Type.String(),
    actor: Closed({ subject: Type.String(), kind: Type.String(), client: Type.String() }),
    data: Type.Object({}, { additionalProperties: true }),
    note: Type.Optional(
      Nullable(
        Type.String({
          description: 'In history, for those who may read notes. `null`: the data of its author was erased.',
        }),
      ),
    ),
  }),
);

/** What a command would record (B12). */
export const DryRun = named(
  'DryRun',
  Closed({
    dryRun: Type.Literal(true),
    events: Type.Array(Closed({ type: Type.String(), data: Type.Object({}, { additionalProperties: true }) })),
  }),
);

export const ProblemDocument = named(
  'Problem',
  Type.Object(
    {
      type: Type.String(),
      title: Type.String(),
      status: Type.Integer(),
      detail: Type.String(),
      instance: Type.String(),
      code: Type.String(),
      errors: Type.Optional(Type.Array(Closed({ pointer: Type.String(), message: Type.String() }))),
    },
    { additionalProperties: true, description: 'RFC 9457. `code` is stable; see docs/errors.md.' },
  ),
);
