/** What goes into the command loop beside the command, what comes out of it, and the ids that follow from a command. */
import { hash } from 'node:crypto';
import type { Actor, DomainEvent, EventMetadata, Position, RecordedEvent, Refusal } from '../message.ts';

/** The revisions that a caller takes for the current one; `any`: whatever is there (RFC 9110 §13.1.1). */
export type IfMatch = readonly number[] | 'any';

export interface CommandContext {
  /** UUID; the ids of the events are derived from it. */
  readonly commandId: string;
  readonly actor: Actor;
  readonly authentication: EventMetadata['authentication'];
  readonly correlationId: string;
  readonly causationId: string;
  /** Business time, ISO 8601 UTC; absent: now. */
  readonly occurredAt?: string;
  /** The revision the caller saw. Its conflict is never retried for them (DESIGN §4.3). */
  readonly ifMatch?: IfMatch;
  /** The id of the stream was made for this command: it need not be looked for first. */
  readonly expectsNew?: boolean;
  /** Decide, but record nothing (B12). */
  readonly dryRun?: boolean;
}

export interface Recording<State, E extends DomainEvent> {
  readonly kind: 'recorded';
  readonly events: readonly RecordedEvent<E>[];
  /** As it was right after these events. */
  readonly state: State;
  readonly revision: number;
  readonly position: Position;
  /** When its last event was recorded, ISO 8601 UTC. */
  readonly updatedAt: string | null;
  /** Not by this attempt: an earlier one with the same command id has recorded it. */
  readonly isReplay?: true;
}

export interface Refused<Code extends string> {
  readonly kind: 'refused';
  readonly refusal: Refusal<Code>;
}

export type Outcome<State, E extends DomainEvent, Code extends string> =
  | Recording<State, E>
  /** Accepted, and there was nothing to record. `revision` -1: the stream does not exist. */
  | {
      readonly kind: 'unchanged';
      readonly state: State;
      readonly revision: number;
      readonly position: Position | null;
      readonly updatedAt: string | null;
    }
  | Refused<Code>
  /** The caller's `ifMatch` is not the current revision; `events` are those since (B1). */
  | { readonly kind: 'stale'; readonly currentRevision: number; readonly events: readonly RecordedEvent<E>[] }
  | { readonly kind: 'dry_run'; readonly events: readonly E[] };

/** Namespace of all ids this service derives (a UUIDv4 made once, never changed). */
const namespace = Buffer.from('6f0c1d5ab1b24c0e9a5d3f7e2c84a911', 'hex');

const sha1Of = (name: string): string => hash('sha1', Buffer.concat([namespace, Buffer.from(name, 'utf8')]), 'hex');

const withVariant = (hex: string): string => ((Number.parseInt(hex, 16) & 0x3f) | 0x80).toString(16);

const dashed = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;

/**
 * UUIDv5 (RFC 9562 §5.5) of a name: the same name gives the same id on every machine and on every retry, which is
 * what makes a repeated append, command or delivery recognisable.
 */
export const derivedId = (name: string): string => {
  const hex = sha1Of(name);
  return dashed(`${hex.slice(0, 12)}5${hex.slice(13, 16)}${withVariant(hex.slice(16, 18))}${hex.slice(18, 32)}`);
};

/**
 * UUIDv7 (RFC 9562 §5.7) whose time is `at` (ISO 8601) and whose random part is derived from a name: sorts by time like
 * any other, and a request that is sent again makes the same one.
 */
export const derivedTimeId = (name: string, at: string): string => {
  const hex = sha1Of(name);
  const time = Date.parse(at).toString(16).padStart(12, '0');
  return dashed(`${time}7${hex.slice(13, 16)}${withVariant(hex.slice(16, 18))}${hex.slice(18, 32)}`);
};

/** Event ids are derived from the command and the index, so that a retry writes the same ids (DESIGN §4.2). */
export const eventIdOf = (commandId: string, index: number): string => derivedId(`${commandId}#${index}`);
