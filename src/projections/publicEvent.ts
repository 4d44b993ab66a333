/** An event as it may leave the service: history, conflicts (B1), the live stream, the pull feed, dry runs (B12). */
import { eventFields } from '../domain/events.ts';
import {
  type Actor,
  type DomainEvent,
  formatPosition,
  type RecordedEvent,
  UnknownEvent,
} from '../eventsourcing/message.ts';

export interface PublicEvent {
  /** UUID. */
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly stream: string;
  /** Counts from 0 within the stream. */
  readonly revision: number;
  /** The opaque token of docs/openapi.json. */
  readonly position: string;
  /** Business time, ISO 8601 UTC. */
  readonly occurredAt: string;
  /** Our time, ISO 8601 UTC. */
  readonly recordedAt: string;
  readonly data: PublicData;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor: Actor;
}

export type PublicData = Readonly<Record<string, unknown>>;

const fieldsByType: Readonly<Record<string, Readonly<Record<string, 'public' | 'pii'>>>> = eventFields;

/**
 * The fields that are declared `public` (docs/architecture.md, "Personal data"). Sealed text stays inside too: with a
 * stolen key, what was handed out could be read long after the subject was erased here.
 * @throws UnknownEvent for a type without declared fields.
 */
export const publicData = ({ type, data }: DomainEvent): PublicData => {
  const fields = Object.hasOwn(fieldsByType, type) ? fieldsByType[type] : undefined;
  if (fields === undefined) throw new UnknownEvent(`${type} is not known`);
  return Object.fromEntries(Object.entries(data).filter(([field]) => fields[field] === 'public'));
};

/** Field by field, so that what an envelope gains later does not leave the service by itself. @throws UnknownEvent */
export const publicEvent = (event: RecordedEvent): PublicEvent => {
  const { id, type, schemaVersion, stream, revision, occurredAt, recordedAt, metadata } = event;
  const { subject, kind, client } = metadata.actor;
  return {
    id,
    type,
    schemaVersion,
    stream,
    revision,
    position: formatPosition(event.position),
    occurredAt,
    recordedAt,
    data: publicData(event),
    correlationId: metadata.$correlationId,
    causationId: metadata.$causationId,
    actor: { subject, kind, client },
  };
};
