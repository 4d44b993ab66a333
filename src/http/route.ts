/** Turns a declared route into a served one: who, may they, documentation, and what each command or read needs. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { NewId } from '../commands/ports.ts';
import type { Turns } from '../eventsourcing/concurrency.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { ReadCache } from '../projections/readCache/readCache.ts';
import { type Asked, type Caller, requireWarehouse } from './access.ts';
import type { Idempotency } from './commands/idempotency.ts';
import type { StartedRequest } from './commands/keptAnswers.ts';
import { type Deprecations, endingOf } from './deprecations.ts';
import { contextOf, idempotencyKeyOf, isDryRun } from './input/headers.ts';
import { type Admission, bodyLimitOf, type ConcurrencyLimit, callerKey, holdBody } from './limits.ts';
import { bodyProblems, commandProblems, commonProblems, readProblems } from './problems/commonProblems.ts';
import { Problem } from './problems/problem.ts';
import { cachedReadFor } from './reads/cachedReads.ts';
import { type Cursors, queryOf } from './reads/lists.ts';
import { awaitPosition, type PositionGate } from './reads/positions.ts';
import { type CommandSpec, documentationOf, type HandlerInput, nothing, type ReadSpec } from './routeSpec.ts';
import { cachedReadHeaders, commandHeaders, dryRunQuery, readHeaders } from './schemas/documentation.ts';

export interface RouteSupport {
  readonly identify: (request: FastifyRequest, reply: FastifyReply, asked: Asked) => Promise<Caller>;
  readonly idempotency: Idempotency;
  readonly admission: Admission;
  /** `null`: every read is answered by its read model. */
  readonly readCache: ReadCache | null;
  /** Bytes of bodies that are being worked on. */
  readonly bodies: ConcurrencyLimit;
  /** Reads that fold part of the log. */
  readonly reads: ConcurrencyLimit;
  readonly positions: PositionGate;
  readonly cursors: Cursors;
  /** All requests share them. */
  readonly turns: Turns;
  readonly newId: NewId;
  readonly clock: Clock;
  readonly deprecations: Deprecations;
}

export interface Router {
  read<P extends TSchema, Q extends TSchema>(spec: ReadSpec<P, Q>): void;
  command<P extends TSchema, B extends TSchema>(spec: CommandSpec<P, B>): void;
}

