/** What clients say in headers, and what the service says back (docs/openapi.json). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../domain/access/principal.ts';
import { uuidPattern } from '../../domain/values.ts';
import type { CommandContext, IfMatch } from '../../eventsourcing/commandHandling/outcome.ts';
import { formatPosition, type Position } from '../../eventsourcing/message.ts';
import { Problem } from '../problems/problem.ts';

export const text = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** The answer tells of what an earlier attempt with this key has done (docs/openapi.json). */
export const tellReplayed = (reply: FastifyReply): void => {
  reply.header('idempotency-replayed', 'true');
};

/** Long enough for any scheme of a client, short enough to keep for a week a million times. */
const idempotencyKeyPattern = /^[\x21-\x7e]{1,255}$/;

/** `null` when there is none. @throws Problem when it is no key. */
export const idempotencyKeyOf = (request: FastifyRequest): string | null => {
  const key = text(request, 'idempotency-key');
  if (key === undefined) return null;
  if (idempotencyKeyPattern.test(key)) return key;
  throw new Problem('IDEMPOTENCY_KEY_MISSING', 'Idempotency-Key holds 1 to 255 visible ASCII characters.');
};

/** The tags of one list, with a weak one's `W/`; a tag of ours holds no comma. */
const tagsOf = (value: string): readonly string[] => value.split(',').map((tag) => tag.trim());

/** Of one list; more than a client can have seen. */
const tagsMax = 20;
/** The second part is the revision of another stream that shows in the resource: a change is not about that one. */
const strongTag = /^"(\d{1,15})(?:\.\d{1,15})?"$/;
const anyTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

/**
 * The comparison is strong (RFC 9110 §13.1.1): a weak tag, and one that is not ours, match no revision.
 * @throws Problem when it is no list of entity tags.
 */
export const ifMatchOf = (request: FastifyRequest): IfMatch | undefined => {
  const value = text(request, 'if-match')?.trim();
  if (value === undefined) return undefined;
  if (value === '*') return 'any';
  const tags = tagsOf(value);
  if (tags.length > tagsMax || !tags.every((tag) => anyTag.test(tag))) {
    throw new Problem('INVALID_REVISION', 'If-Match takes an ETag as it was given, for example "7", or *.');
  }
  return tags.flatMap((tag) => {
    const revision = strongTag.exec(tag)?.[1];
    return revision === undefined ? [] : [Number(revision)];
  });
};

/** @param beside revision of another stream that shows in the resource, as an item in its stock. */
export const entityTagOf = (revision: number, beside?: number): string =>
  beside === undefined ? `"${revision}"` : `"${revision}.${beside}"`;

/** The comparison is weak (RFC 9110 §13.1.2). */
const isNotModified = (request: FastifyRequest, tag: string): boolean => {
  const value = text(request, 'if-none-match')?.trim();
  if (value === undefined) return false;
  return value === '*' || tagsOf(value).some((each) => each === tag || each === `W/${tag}`);
};

const waitPreference = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/;
/** docs/openapi.json: at most 10 seconds, whatever was asked for. */
const waitMaxSeconds = 10;

/** Seconds of `Prefer: wait` (RFC 7240), within the bound; `undefined` when nothing was asked for. */
export const waitSecondsOf = (request: FastifyRequest): number | undefined => {
  const seconds = waitPreference.exec(text(request, 'prefer') ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), waitMaxSeconds);
};

export const tellPosition = (reply: FastifyReply, position: Position | null): void => {
  if (position !== null) reply.header('stockledger-position', formatPosition(position));
};

const uuid = new RegExp(uuidPattern);

/** The caller's own id for a chain of requests, where it is a UUID. */
const correlationIdOf = (request: FastifyRequest): string => {
  const value = text(request, 'correlation-id')?.toLowerCase();
  return value !== undefined && uuid.test(value) ? value : request.id;
};

/** The header by which support staff ask past the cache; the policy table says who may (R21.3). */
export const asksPastCache = (request: FastifyRequest): boolean =>
  text(request, 'stockledger-cache')?.trim().toLowerCase() === 'bypass';

export const isDryRun = ({ query }: FastifyRequest): boolean => (query as { dryRun?: boolean }).dryRun === true;

/** The same, whether the query was checked by now or not. */
export const isTriedOut = (request: FastifyRequest): boolean =>
  isDryRun(request) || (request.query as { dryRun?: unknown }).dryRun === 'true';

/** The sender of a command and its headers, as the log keeps them. */
export const contextOf = (
  request: FastifyRequest,
  { subject, kind, client, acr, amr }: Principal,
  { commandId, request: fingerprint, isRetry }: Pick<CommandContext, 'commandId' | 'request' | 'isRetry'>,
): CommandContext => {
  const ifMatch = ifMatchOf(request);
  return {
    commandId,
    ...(fingerprint === undefined ? {} : { request: fingerprint }),
    ...(isRetry === true ? { isRetry } : {}),
    actor: { subject, kind, client },
    authentication: { ...(acr === undefined ? {} : { acr }), ...(amr === undefined ? {} : { amr }) },
    correlationId: correlationIdOf(request),
    causationId: commandId,
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(isDryRun(request) ? { dryRun: true } : {}),
  };
};

/**
 * A single resource with its ETag; nothing but 304 when the caller has this very one (RFC 9110 §13.1.2).
 * @param beside see `entityTagOf`.
 */
export const showResource = <T extends { readonly revision: number }>(
  resource: T,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  beside?: number,
): T | FastifyReply => {
  const tag = entityTagOf(resource.revision, beside);
  reply.header('etag', tag);
  return isNotModified(request, tag) ? reply.code(304).send() : resource;
};
