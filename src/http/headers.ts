/** What clients say in headers, and what we say back (API.md "Conventions"). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Position } from '../domain/message.ts';
import { comparePositions, formatPosition, parsePosition } from '../domain/position.ts';
import { uuidPattern } from '../domain/values.ts';
import type { Progress } from '../projections/board.ts';
import { Problem } from './problem.ts';

const text = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** Long enough for any scheme of a client, short enough to keep for a week a million times. */
const idempotencyKeyPattern = /^[\x21-\x7e]{1,255}$/;

/** `null` when there is none. @throws Problem when it is no key. */
export const idempotencyKeyOf = (request: FastifyRequest): string | null => {
  const key = text(request, 'idempotency-key');
  if (key === undefined || key === '') return null;
  if (idempotencyKeyPattern.test(key)) return key;
  throw new Problem('IDEMPOTENCY_KEY_MISSING', 'Idempotency-Key holds 1 to 255 visible ASCII characters.');
};

const entityTag = /^"(\d{1,15})"$/;

/** @throws Problem when it is not one strong entity tag of ours. */
export const ifMatchOf = (request: FastifyRequest): number | undefined => {
  const value = text(request, 'if-match');
  if (value === undefined) return undefined;
  const revision = entityTag.exec(value.trim())?.[1];
  if (revision !== undefined) return Number(revision);
  throw new Problem('INVALID_REVISION', 'If-Match takes one ETag as it was given, for example "7".');
};

export const entityTagOf = (revision: number): string => `"${revision}"`;

export const isNotModified = (request: FastifyRequest, revision: number): boolean =>
  text(request, 'if-none-match') === entityTagOf(revision);

const waitPreference = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/;
/** API.md "Positions": at most 10 seconds, whatever was asked for. */
const waitMaxSeconds = 10;

/** Seconds of `Prefer: wait` (RFC 7240), within the bound; `undefined` when nothing was asked for. */
export const waitSecondsOf = (request: FastifyRequest): number | undefined => {
  const seconds = waitPreference.exec(text(request, 'prefer') ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), waitMaxSeconds);
};

const waitDefaultSeconds = 2;

/** What all of them have seen; `null` when one has seen nothing. */
const seenByAll = (models: readonly Progress[]): Position | null => {
  const [first = null, ...others] = models.map((model) => model.position());
  return others.reduce((least, position) => {
    if (least === null || position === null) return null;
    return comparePositions(position, least) < 0 ? position : least;
  }, first);
};

/**
 * Waits until the read models have seen what the caller has seen (B8), and says what the answer has seen.
 * @throws Problem `NOT_CAUGHT_UP` when one of them does not get there in time.
 */
export const awaitPosition = async (
  request: FastifyRequest,
  reply: FastifyReply,
  models: readonly Progress[],
): Promise<void> => {
  const token = text(request, 'stockledger-min-position');
  if (token !== undefined) {
    const position = parsePosition(token);
    if (position === null) throw new Problem('INVALID_POSITION', 'Use Stockledger-Position as it was given.');
    const seconds = waitSecondsOf(request) ?? waitDefaultSeconds;
    const reached = await Promise.all(models.map((model) => model.waitFor(position, seconds * 1_000)));
    if (reached.includes(false)) {
      const detail = `The read model did not reach the position within ${seconds} s.`;
      throw new Problem('NOT_CAUGHT_UP', detail, { headers: { 'retry-after': '1' } });
    }
  }
  tellPosition(reply, seenByAll(models));
};

export const tellPosition = (reply: FastifyReply, position: Position | null): void => {
  if (position !== null) reply.header('stockledger-position', formatPosition(position));
};

const uuid = new RegExp(uuidPattern);

/** The caller's own id for a chain of requests, where it is a UUID. */
export const correlationIdOf = (request: FastifyRequest): string => {
  const value = text(request, 'correlation-id')?.toLowerCase();
  return value !== undefined && uuid.test(value) ? value : request.id;
};

const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

export const bearerTokenOf = (request: FastifyRequest): string | null =>
  bearer.exec(request.headers.authorization ?? '')?.[1] ?? null;
