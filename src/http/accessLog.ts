/** Who asked for what, and how it ended (R13.1): for the access log, and for what looks at it at once (R13.2). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AccessEntry } from '../audit/accessLog.ts';
import type { Clock } from '../eventsourcing/ports.ts';

const none: AccessEntry['object'] = {};

export interface AccessNotes {
  /** When its answer has left, or its client has. */
  ended(request: FastifyRequest, reply: FastifyReply, address: string): void;
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

/** As proxies write it: the client closed the connection before there was an answer. */
const clientLeft = 499;

/** @param take each of them; the request is absent where none could be read. */
export const createAccessNotes = (
  take: (entry: AccessEntry, request: FastifyRequest | null) => void,
  clock: Clock,
): AccessNotes => ({
  ended: (request, reply, address) => {
    const { url: route = null, config } = request.routeOptions;
    const { headersSent, writableFinished } = reply.raw;
    const entry: AccessEntry = {
      at: clock.now(),
      requestId: request.id,
      method: request.method,
      route,
      operation: config.operation ?? null,
      // Until it was checked, anything may stand there: an e-mail address too.
      object: request.isChecked ? (request.params as AccessEntry['object']) : none,
      caller: request.principal,
      role: request.caller?.reach.role ?? null,
      address,
      status: headersSent ? reply.raw.statusCode : clientLeft,
      isLeft: !writableFinished,
      code: request.problemCode,
      durationMs: reply.elapsedTime,
    };
    take(entry, request);
  },
  unreadable: ({ method = '', ...refusal }, address) =>
    take(
      {
        ...refusal,
        at: clock.now(),
        method,
        route: null,
        operation: null,
        object: none,
        caller: null,
        role: null,
        address,
        isLeft: false,
        durationMs: 0,
      },
      null,
    ),
});

/** Before any route is registered. A connection that is gone says no more where it came from, so that is asked at once. */
export const registerAccessNotes = (app: FastifyInstance, { ended }: AccessNotes): void => {
  app.addHook('onRequest', (request, reply, done) => {
    const { ip } = request;
    reply.raw.once('close', () => ended(request, reply, ip));
    done();
  });
};