export const createRouter = (app: FastifyInstance, support: RouteSupport): Router => {
  const askedOf = <P, Q>(request: FastifyRequest, reply: FastifyReply): HandlerInput<P, Q> => {
    const { caller } = request;
    if (caller === null) throw new Error('a handler ran before its caller was known');
    request.isChecked = true;
    requireWarehouse(request.params, caller);
    const { principal, reach } = caller;
    return { principal, reach, params: request.params as P, query: request.query as Q, request, reply };
  };

  const read: Router['read'] = (spec) => {
    const end = endingOf(support.deprecations[spec.operation], support.clock);
    const isPrivate = spec.isPrivate === true;
    const query = spec.query ?? nothing;
    const bodyLimit = bodyLimitOf(isPrivate ? { body: query } : {});
    app.route({
      method: isPrivate ? 'POST' : 'GET',
      url: spec.url,
      bodyLimit,
      config: {
        operation: spec.operation,
        problems: [
          ...commonProblems,
          ...readProblems,
          ...end.problems,
          ...(isPrivate ? bodyProblems : []),
          ...(spec.params === undefined ? [] : ['URI_TOO_LONG' as const, 'WAREHOUSE_NOT_FOUND' as const]),
          ...spec.problems,
        ],
      },
      schema: {
        ...documentationOf(spec as ReadSpec<TSchema, TSchema>),
        ...end.mark,
        headers: spec.isCached === true ? cachedReadHeaders : readHeaders,
        ...(isPrivate ? { querystring: nothing, body: query } : { querystring: query }),
      },
      onRequest: async (request, reply) => {
        end.announce?.(reply);
        request.caller = await support.identify(request, reply, spec);
        if (isPrivate) holdBody(support.bodies, request, reply, bodyLimit);
      },
      handler: async (request, reply) => {
        const asked = askedOf<Static<typeof spec.params & TSchema>, Static<typeof spec.query & TSchema>>(
          request,
          reply,
        );
        const { models } = spec;
        const min = await awaitPosition(request, reply, models, support.positions);
        const cachedRead = cachedReadFor(support.readCache, { caller: asked, request, reply, models, min });
        const permit =
          spec.isExpensive?.(queryOf(request) as typeof asked.query) === true
            ? support.reads.take(callerKey(request.caller), 1)
            : null;
        try {
          const query = (await support.cursors.opened(spec.operation, request)) as typeof asked.query;
          return await support.cursors.sealed(
            spec.operation,
            await spec.handle({ ...asked, query, cachedRead }),
            reply,
          );
        } finally {
          permit?.release();
        }
      },
    });
  };

  /** A command without a key is done once for each request, as PUT and DELETE are by nature. */
  const start = async (
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller,
    spec: CommandSpec<TSchema, TSchema>,
  ): Promise<StartedRequest> => {
    const key = idempotencyKeyOf(request);
    if (key === null && spec.method === 'POST') {
      throw new Problem('IDEMPOTENCY_KEY_MISSING', 'Send an Idempotency-Key, a new one for each thing to do.');
    }
    if (key === null || isDryRun(request)) {
      return { kind: 'begun', commandId: support.newId(), isRetry: false, claimedAt: async () => support.clock.now() };
    }
    // The log has a note sealed, and a fingerprint that is made of it would tell more.
    const isRemade = spec.isRemade === true && (request.body as { readonly note?: string } | null)?.note === undefined;
    const confidential = spec.confidential === true;
    return support.idempotency.begin(request, reply, caller, { key, confidential, isRemade });
  };

  const command: Router['command'] = (spec) => {
    const untyped = spec as CommandSpec<TSchema, TSchema>;
    const { method, url, operation, body, bodyChecked } = spec;
    const bodyLimit = bodyLimitOf(untyped);
    const end = endingOf(support.deprecations[spec.operation], support.clock);
    app.route({
      method,
      url,
      config: {
        operation,
        problems: [
          ...commonProblems,
          ...commandProblems,
          ...end.problems,
          ...bodyProblems,
          ...(spec.params === undefined ? [] : ['URI_TOO_LONG' as const]),
          ...spec.problems,
        ],
        ...(bodyChecked === undefined ? {} : { bodyChecked }),
      },
      bodyLimit,
      schema: {
        ...documentationOf(untyped),
        ...end.mark,
        headers: commandHeaders(method === 'POST', spec.waits === true),
        querystring: dryRunQuery,
        ...(body === undefined ? {} : { body }),
      },
      onRequest: async (request, reply) => {
        end.announce?.(reply);
        request.caller = await support.identify(request, reply, spec);
        support.admission.admit(spec.isBulk === true);
        holdBody(support.bodies, request, reply, bodyLimit);
      },
      // With a callback: most answers need not wait, and a promise would be one more turn for each.
      onSend: (request, reply, payload, done) => {
        const kept = support.idempotency.keep(request, reply, payload);
        if (kept === null) done(null, payload);
        else void kept.then((replacement) => done(null, replacement ?? payload));
      },
      handler: async (request, reply) => {
        const asked = askedOf(request, reply);
        request.isWorkedOn = true;
        try {
          // Its body was validated a moment ago, which takes as long as the rest where it is large.
          const turn = support.turns.take();
          if (turn !== null) await turn;
          const started = await start(request, reply, asked, untyped);
          if (started.kind === 'answered') return await reply;
          const { claimedAt } = started;
          const context = contextOf(request, asked.principal, started);
          return await untyped.handle({
            ...asked,
            body: request.body,
            context,
            claimedAt,
            takeTurn: support.turns.take,
          });
        } finally {
          request.bodyPermit?.release();
        }
      },
    });
  };

  return { read, command };
};
