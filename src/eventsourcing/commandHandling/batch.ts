/** A batch of commands for one stream, decided one after another on the moving state. Pure apart from the answers. */

import type { Decider, DomainEvent, EventEnvelope, RecordedEvent } from '../message.ts';
import { type CommandContext, eventIdOf, type IfMatch, type Outcome } from './outcome.ts';
import type { RecentCommand } from './recentCommands.ts';
import type { Loaded } from './stateCache.ts';

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
    const doneBefore = loaded.recent.find(context.commandId);
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
