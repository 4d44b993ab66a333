/** What a command came to, as HTTP says it: revision as ETag, position, or the problem. */
import type { FastifyReply } from 'fastify';
import type { Reach } from '../../domain/access/policy.ts';
import type { Outcome } from '../../eventsourcing/commandHandling/outcome.ts';
import { type DomainEvent, type RecordedEvent, unreachable } from '../../eventsourcing/message.ts';
import { entityTagOf, tellPosition, tellReplayed } from '../input/headers.ts';
import { Problem, problemOf } from '../problems/problem.ts';
import type { RefusalCode } from '../problems/problemCodes.ts';
import { viewData, viewEvent } from '../reads/eventView.ts';

/** An accepted command: the state after it, and what it recorded (nothing, if it was done already). */
export interface Accepted<State, E extends DomainEvent> {
  readonly state: State;
  readonly revision: number;
  /** When it last changed; empty for what was never there. */
  readonly updatedAt: string;
  readonly events: readonly RecordedEvent<E>[];
}

interface Answer<State, E extends DomainEvent> {
  readonly status: 200 | 201 | 202 | 204;
  readonly body: (accepted: Accepted<State, E>) => object | undefined;
  readonly location?: string;
}

/** Events go out as a read of the same caller would show them. */
const reachOf = ({ request }: FastifyReply): Reach => {
  if (request.caller === null) throw new Error('an answer was made before its caller was known');
  return request.caller.reach;
};

/** What a command would record. */
export const showDryRun = (events: readonly DomainEvent[], reach: Reach): readonly object[] =>
  events.flatMap((event) => {
    const data = viewData(event, reach);
    return data === null ? [] : [{ type: event.type, data }];
  });

const dryRunAnswer = (events: readonly DomainEvent[], reply: FastifyReply): FastifyReply =>
  reply
    .code(200)
    .header('content-type', 'application/json')
    .serializer((body) => JSON.stringify(body))
    .send({ dryRun: true, events: showDryRun(events, reachOf(reply)) });

/** B1: what happened since, so that a client can rebase. What is not there matches no revision (RFC 9110 §13.1.1). */
const conflict = (currentRevision: number, events: readonly RecordedEvent[], reach: Reach): Problem =>
  currentRevision < 0
    ? new Problem('REVISION_CONFLICT', 'There is nothing here yet.', { members: { currentRevision: null, events: [] } })
    : new Problem('REVISION_CONFLICT', `The current revision is ${currentRevision}.`, {
        headers: { etag: entityTagOf(currentRevision) },
        members: { currentRevision, events: events.flatMap((event) => viewEvent(event, reach) ?? []) },
      });

/** @throws Problem for what was refused, or decided on a revision that is no more. */
export const answerOutcome = <State, E extends DomainEvent, Code extends RefusalCode>(
  outcome: Outcome<State, E, Code>,
  reply: FastifyReply,
  { status, body, location }: Answer<State, E>,
): object | undefined => {
  switch (outcome.kind) {
    case 'recorded':
    case 'unchanged': {
      const { state, revision, position, updatedAt } = outcome;
      if (revision >= 0) reply.header('etag', entityTagOf(revision));
      tellPosition(reply, position);
      if (outcome.kind === 'recorded' && outcome.isReplay === true) tellReplayed(reply);
      if (location !== undefined) reply.header('location', location);
      reply.code(status);
      return body({
        state,
        revision,
        updatedAt: updatedAt ?? '',
        events: outcome.kind === 'recorded' ? outcome.events : [],
      });
    }
    case 'refused':
      throw problemOf(outcome.refusal);
    case 'stale':
      throw conflict(outcome.currentRevision, outcome.events, reachOf(reply));
    case 'dry_run':
      return dryRunAnswer(outcome.events, reply);
    default:
      return unreachable(outcome);
  }
};
