/** How a route is declared, and what is known of its request. `route.ts` checks, documents and enforces it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static, type TSchema } from 'typebox';
import { type Operation, policies } from '../domain/access/policy.ts';
import type { Principal } from '../domain/access/principal.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import type { Turns } from '../eventsourcing/concurrency.ts';
import type { Progress } from '../eventsourcing/consumers/consumerProgress.ts';
import type { Caller } from './access.ts';
import type { RunningRequest } from './commands/keptAnswers.ts';
import type { Permit } from './limits.ts';
import type { ProblemCode } from './problems/problemCodes.ts';
import type { CachedRead } from './reads/cachedReads.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly operation?: Operation;
    /** All that it may object to, for the document. */
    readonly problems?: readonly ProblemCode[];
    readonly bodyChecked?: TSchema;
  }
}

/** Groups of the document. */
export type Tag =
  | 'Warehouses'
  | 'Items'
  | 'Inventory'
  | 'Approvals'
  | 'Orders'
  | 'Shipments'
  | 'Webhooks'
  | 'API keys'
  | 'Audit'
  | 'Live'
  | 'Transfers'
  | 'Inbound'
  | 'Returns'
  | 'EPCIS';
/** A status without words in `plugins/openApi.ts` does not compile. */
export type AnswerStatus = 200 | 201 | 202 | 204 | 207 | 304;

interface RouteDocumentation {
  /** Its line in the policy table, and its `operationId`. */
  readonly operation: Operation;
  /** `:name` for parameters, as Fastify has it. */
  readonly url: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** What it answers when all is well, by status. */
  readonly answers: { readonly [Status in AnswerStatus]?: TSchema };
  /** What it may object to, beside what any route may. */
  readonly problems: readonly ProblemCode[];
  /** Requests that it counts as (R8); default 1. */
  readonly cost?: number;
}

export interface HandlerInput<P, Q> extends Caller {
  readonly params: P;
  readonly query: Q;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface ReadInput<P, Q> extends HandlerInput<P, Q> {
  readonly cachedRead: CachedRead;
}

export interface CommandInput<P, B> extends HandlerInput<P, unknown> {
  readonly body: B;
  readonly context: CommandContext;
  /** When this command was first asked for, for ids that carry a time: a retry makes the same ones. */
  readonly claimedAt: () => Promise<string>;
  /** Before a large answer is made: those to commands that were recorded together are not one piece of work. */
  readonly takeTurn: Turns['take'];
}

export interface ReadSpec<P extends TSchema, Q extends TSchema> extends RouteDocumentation {
  readonly params?: P;
  readonly query?: Q;
  /** The query is the body of a POST: it holds what may stand in no address, as these are logged on the way. */
  readonly isPrivate?: true;
  /** All that the answer is made of: each must have seen what the caller has seen (B8). */
  readonly models: readonly Progress[];
  /** Its handler recalls: the document shows the header that asks past the cache. */
  readonly isCached?: true;
  /** It folds part of the log, and counts among the expensive ones of its caller. */
  readonly isExpensive?: (query: Static<Q>) => boolean;
  readonly handle: (asked: ReadInput<Static<P>, Static<Q>>) => Promise<unknown>;
}

export interface CommandSpec<P extends TSchema, B extends TSchema> extends RouteDocumentation {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly params?: P;
  readonly body?: B;
  /** What is checked in place of `body`, when the handler checks its parts one by one. */
  readonly bodyChecked?: TSchema;
  readonly bodyBytesMax?: number;
  /** Many changes in one request: turned away before others are. */
  readonly isBulk?: true;
  /** Takes `Prefer: wait`. */
  readonly waits?: true;
  /** The answer holds something that may not be kept in the clear. */
  readonly confidential?: true;
  /**
   * The answer to what was recorded is made of the events and the state after them alone (`answerOutcome`), so that the log
   * makes it again.
   */
  readonly isRemade?: true;
  readonly handle: (asked: CommandInput<Static<P>, Static<B>>) => Promise<unknown>;
}

/** No parameters, no query. */
export const nothing = Type.Object({}, { additionalProperties: false });

const descriptionOf = ({ description, cost }: RouteDocumentation): { readonly description?: string } => {
  const weight = cost === undefined ? undefined : `Counts as ${cost} requests.`;
  const sentences = [description, weight].filter((each) => each !== undefined);
  return sentences.length === 0 ? {} : { description: sentences.join(' ') };
};

export const documentationOf = (spec: ReadSpec<TSchema, TSchema> | CommandSpec<TSchema, TSchema>) => ({
  operationId: spec.operation,
  tags: [spec.tag],
  summary: spec.summary,
  ...descriptionOf(spec),
  // A key comes beside a token, and never in its place.
  security: [
    { oauth: [...policies[spec.operation].scopes] },
    { oauth: [...policies[spec.operation].scopes], apiKey: [] },
  ],
  params: spec.params ?? nothing,
  response: spec.answers,
});

declare module 'fastify' {
  /** Fields of the request itself: a table beside it costs a look-up for each, and work for the collector. */
  interface FastifyRequest {
    /** Whose token it is; `null` until that was checked. */
    principal: Principal | null;
    /** `null` until it is known that they may do it. */
    caller: Caller | null;
    /** Of the problem that it was answered with. */
    problemCode: ProblemCode | null;
    /** `null` for what runs under no idempotency key, or was answered. */
    underKey: RunningRequest | null;
    /** What its body weighs; `null` for what has none. */
    bodyPermit: Permit | null;
    /** Its parameters, query and body are what the schemas say. */
    isChecked: boolean;
    /** Its handler has begun. */
    isWorkedOn: boolean;
    /** What rows of its body name that the caller does not reach; `null`: nothing. For detection (R13.2). */
    missed: string[] | null;
  }
}

export const registerRequestState = (app: FastifyInstance): void => {
  app.decorateRequest('caller', null);
  app.decorateRequest('principal', null);
  app.decorateRequest('problemCode', null);
  app.decorateRequest('underKey', null);
  app.decorateRequest('bodyPermit', null);
  app.decorateRequest('isChecked', false);
  app.decorateRequest('isWorkedOn', false);
  app.decorateRequest('missed', null);
};
