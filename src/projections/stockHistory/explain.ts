/** One stock from its own stream: why a figure is what it is (B3), and how it stood at a moment (B2). */
import { emptyBalance, moveBalance } from '../../domain/stock/balance.ts';
import type { StockEvent } from '../../domain/stock/events.ts';
import type { Balance } from '../../domain/stock/shapes.ts';
import { availableOf } from '../../domain/stock/state.ts';
import type { Actor } from '../../eventsourcing/message.ts';
import type { EventSource } from '../../eventsourcing/ports.ts';
import { formatCursor, InvalidCursor, parseCursor } from '../../eventsourcing/projecting/page.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';
import { publicData } from '../publicEvent.ts';
import { levelOf, type StockLevelDocument } from '../stockLevels/projection.ts';

// The stream of one stock, read in slices, and the cursor that marks a revision in it.

export type RecordedStockEvent = Recorded<StockEvent>;

/** All that history needs of the log. Each read takes its turn among the long ones (`createPacer`). */
export type PacedStreamReader = Pick<EventSource, 'readStream'>;

/** A slice is read and decoded within some five milliseconds, and is all that a fold holds of a stream. */
const eventsPerSlice = 250;

/** From a revision (inclusive) to the end, in slices that are never empty. A stream holds events of its category only. */
export async function* slicesOf(
  source: PacedStreamReader,
  stream: string,
  fromRevision: number,
): AsyncGenerator<readonly RecordedStockEvent[]> {
  for (let from = fromRevision; ; from += eventsPerSlice) {
    const slice = (await source.readStream(stream, from, eventsPerSlice)) as readonly RecordedStockEvent[];
    if (slice.length > 0) yield slice;
    if (slice.length < eventsPerSlice) return;
  }
}

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

export const explainedFields = ['onHand', 'reserved', 'quarantined', 'safetyStock', 'available'] as const;
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
  // Sealed: a person's words.
  note: false,
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

// * A stock as it was, on two time axes (B2). `asOf` asks what had happened in the warehouse by then (`occurredAt`);
// `knownAt` asks what the ledger had been told by then (`recordedAt`). A delivery of Monday that is typed in on Wednesday
// belongs to "as of Tuesday" from Wednesday on, and to "as of Tuesday, as known on Tuesday" never: so an old report can
// be printed again as it was, and also as it should have been.

/** ISO 8601 UTC with milliseconds, both inclusive. Absent: no limit on that axis. */
export interface Moment {
  readonly asOf?: string;
  readonly knownAt?: string;
}

const countsAt = ({ occurredAt, recordedAt }: RecordedStockEvent, { asOf, knownAt }: Moment): boolean =>
  (asOf === undefined || occurredAt <= asOf) && (knownAt === undefined || recordedAt <= knownAt);

/**
 * One step of the fold over all events of the stream, in the order in which they were recorded: without limits it
 * comes to the live figures. `data.after` is of no use here, as it counts events that the moment leaves out. For the
 * same reason a figure may be negative: goods can't leave before they arrive, but the dates that people give them can.
 */
export const foldAsOf = (
  level: StockLevelDocument | null,
  event: RecordedStockEvent,
  moment: Moment,
): StockLevelDocument | null => {
  if (!countsAt(event, moment)) return level;
  const { warehouseId, sku } = event.data;
  const facts = { warehouseId, sku, revision: event.revision, updatedAt: event.recordedAt };
  if (event.type === 'StockRegistered') {
    const { registeredAt } = event.data;
    return levelOf({ ...facts, stock: { phase: 'active', balance: moveBalance(emptyBalance, event), registeredAt } });
  }
  if (level === null) return null;
  const phase = event.type === 'StockRetired' ? 'retired' : level.status;
  return levelOf({
    ...facts,
    stock: { phase, balance: moveBalance(level, event), registeredAt: level.registeredAt },
  });
};
