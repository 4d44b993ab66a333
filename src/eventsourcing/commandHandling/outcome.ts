/** What goes into the command loop beside the command, and what comes out of it. */
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
