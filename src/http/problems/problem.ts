/** Problem documents (RFC 9457): one shape for everything that goes wrong, with a stable `code`. No stack, no driver text. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SubjectErased, TokenRefused } from '../../commands/ports.ts';
import type { Json, Refusal } from '../../eventsourcing/message.ts';
import { CommandIdTaken, failureFacts, StoreDamaged, StoreUnavailable } from '../../eventsourcing/ports.ts';
import { InvalidCursor } from '../../eventsourcing/projecting/page.ts';
import { type ProblemCode, problems, type RefusalCode } from './problemCodes.ts';

interface ProblemExtras {
  readonly headers?: { readonly [name: string]: string };
  /** Further members of the document (RFC 9457 §3.2). */
  readonly members?: { readonly [name: string]: unknown };
}

/** Thrown by routes and hooks; becomes the answer. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;
  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.code = code;
    this.extras = extras;
  }
}

export const problemOf = ({ code, detail, facts }: Refusal<RefusalCode>): Problem =>
  new Problem(code, detail, facts === undefined ? {} : { members: { facts } });

/** Errors of one answer; a body that is wrong in more places is wrong enough. */
const errorsMax = 20;
/** A client that is told "later" should not come back within the same breath. */
const retryAfterSeconds = '1';
/** An operator takes longer to repair a store. */
const repairSeconds = '60';

const problemType = (code: ProblemCode): string => `urn:stockledger:problem:${code.toLowerCase().replaceAll('_', '-')}`;

export const problemDocument = (problem: Problem, requestId: string): { readonly [name: string]: unknown } => {
  const { status, title } = problems[problem.code];
  return {
    type: problemType(problem.code),
    title,
    status,
    detail: problem.message,
    instance: `urn:uuid:${requestId}`,
    code: problem.code,
    ...problem.extras.members,
  };
};

/** Characters of a client's text that an error repeats; a name that a person looks for is shorter. */
const echoedMax = 200;
const clip = (text: string): string => (text.length > echoedMax ? `${text.slice(0, echoedMax)}…` : text);

const messageOf = (keyword: string, params: Record<string, unknown>, message: string | undefined): string => {
  if (keyword === 'additionalProperties') return 'is not a known field';
  if (keyword === 'enum' && Array.isArray(params.allowedValues)) {
    return `must be one of: ${params.allowedValues.join(', ')}`;
  }
  return message ?? 'is not valid';
};

type SchemaErrors = Pick<FastifyError, 'validation' | 'validationContext'>;

export const validationProblem = ({ validation, validationContext = 'body' }: SchemaErrors): Problem => {
  const where = validationContext === 'body' ? '' : `/${validationContext}`;
  const errors = (validation ?? []).slice(0, errorsMax).map(({ instancePath, message, keyword, params }) => {
    const name = params.additionalProperty ?? params.missingProperty ?? params.unevaluatedProperty;
    const pointer = typeof name === 'string' ? `${instancePath}/${name}` : instancePath;
    return { pointer: clip(`${where}${pointer}`), message: messageOf(keyword, params, message) } satisfies Json;
  });
  const [first] = errors;
  const detail = first === undefined ? 'The request is not valid.' : `${first.pointer || 'The body'} ${first.message}.`;
  return new Problem('VALIDATION', detail, { members: { errors } });
};

/** Fastify's own objections, told apart by their codes. */
const transportCodes: { readonly [code: string]: ProblemCode } = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_INVALID_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_REQUEST',
};

const isFastifyError = (error: unknown): error is FastifyError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';

const fromKnownError = (error: unknown): Problem | null => {
  if (error instanceof Problem) return error;
  if (error instanceof StoreDamaged) {
    const headers = { 'retry-after': repairSeconds };
    return new Problem('STORE_DAMAGED', 'An operator has to restore the store; then send the same again.', { headers });
  }
  if (error instanceof StoreUnavailable) {
    const detail =
      error.outcome === 'unknown'
        ? 'Whether the change was recorded is not known; send the same request with the same key again.'
        : 'Nothing was recorded; send the same request again.';
    return new Problem('STORE_UNAVAILABLE', detail, { headers: { 'retry-after': retryAfterSeconds } });
  }
  // The answer under the key is lost, after a crash for example, but what it recorded is not.
  if (error instanceof CommandIdTaken)
    return new Problem('IDEMPOTENCY_KEY_REUSED', 'Use a new key for another request.');
  if (error instanceof TokenRefused) return new Problem('UNAUTHENTICATED', error.message);
  if (error instanceof SubjectErased) return new Problem('SUBJECT_ERASED', 'No data of this customer may be kept.');
  if (error instanceof InvalidCursor) return new Problem('INVALID_CURSOR', 'Use nextCursor as it was given.');
  return null;
};

/** `INTERNAL` for every unexpected error: its cause is logged and never told. */
export const asProblem = (error: unknown): Problem => {
  const known = fromKnownError(error);
  if (known !== null) return known;
  if (isFastifyError(error)) {
    if (error.validation !== undefined) return validationProblem(error);
    const code = transportCodes[error.code];
    if (code !== undefined) return new Problem(code, `${problems[code].title}.`);
    // Of the documentation page: a path that leads out of its folder.
    if (error.statusCode === 403) return new Problem('ROUTE_NOT_FOUND', 'See /openapi.json for what there is.');
    if (error.statusCode === 400) return new Problem('MALFORMED_JSON', 'The body could not be parsed.');
  }
  return new Problem('INTERNAL', 'The cause was logged under the id in "instance".');
};

const writeHead = ({ code, extras }: Problem, reply: FastifyReply): FastifyReply => {
  reply.request.problemCode = code;
  return reply.code(problems[code].status).headers({ ...extras.headers, 'content-type': 'application/problem+json' });
};

export const sendProblem = (problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  writeHead(problem, reply)
    .serializer((body) => JSON.stringify(body))
    .send(problemDocument(problem, request.id));

/** For what goes wrong when an answer is about to leave, too late to be thrown. @returns the body to send in its place. */
export const replaceByProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply): string => {
  const problem = asProblem(error);
  writeHead(problem, reply);
  return JSON.stringify(problemDocument(problem, request.id));
};

export const registerProblems = (app: FastifyInstance): void => {
  app.setErrorHandler((error, request, reply) => {
    const problem = asProblem(error);
    if (problem.code === 'INTERNAL') request.log.error({ err: error, reqId: request.id }, 'request failed');
    else if (problem.code === 'STORE_UNAVAILABLE' || problem.code === 'STORE_DAMAGED')
      request.log.warn({ ...failureFacts(error), reqId: request.id }, 'store unavailable');
    return sendProblem(problem, request, reply);
  });
};
