/** What goes into the command loop, how a batch of it is decided, and what comes out. */
import type {
  Actor,
  Decider,
  DomainEvent,
  EventEnvelope,
  EventMetadata,
  Position,
  RecordedEvent,
  Refusal,
} from '../message.ts';
import { eventIdOf } from './ids.ts';
import { findRecent, type RecentCommand } from './recentCommands.ts';
import type { Loaded } from './stateCache.ts';

/** The revisions that a caller takes for the current one; `any`: whatever is there (RFC 9110 §13.1.1). */
export type IfMatch = readonly number[] | 'any';

export interface CommandContext {
  /** UUID; the ids of the events are derived from it. */
  readonly commandId: string;
  readonly actor: Actor;
  readonly authentication: EventMetadata['authentication'];
  readonly correlationId: string;
  readonly causationId: string;
  /** As `EventMetadata` has it. */
  readonly request?: string;
  /** The log has what an earlier attempt recorded: it is looked for before anything is decided. */
  readonly isRetry?: boolean;
  /** Business time, ISO 8601 UTC; absent: now. */
  readonly occurredAt?: string;
  /** The revision the caller saw. Its conflict is never retried for them. */
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

/** A batch of commands for one stream, decided one after another on the moving state. Pure apart from the answers. */

export interface BatchedCommand<Command> {
  readonly command: Command;
  readonly context: CommandContext;
}

/** What a command comes to, before it is known whether the batch could be written. */
type CommandVerdict<State, E extends DomainEvent, Code extends string> =
  | { readonly kind: 'decided'; readonly outcome: (written: readonly RecordedEvent<E>[]) => Outcome<State, E, Code> }
  | { readonly kind: 'done_before'; readonly command: RecentCommand }
  | { readonly kind: 'stale'; readonly seen: number; readonly currentRevision: number };

export interface BatchPlan<State, E extends DomainEvent, Code extends string> {
  /** To be appended in one go; empty when nothing is to be recorded. */
  readonly envelopes: readonly EventEnvelope<E>[];
  /** One for each command, in order. */
  readonly verdicts: readonly CommandVerdict<State, E, Code>[];
  /** State and revision once the envelopes are written. */
  readonly after: Pick<Loaded<State>, 'state' | 'revision'>;
}

const envelopeOf = <E extends DomainEvent>(
  event: E,
  index: number,
  schemaVersion: number,
  { context, recordedAt }: { context: CommandContext; recordedAt: string },
): EventEnvelope<E> => ({
  id: eventIdOf(context.commandId, index),
  type: event.type,
  schemaVersion,
  occurredAt: context.occurredAt ?? recordedAt,
  recordedAt,
  data: event.data,
  metadata: {
    $correlationId: context.correlationId,
    $causationId: context.causationId,
    commandId: context.commandId,
    actor: context.actor,
    authentication: context.authentication,
    ...(context.request === undefined ? {} : { request: context.request }),
  },
});

const isMet = (ifMatch: IfMatch, revision: number): boolean =>
  ifMatch === 'any' ? revision >= 0 : ifMatch.includes(revision);

const newestOf = (ifMatch: IfMatch): number => (ifMatch === 'any' ? -1 : Math.max(-1, ...ifMatch));

export const planBatch = <State, Command, E extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, E, Code>,
  batch: readonly BatchedCommand<Command>[],
  loaded: Loaded<State>,
  recordedAt: string,
): BatchPlan<State, E, Code> => {
  const envelopes: EventEnvelope<E>[] = [];
  /** A client that lost patience sends a command twice at once: it is recorded once, and both get that answer. */
  const recordedIn = new Map<string, CommandVerdict<State, E, Code>>();
  let { state, revision } = loaded;

  const decideOne = ({ command, context }: BatchedCommand<Command>): CommandVerdict<State, E, Code> => {
    const doneBefore = findRecent(loaded.recent, context.commandId);
    if (doneBefore !== undefined) return { kind: 'done_before', command: doneBefore };
    const twin = recordedIn.get(context.commandId);
    if (twin !== undefined) return twin;
    if (context.ifMatch !== undefined && !isMet(context.ifMatch, revision)) {
      return { kind: 'stale', seen: newestOf(context.ifMatch), currentRevision: revision };
    }
    const decision = decider.decide(command, state);
    if ('refused' in decision) {
      return { kind: 'decided', outcome: () => ({ kind: 'refused', refusal: decision.refused }) };
    }
    if (context.dryRun === true) {
      return { kind: 'decided', outcome: () => ({ kind: 'dry_run', events: decision.accepted }) };
    }
    const from = envelopes.length;
    for (const [index, event] of decision.accepted.entries()) {
      const schemaVersion = decider.schemaVersions[event.type as E['type']];
      envelopes.push(envelopeOf(event, index, schemaVersion, { context, recordedAt }));
      state = decider.evolve(state, event);
      revision += 1;
    }
    const [stateThen, revisionThen, to] = [state, revision, envelopes.length];
    const outcome = (written: readonly RecordedEvent<E>[]): Outcome<State, E, Code> => {
      const last = written[to - 1];
      const position = last?.position ?? loaded.position;
      const updatedAt = last?.recordedAt ?? loaded.updatedAt;
      const events = written.slice(from, to);
      const after = { state: stateThen, revision: revisionThen, updatedAt };
      if (last === undefined || events.length === 0) return { kind: 'unchanged', ...after, position };
      return { kind: 'recorded', ...after, events, position: last.position };
    };
    const verdict = { kind: 'decided', outcome } as const;
    if (to > from) recordedIn.set(context.commandId, verdict);
    return verdict;
  };

  const verdicts = batch.map(decideOne);
  return { envelopes, verdicts, after: { state, revision } };
};
