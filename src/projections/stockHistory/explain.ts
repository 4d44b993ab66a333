/** One stock from its own stream: why a figure is what it is (B3). */
import type { StockEvent } from '../../domain/stock/events.ts';
import type { Balance } from '../../domain/stock/shapes.ts';
import { availableOf } from '../../domain/stock/state.ts';
import type { Actor } from '../../eventsourcing/message.ts';
import { formatCursor, InvalidCursor, parseCursor } from '../../eventsourcing/projecting/page.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';
import { publicData } from '../publicEvent.ts';

// The cursor that marks a revision in the stream of one stock.

export type RecordedStockEvent = Recorded<StockEvent>;

/** The cursor names the stream too, so that it fits no other. */
export const revisionCursor = (stream: string, revision: number): string =>
  formatCursor({ value: revision, id: stream });

/** The revision after which to go on; `null` at the beginning. @throws InvalidCursor */
export const revisionAfter = (stream: string, cursor: string | undefined): number | null => {
  if (cursor === undefined) return null;
  const { value, id } = parseCursor(cursor);
  if (id !== stream || typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidCursor('a cursor of another list');
  }
  return value;
};

export const explainedFields = ['onHand', 'reserved', 'quarantined', 'safetyStock', 'available', 'incoming'] as const;
export type ExplainedField = (typeof explainedFields)[number];

type FieldOf<E> = E extends StockEvent ? keyof E['data'] : never;

/** Every field of every stock event: does it say what the event refers to? A field that is missing does not compile. */
const isReference = {
  reservationId: true,
  orderId: true,
  lineId: true,
  shipmentId: true,
  reason: true,
  cause: true,
  reference: true,
  purchaseOrder: true,
  asn: true,
  supplier: true,
  approvalId: true,
  transferId: true,
  inboundId: true,
  returnId: true,
  disposition: true,
  warehouseId: false,
  sku: false,
  after: false,
  onHand: false,
  safetyStock: false,
  registeredAt: false,
  quantity: false,
  delta: false,
  counted: false,
  missing: false,
  expiresAt: false,
  fromReservationId: false,
  change: false,
  held: false,
  freed: false,
  proposedBy: false,
  approvedBy: false,
  rejectedBy: false,
  shelf: false,
  available: false,
  claimed: false,
  damaged: false,
  toWarehouseId: false,
  fromWarehouseId: false,
  inboundRevision: false,
  expected: false,
  expectedAt: false,
  incomingDelta: false,
  // Sealed: a person's words.
  note: false,
  unseen: false,
} as const satisfies { readonly [Field in FieldOf<StockEvent>]: boolean };

type ReferenceField = {
  [Field in keyof typeof isReference]: (typeof isReference)[Field] extends true ? Field : never;
}[keyof typeof isReference];

const referenceFields = (Object.keys(isReference) as (keyof typeof isReference)[]).filter(
  (field): field is ReferenceField => isReference[field],
);

export interface FigureCause extends Readonly<Partial<Record<ReferenceField, string>>> {
  readonly revision: number;
  readonly eventId: string;
  readonly type: RecordedStockEvent['type'];
  /** Business time and ours, ISO 8601 UTC. */
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly commandId: string;
  readonly actor: Actor;
  /** By how much the figure moved; never 0. */
  readonly delta: number;
  /** The figure after it: the sum of all deltas up to here. */
  readonly after: number;
}

export const figureOf = (balance: Balance, field: ExplainedField): number =>
  field === 'available' ? availableOf(balance) : balance[field];

const referencesOf = (event: RecordedStockEvent): Pick<FigureCause, ReferenceField> => {
  const data = publicData(event);
  return Object.fromEntries(
    referenceFields.flatMap((field) => (typeof data[field] === 'string' ? [[field, data[field]]] : [])),
  );
};

/**
 * The causes among `events`, in their order. `before` is the balance before the first of them.
 *
 * A delta is the difference of the figures that two neighbours in the stream carry (`data.after`), so the sum comes out
 * for every field, `available` included, which no event moves by itself; and a page needs no more than its first event.
 */
export const causesIn = (
  events: readonly RecordedStockEvent[],
  before: Balance,
  field: ExplainedField,
): readonly FigureCause[] => {
  const causes: FigureCause[] = [];
  let figure = figureOf(before, field);
  for (const event of events) {
    const after = figureOf(event.data.after, field);
    const delta = after - figure;
    figure = after;
    if (delta === 0) continue;
    const { revision, id, type, occurredAt, recordedAt, metadata } = event;
    const { commandId, actor } = metadata;
    const references = referencesOf(event);
    causes.push({ revision, eventId: id, type, occurredAt, recordedAt, commandId, actor, delta, after, ...references });
  }
  return causes;
};
