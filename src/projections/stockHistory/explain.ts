/** Why a figure is what it is: every event that moved it, and by how much (B3). */
import type { Balance } from '../../domain/stock/events.ts';
import { availableOf } from '../../domain/stock/state.ts';
import type { Actor } from '../../eventsourcing/message.ts';
import { publicData } from '../publicEvent.ts';
import type { RecordedStockEvent } from './pages.ts';

export const explainedFields = ['onHand', 'reserved', 'quarantined', 'safetyStock', 'available'] as const;
export type ExplainedField = (typeof explainedFields)[number];

/** What an event refers to, as far as it says. */
const referenceFields = [
  'reservationId',
  'orderId',
  'lineId',
  'shipmentId',
  'reason',
  'cause',
  'reference',
  'purchaseOrder',
  'asn',
  'supplier',
] as const;

export interface Cause extends Readonly<Partial<Record<(typeof referenceFields)[number], string>>> {
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

const referencesOf = (event: RecordedStockEvent): Pick<Cause, (typeof referenceFields)[number]> => {
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
): readonly Cause[] => {
  const causes: Cause[] = [];
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
