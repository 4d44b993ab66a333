/**
 * How much may be under way at once, of all callers together and of each: bytes of bodies, expensive reads, live
 * streams, waits for a position (R8). A caller who asks for more is told to come later; nothing queues here.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { Principal } from '../domain/access/principal.ts';
import { jsonBytesMax } from './input/validation.ts';
import { Problem } from './problems/problem.ts';
import type { ProblemCode } from './problems/problemCodes.ts';

/** Limits count a subject together with the client it uses. */
export const callerKey = (caller: { readonly principal: Pick<Principal, 'client' | 'subject'> } | null): string =>
  caller === null ? '' : `${caller.principal.client} ${caller.principal.subject}`;

export interface Permit {
  /** Gives it back. Repeating it changes nothing. */
  release(): void;
}

export interface ConcurrencyLimit {
  /** @throws Problem when the caller has too much, or all have. */
  take(caller: string, weight: number): Permit;
  /** What all have now. */
  inUse(): number;
}

interface ConcurrencyLimitOptions {
  /** In words, as `bytes of bodies`. */
  readonly what: string;
  /** In the unit of the weights. */
  readonly total: number;
  /** One caller can't take what is there for all. */
  readonly perCaller: number;
  /** What a caller is told who has too much. */
  readonly code?: ProblemCode;
}

/** Work of this kind ends within seconds. */
const retryLater = { headers: { 'retry-after': '1' } } as const;

export const createConcurrencyLimit = ({
  what,
  total,
  perCaller,
  code = 'TOO_MUCH_AT_ONCE',
}: ConcurrencyLimitOptions): ConcurrencyLimit => {
  const byCaller = new Map<string, number>();
  let used = 0;

  const give = (caller: string, weight: number): void => {
    used += weight;
    const left = (byCaller.get(caller) ?? 0) + weight;
    if (left === 0) byCaller.delete(caller);
    else byCaller.set(caller, left);
  };

  return {
    take: (caller, weight) => {
      // A caller with nothing under way may always begin: a request above the limit would never get its turn.
      const own = byCaller.get(caller) ?? 0;
      if (own > 0 && own + weight > perCaller) {
        throw new Problem(code, `One caller may have ${perCaller} ${what} at a time.`, retryLater);
      }
      if (used > 0 && used + weight > total) {
        throw new Problem('OVERLOADED', `All callers together may have ${total} ${what} at a time.`, retryLater);
      }
      give(caller, weight);
      let isHeld = true;
      return {
        release: () => {
          if (!isHeld) return;
          isHeld = false;
          give(caller, -weight);
        },
      };
    },
    inUse: () => used,
  };
};

/** An order gets its sources within a few seconds beside bulk clients. */
export const bulkBehindMaxMs = 2_000;
/** Changes by people and scanners are refused later: a take-over of the policies by another process passes unnoticed. */
export const behindMaxMs = 10_000;
const retryAfterMaxSeconds = 30;

/**
 * Back-pressure: while policies are far behind with what was recorded, commands are refused, bulk changes first. A client
 * that sends without end would make every order wait. Policies and sweeps send no requests and are never refused.
 */
export interface Admission {
  /** @throws Problem `POLICIES_BEHIND` */
  admit(isBulk: boolean): void;
}

/** @param behindMs how long policies are behind, in ms. */
export const createAdmission = (behindMs: () => number): Admission => ({
  admit: (isBulk) => {
    const behind = behindMs();
    if (behind <= (isBulk ? bulkBehindMaxMs : behindMaxMs)) return;
    const seconds = Math.min(retryAfterMaxSeconds, Math.ceil(behind / 1_000));
    throw new Problem('POLICIES_BEHIND', `What was recorded before is not worked off yet. Try again in ${seconds} s.`, {
      headers: { 'retry-after': String(seconds) },
    });
  },
});

/** An order of 1,000 lines has some 100 kB; bulk changes have a bound of their own. */
const bodyDefaultBytesMax = 512 * 1_024;
/** Of a route that takes none: a client may send `{}` all the same. */
const noBodyBytesMax = 1_024;
/**
 * A body takes some sixteen times its bytes until it is answered: text, values, events, their JSON, the answer. So many
 * at once leave half of the heap of `npm start` to the rest.
 */
const bodiesBytesMax = 6 * 1_024 * 1_024;
/** A body that announces at most this is not counted: it weighs no more than its request. */
const smallBytesMax = 1_024;
/** The largest body, and a few orders beside it. */
const bodiesOfCallerBytesMax = 3 * 1_024 * 1_024;

export const createBodyLimit = (): ConcurrencyLimit =>
  createConcurrencyLimit({ what: 'bytes of bodies', total: bodiesBytesMax, perCaller: bodiesOfCallerBytesMax });

/**
 * Takes a permit, and gives it back when the answer is closed. Refuses a client that has left: its answer was closed
 * before, and nobody would give the permit back. What takes another permit afterwards must not wait in between.
 * @throws Problem
 */
export const holdWhileOpen = ({ raw }: FastifyReply, take: () => Permit): void => {
  if (raw.closed || raw.destroyed) throw new Problem('REQUEST_TIMEOUT', 'The client has left.');
  raw.once('close', take().release);
};

/** No more than its schema can take, so that a change of one field never reads half a megabyte. */
export const bodyLimitOf = ({
  body,
  bodyBytesMax,
}: {
  readonly body?: TSchema;
  readonly bodyBytesMax?: number;
}): number => (body === undefined ? noBodyBytesMax : Math.min(jsonBytesMax(body), bodyBytesMax ?? bodyDefaultBytesMax));

const bytesOf = ({ headers }: FastifyRequest, bodyLimit: number): number => {
  const announced = Number(headers['content-length'] ?? bodyLimit);
  return Number.isSafeInteger(announced) ? Math.min(announced, bodyLimit) : bodyLimit;
};

/**
 * Takes a permit before a body is read. It is held until the work is done, even when the client has gone.
 * @throws Problem when too much is under way.
 */
export const holdBody = (
  limit: ConcurrencyLimit,
  request: FastifyRequest,
  { raw }: FastifyReply,
  bodyLimit: number,
): void => {
  const bytes = bytesOf(request, bodyLimit);
  if (bytes <= smallBytesMax && request.headers['content-length'] !== undefined) return;
  const permit = limit.take(callerKey(request.caller), bytes);
  const release = (): void => {
    if (!request.isWorkedOn) permit.release();
  };
  request.bodyPermit = permit;
  raw.once('finish', release);
  raw.once('close', release);
};
