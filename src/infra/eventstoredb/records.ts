/**
 * How an event is stored: its id and type are those of the server's event, `data` is its data, and the metadata hold
 * ours beside `schemaVersion`, `occurredAt` and `recordedAt`.
 */
import type { AllStreamResolvedEvent, EventData, ResolvedEvent } from '@eventstore/db-client';
import {
  type DecodeStored,
  type EventEnvelope,
  type EventMetadata,
  type Position,
  type RecordedEvent,
  UnknownEvent,
} from '../../eventsourcing/message.ts';

export interface Encoded {
  readonly events: EventData[];
  /** As the server counts: data, metadata and twice the type. */
  readonly bytes: number;
}

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const nilUuid = '00000000-0000-0000-0000-000000000000';
const toBytes = new TextEncoder();

const jsonOf = (value: object, what: string): string => {
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) return text;
  } catch (error) {
    throw new TypeError(`${what} can't be written as JSON`, { cause: error });
  }
  throw new TypeError(`${what} can't be written as JSON`);
};

const checkId = (id: string): void => {
  if (!uuidPattern.test(id) || id === nilUuid) throw new RangeError(`not a UUID in lower case: ${id}`);
};

/**
 * Everything that can fail on an event fails here: inside the client it would end the process, or never be answered.
 * So the client gets metadata as bytes and data that JSON has made.
 * @throws RangeError for an id that is no UUID or is there twice
 * @throws TypeError for data that JSON can't hold
 */
export const encodeEvents = (envelopes: readonly EventEnvelope[]): Encoded => {
  const ids = new Set<string>();
  let bytes = 0;
  const events = envelopes.map(({ id, type, data, metadata, schemaVersion, occurredAt, recordedAt }): EventData => {
    checkId(id);
    ids.add(id);
    const dataJson = jsonOf(data, `data of ${type}`);
    const stored = jsonOf({ ...metadata, schemaVersion, occurredAt, recordedAt }, `metadata of ${type}`);
    const metadataBytes = toBytes.encode(stored);
    bytes += Buffer.byteLength(dataJson) + metadataBytes.length + 2 * type.length;
    return {
      id,
      type,
      contentType: 'application/json',
      data: JSON.parse(dataJson) as Record<string, unknown>,
      metadata: metadataBytes,
    };
  });
  if (ids.size < events.length) throw new RangeError('the same event id twice in one append');
  return { events, bytes };
};

type StoredMetadata = EventMetadata & Pick<EventEnvelope, 'schemaVersion' | 'occurredAt' | 'recordedAt'>;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

const isOurMetadata = (value: unknown): value is StoredMetadata =>
  isObject(value) &&
  typeof value.schemaVersion === 'number' &&
  typeof value.occurredAt === 'string' &&
  typeof value.recordedAt === 'string' &&
  typeof value.commandId === 'string';

/** About what data or metadata take in memory: characters of their JSON, or bytes. */
export const weightOf = (value: unknown): number =>
  value instanceof Uint8Array ? value.length : value === undefined ? 0 : JSON.stringify(value).length;

/** Where it stands in the log; absent when the server did not say. */
export const positionOf = ({ event, link, commitPosition }: AllStreamResolvedEvent): Position | null => {
  // A link to an event that is gone has a place of its own, and no event.
  const at = (link ?? event)?.position;
  if (at !== undefined) return { commit: at.commit, prepare: at.prepare };
  return commitPosition === undefined ? null : { commit: commitPosition, prepare: commitPosition };
};

/**
 * `null` for what others wrote: system events, links, and events without our metadata.
 * @throws UnknownEvent when a newer build of ours wrote it
 */
export const decodeResolved = (
  resolved: ResolvedEvent | AllStreamResolvedEvent,
  decode: DecodeStored,
): RecordedEvent | null => {
  const { event } = resolved;
  if (event === undefined || event.type.startsWith('$') || !event.isJson) return null;
  const position = positionOf(resolved as AllStreamResolvedEvent);
  const stored: unknown = event.metadata;
  if (position === null || !isObject(event.data) || !isOurMetadata(stored)) return null;
  const { schemaVersion, occurredAt, recordedAt, ...metadata } = stored;
  return decode({
    id: event.id,
    type: event.type,
    schemaVersion,
    occurredAt,
    recordedAt,
    data: event.data,
    metadata,
    stream: event.streamId,
    revision: Number(event.revision),
    position,
  });
};

/** The same, but returns the error: only a follower that wants this type must fail on it. */
export const tryDecode = (
  resolved: AllStreamResolvedEvent,
  decode: DecodeStored,
): RecordedEvent | UnknownEvent | null => {
  try {
    return decodeResolved(resolved, decode);
  } catch (error) {
    if (error instanceof UnknownEvent) return error;
    throw error;
  }
};
