/**
 * Idempotency keys (API.md "Commands"): same key and same request, the first answer again; another request, 422; still
 * running, 409. That nothing is done twice rests on the ids derived from the key, and not on this: after a crash the
 * answer is made again from what was recorded.
 */
import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { derivedId } from '../commands/ids.ts';
import {
  type Clock,
  type IdempotencyRecord,
  type IdempotencyRecords,
  type PersonalData,
  StoreUnavailable,
} from '../commands/ports.ts';
import type { Principal } from '../domain/access/principal.ts';
import type { Sealed } from '../domain/message.ts';
import { Problem, replaceByProblem } from './problem.ts';

/** One request under its key, while it runs. */
interface Running extends KeyUse {
  readonly scopedKey: string;
  readonly fingerprint: string;
}

export interface KeyUse {
  readonly key: string;
  /** The answer holds something that may not be kept in the clear (DESIGN §4.5). */
  readonly confidential: boolean;
}

export interface Idempotency {
  /** Sends the first answer again, or lets the request begin. @throws Problem when the key can't be used. */
  begin(request: FastifyRequest, reply: FastifyReply, principal: Principal, use: KeyUse): Promise<Started>;
  /**
   * Keeps the answer of a request that began; called before it is sent. A change is in the log under the id of its
   * command, so its answer could be made again, and is written behind. A refusal leaves no trace but its answer: one that
   * can't be kept is not given, as the next attempt might get another; what is returned then goes out in its place.
   */
  keep(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<string | undefined>;
}

export type Started =
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'begun';
      /** The same for every attempt with this key. */
      readonly commandId: string;
      /** When this key was first used: for ids that carry a time. Costs a write. */
      readonly claimedAt: () => Promise<string>;
    };

/** What an answer is made of, beside its body. */
const keptHeaders = ['content-type', 'etag', 'location', 'stockledger-position'] as const;
/** A failure of ours is not an answer: the next attempt may do better. */
const isFinal = (status: number): boolean => status < 500 && status !== 429;

/** Rows of a bulk request may have been refused, each by itself. */
const multiStatus = 207;
const isRecorded = (status: number): boolean => status < 300 && status !== multiStatus;

/** Confidential answers are sealed together: they live for days only, and nobody erases them one by one. */
const subject = 'idempotency';
/** Sealed text can't be mistaken for an answer, which is JSON. */
const isSealed = (body: string): body is Sealed => body.startsWith('v1.');

export const createIdempotency = (
  records: IdempotencyRecords,
  personalData: PersonalData,
  clock: Clock,
): Idempotency => {
  const inFlight = new Set<string>();
  const running = new WeakMap<FastifyRequest, Running>();
  /** Given, and on their way to the disk. */
  const behind = new Map<string, IdempotencyRecord>();

  const replay = async (scopedKey: string, fingerprint: string, reply: FastifyReply): Promise<boolean> => {
    const first = behind.get(scopedKey) ?? (await records.find(scopedKey));
    if (first === null) return false;
    if (first.fingerprint !== fingerprint) {
      throw new Problem('IDEMPOTENCY_KEY_REUSED', 'Use a new key for another request.');
    }
    const { status, headers } = first.answer;
    const kept = first.answer.body;
    const body = isSealed(kept) ? await personalData.open(kept, `idempotency/${scopedKey}`) : kept;
    await reply
      .code(status)
      .headers({ ...headers, 'idempotency-replayed': 'true' })
      .serializer((text) => text as string)
      .send(body);
    return true;
  };

  const recordOf = async (
    { scopedKey, fingerprint, confidential }: Running,
    reply: FastifyReply,
    text: string,
  ): Promise<IdempotencyRecord> => {
    const headers: Record<string, string> = {};
    for (const name of keptHeaders) {
      const value = reply.getHeader(name);
      if (value !== undefined) headers[name] = String(value);
    }
    const body = confidential ? await personalData.seal(subject, `idempotency/${scopedKey}`, text) : text;
    return { fingerprint, answer: { status: reply.statusCode, headers, body } };
  };

  const saveBehind = (scopedKey: string, record: IdempotencyRecord, { log }: FastifyRequest): void => {
    behind.set(scopedKey, record);
    records
      .save(scopedKey, record, clock.now())
      .catch((error: unknown) => log.error({ err: error }, 'answer not kept'))
      .finally(() => behind.delete(scopedKey));
  };

  const keepOne = async (begun: Running, request: FastifyRequest, reply: FastifyReply, text: string) => {
    const record = await recordOf(begun, reply, text);
    if (isRecorded(reply.statusCode)) saveBehind(begun.scopedKey, record, request);
    else await records.save(begun.scopedKey, record, clock.now());
  };

  return {
    begin: async (request, reply, principal, use) => {
      const scopedKey = `${principal.client} ${principal.subject} ${use.key}`;
      const fingerprint = hash('sha256', `${request.method} ${request.url} ${JSON.stringify(request.body)}`);
      if (inFlight.has(scopedKey)) {
        const headers = { 'retry-after': '1' };
        throw new Problem('IDEMPOTENCY_KEY_IN_USE', 'Wait for the first answer.', { headers });
      }
      inFlight.add(scopedKey);
      try {
        if (await replay(scopedKey, fingerprint, reply)) {
          inFlight.delete(scopedKey);
          return { kind: 'answered' };
        }
      } catch (error) {
        inFlight.delete(scopedKey);
        throw error;
      }
      running.set(request, { ...use, scopedKey, fingerprint });
      return {
        kind: 'begun',
        commandId: derivedId(`request/${scopedKey}`),
        claimedAt: () => records.claim(scopedKey, clock.now()),
      };
    },
    keep: async (request, reply, payload) => {
      const begun = running.get(request);
      if (begun === undefined) return undefined;
      running.delete(request);
      try {
        if (isFinal(reply.statusCode) && typeof payload === 'string') await keepOne(begun, request, reply, payload);
        return undefined;
      } catch (error) {
        request.log.error({ err: error }, 'answer not kept');
        for (const name of keptHeaders) reply.removeHeader(name);
        return replaceByProblem(new StoreUnavailable('the answer was not kept', 'unknown', error), request, reply);
      } finally {
        inFlight.delete(begun.scopedKey);
      }
    },
  };
};
