/**
 * What is wrong below the routes: the address, the method, HTTP itself. All of it is answered with a problem document
 * (RFC 9457), like everything else.
 */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Turns } from '../../eventsourcing/concurrency.ts';
import type { Refusal } from '../accessLog.ts';
import { illFormed, isWellFormed, misleadingText } from '../input/body.ts';
import { Problem, problemDocument, sendProblem } from '../problems/problem.ts';
import { problems } from '../problems/problemCodes.ts';

/**
 * What a browser may make of an answer (R7.5): nothing. The documentation page has a policy of its own. Sent with every
 * answer, so it is a constant and no chain of middleware.
 */
const hardening = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
} as const;

/** For Fastify: an address that no route can be looked up for. */
export const answerBadAddress = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): Refusal => {
  const problem =
    error.code === 'FST_ERR_MAX_PARAM_LENGTH'
      ? new Problem('URI_TOO_LONG', 'A part of the path is longer than any id.')
      : new Problem('MALFORMED_REQUEST', 'The path holds a percent escape that is not UTF-8.');
  void sendProblem(problem, request, reply.headers(hardening));
  return { method: request.method, requestId: request.id, status: problems[problem.code].status, code: problem.code };
};

const clientProblems: { readonly [code: string]: Problem } = {
  ERR_HTTP_REQUEST_TIMEOUT: new Problem('REQUEST_TIMEOUT', 'The request did not arrive in time.'),
  HPE_HEADER_OVERFLOW: new Problem('HEADERS_TOO_LARGE', 'The address and the headers together are too long.'),
};

/** For the answer to arrive. */
const lingerMs = 1_000;

/** For node:http: what could not be read as a request. There is no reply, only the socket. @returns `null`: no answer. */
export const answerClientError = (error: Error & { readonly code?: string }, socket: Socket): Refusal | null => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return null;
  }
  const problem = clientProblems[error.code ?? ''] ?? new Problem('MALFORMED_REQUEST', 'This is not HTTP/1.1.');
  const { status } = problems[problem.code];
  const requestId = randomUUID();
  const body = JSON.stringify(problemDocument(problem, requestId));
  const headers = {
    ...hardening,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  // A client that does not close its side would keep the socket.
  setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
  return { requestId, status, code: problem.code };
};

/** RFC 9112 §3.2: more than one `Host` is refused, as a proxy in front may have gone by the other one. */
const requireOneHost = (request: FastifyRequest): void => {
  const { rawHeaders } = request.raw;
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1) throw new Problem('MALFORMED_REQUEST', 'A request has one Host.');
};

interface Addresses {
  /** The methods that there are at an address. */
  methodsAt(path: string): readonly string[];
  /** Another route has this very address: `/orders/search` is no `/orders/:orderId`, whatever the method. */
  isOfAnother(path: string, pattern: string | undefined): boolean;
}

/** From all routes that are registered later. */
const collectAddresses = (app: FastifyInstance): Addresses => {
  const byPattern = new Map<string, { readonly matches: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const matches = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:[A-Za-z]+/g, '[^/]+')}$`);
    const known = byPattern.get(url) ?? { matches, methods: new Set() };
    for (const each of [method].flat()) known.methods.add(each);
    byPattern.set(url, known);
  });
  return {
    methodsAt: (path) => {
      const own = byPattern.get(path);
      const all = own === undefined ? [...byPattern.values()].filter(({ matches }) => matches.test(path)) : [own];
      return [...new Set(all.flatMap(({ methods }) => [...methods]))];
    },
    // A plugin's own root has two addresses, and is named by one: `/docs` and `/docs/`.
    isOfAnother: (path, pattern) => pattern !== path && `${pattern}/` !== path && byPattern.has(path),
  };
};

const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';

/** Without an escape there is nothing in an address that HTTP lets through and we don't. */
const hasEscapes = ({ url }: FastifyRequest): boolean => url.includes('%');

const requireWellFormed = (part: string, fields: object): void => {
  for (const [name, value] of Object.entries(fields)) {
    for (const text of [name, ...[value as unknown].flat()]) {
      if (typeof text !== 'string' || isWellFormed(text)) continue;
      throw misleadingText({ pointer: `/${part}/${isWellFormed(name) ? name : ''}`, message: illFormed });
    }
  }
};

/**
 * Before any route is registered.
 * @param turns requests are handled in turns: the answers to a hundred large ones are not one piece of work.
 */
export const registerWire = (app: FastifyInstance, turns: Turns): void => {
  const addresses = collectAddresses(app);
  const notServed = ({ url }: FastifyRequest): Problem => {
    const allowed = addresses.methodsAt(pathOf(url));
    if (allowed.length === 0) return new Problem('ROUTE_NOT_FOUND', 'See /openapi.json for what there is.');
    const headers = { allow: allowed.join(', ') };
    return new Problem('METHOD_NOT_ALLOWED', `Use one of: ${allowed.join(', ')}.`, { headers });
  };
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(hardening);
    if (app.draining.aborted) reply.header('connection', 'close');
    requireOneHost(request);
    // Before its body is read: what is wrong with that does not matter where nobody wants it.
    if (request.is404 || addresses.isOfAnother(pathOf(request.url), request.routeOptions.url)) throw notServed(request);
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    if (hasEscapes(request)) {
      try {
        requireWellFormed('params', request.params as object);
        requireWellFormed('querystring', request.query as object);
      } catch (error) {
        done(error as Error);
        return;
      }
    }
    const turn = turns.take();
    if (turn === null) done();
    else void turn.then(() => done());
  });
  // A route that serves files finds out later.
  app.setNotFoundHandler((request, reply) => sendProblem(notServed(request), request, reply));
};
