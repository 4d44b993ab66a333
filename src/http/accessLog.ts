/** Who asked for what, and how it ended (R13.1). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AccessEntry, AccessLog } from '../audit/accessLog.ts';
import type { Clock } from '../eventsourcing/ports.ts';

const none: AccessEntry['object'] = {};

export interface AccessNotes {
  /** An answer to a request that was read. */
  answered(request: FastifyRequest, reply: FastifyReply): void;
  /** An answer to what could not be read as a request. */
  unreadable(refusal: Refusal, address: string): void;
}

/** What can be said of a request that could not be read. */
export interface Refusal {
  /** Absent: not even that. */
  readonly method?: string;
  readonly requestId: string;
  readonly status: number;
  readonly code: string;
}

export const createAccessNotes = (log: AccessLog, clock: Clock): AccessNotes => ({
  answered: (request, reply) => {
    const { url: route = null, config } = request.routeOptions;
    log.write({
      at: clock.now(),
      requestId: request.id,
      method: request.method,
      route,
      operation: config.operation ?? null,
      object: route === null ? none : (request.params as AccessEntry['object']),
      caller: request.principal,
      role: request.caller?.reach.role ?? null,
      address: request.ip,
      status: reply.statusCode,
      code: request.problemCode,
      durationMs: reply.elapsedTime,
    });
  },
  unreadable: ({ method = '', ...refusal }, address) =>
    log.write({
      ...refusal,
      at: clock.now(),
      method,
      route: null,
      operation: null,
      object: none,
      caller: null,
      role: null,
      address,
      durationMs: 0,
    }),
});

/** Before any route is registered. */
export const registerAccessNotes = (app: FastifyInstance, { answered }: AccessNotes): void => {
  app.addHook('onResponse', (request, reply, done) => {
    answered(request, reply);
    done();
  });
};
