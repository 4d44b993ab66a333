/**
 * Idempotency keys (docs/openapi.json): same key and same request, the first answer again; another request, 422; still
 * running, 409. That nothing is done twice rests on the ids derived from the key, and not on this: after a crash the
 * answer is made again from what was recorded.
 */
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import type { IdempotencyRecords, KeptAnswer, PersonalData } from '../../commands/ports.ts';
import { derivedId } from '../../eventsourcing/commandHandling/ids.ts';
import type { RecordedRequest } from '../../eventsourcing/commandHandling/recordedCommands.ts';
import type { Sealed } from '../../eventsourcing/message.ts';
import { type Clock, StoreUnavailable } from '../../eventsourcing/ports.ts';
import type { Caller } from '../access.ts';
import { Problem, replaceByProblem } from '../problems/problem.ts';
import {
  coversKept,
  createAnswersBehind,
  createKeysInUse,
  fingerprintOf,
  isFinal,
  isRecorded,
  type KeysInUse,
  type KeyUse,
  type RunningRequest,
  reachMark,
  reachName,
  type StartedRequest,
} from './keptAnswers.ts';

export interface Idempotency {
  /** Sends the first answer again, or lets the request begin. @throws Problem when the key can't be used. */
  begin(request: FastifyRequest, reply: FastifyReply, caller: Caller, use: KeyUse): Promise<StartedRequest>;
  /**
   * Keeps the answer of a request that began; called before it is sent. A change is in the log under the id of its
   * command, so its answer could be made again, and is written behind. A refusal leaves no trace but its answer: one that
   * can't be kept is not given, as the next attempt might get another; what is returned then goes out in its place.
   * `null`: nothing to wait for.
   */
  keep(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<string | undefined> | null;
  /** Resolves when all answers that were given are kept. */
  flush(): Promise<void>;
}

/** What an answer is made of, beside its body. */
const keptHeaders = ['content-type', 'etag', 'location', 'stockledger-position'] as const;
/** Confidential answers are sealed under one key: they live for days only, and are not erased one by one. */
const subject = 'idempotency';
/** Sealed text can't be mistaken for an answer, which is JSON. */
const isSealed = (body: string): body is Sealed => body.startsWith('v1.');

/** 64 bits: enough to tell a caller's own requests apart. */
const requestChars = 16;

type FindRequest = (commandId: string) => Promise<RecordedRequest | null>;

/** The key is that of another request, whose answer stays what it is. */
const isOfAnother = ({ statusCode }: FastifyReply, text: unknown): boolean =>
  statusCode === 422 && typeof text === 'string' && text.includes(keyReusedCode);

const keyReusedCode = 'IDEMPOTENCY_KEY_REUSED';
const keyReused = (): Problem => new Problem(keyReusedCode, 'Use a new key for another request.');

interface IdempotencyPorts {
  readonly idempotencyRecords: IdempotencyRecords;
  readonly personalData: PersonalData;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  /** Absent: of this process alone. */
  readonly keysInUse?: KeysInUse;
  readonly findRequest: FindRequest | undefined;
}

export const createIdempotency = (ports: IdempotencyPorts): Idempotency => {
  const {
    idempotencyRecords: records,
    personalData,
    clock,
    logger,
    keysInUse: inUse = createKeysInUse(),
    findRequest,
  } = ports;
  const behind = createAnswersBehind(records, logger);

  const replay = async (
    { commandId, fingerprint }: Pick<RunningRequest, 'commandId' | 'fingerprint'>,
    { reach }: Caller,
    reply: FastifyReply,
  ): Promise<boolean> => {
    const first = behind.find(commandId) ?? (await records.find(commandId));
    if (first === null) return false;
    if (first.fingerprint !== fingerprint) {
      throw keyReused();
    }
    const { status } = first.answer;
    const { [reachName]: mark, ...headers } = first.answer.headers;
    if (!coversKept(reach, mark)) {
      const detail = 'What you may see has changed since it was answered. Nothing was done again: read what is there.';
      throw new Problem('ANSWER_OUT_OF_REACH', detail, { members: { answered: status } });
    }
    const kept = first.answer.body;
    const body = isSealed(kept) ? await personalData.open(kept, `idempotency/${commandId}`) : kept;
    reply.code(status).headers({ ...headers, 'idempotency-replayed': 'true' });
    await (body === '' ? reply.send() : reply.serializer((text) => text as string).send(body));
    return true;
  };

  const answerOf = ({ commandId, fingerprint }: RunningRequest, reply: FastifyReply, body: string): KeptAnswer => {
    const { caller } = reply.request;
    const headers: Record<string, string> = caller === null ? {} : { [reachName]: reachMark(caller.reach) };
    for (const name of keptHeaders) {
      const value = reply.getHeader(name);
      if (value !== undefined) headers[name] = String(value);
    }
    return { id: commandId, fingerprint, answer: { status: reply.statusCode, headers, body }, recordedAt: clock.now() };
  };

  /** `null` for what is kept behind. */
  const store = (begun: RunningRequest, reply: FastifyReply, body: string): Promise<void> | null => {
    const answer = answerOf(begun, reply, body);
    if (!isRecorded(reply.statusCode)) return records.save([answer]);
    behind.add(answer);
    return null;
  };

  const keepOne = (begun: RunningRequest, reply: FastifyReply, text: string): Promise<void> | null => {
    if (!begun.confidential || text === '') return store(begun, reply, text);
    const sealed = personalData.seal(subject, `idempotency/${begun.commandId}`, text);
    return sealed.then((body) => store(begun, reply, body) ?? undefined);
  };

  const notKept = (error: unknown, request: FastifyRequest, reply: FastifyReply): string => {
    request.log.error({ err: error, reqId: request.id }, 'answer not kept');
    for (const name of keptHeaders) reply.removeHeader(name);
    return replaceByProblem(new StoreUnavailable('the answer was not kept', 'unknown', error), request, reply);
  };

  return {
    begin: async (request, reply, caller, use) => {
      const { principal } = caller;
      const commandId = derivedId(`request/${principal.client} ${principal.subject} ${use.key}`);
      const fingerprint = fingerprintOf(request);
      if (!(await inUse.take(commandId))) {
        const headers = { 'retry-after': '1' };
        throw new Problem('IDEMPOTENCY_KEY_IN_USE', 'Wait for the first answer.', { headers });
      }
      const mark = fingerprint.slice(0, requestChars);
      let recorded: RecordedRequest | null = null;
      try {
        if (await replay({ commandId, fingerprint }, caller, reply)) {
          inUse.release(commandId);
          return { kind: 'answered' };
        }
        // Its answer was not kept: the log tells whether this is the same request.
        recorded = (await findRequest?.(commandId)) ?? null;
        if (recorded?.request !== undefined && recorded.request !== mark) throw keyReused();
      } catch (error) {
        inUse.release(commandId);
        throw error;
      }
      const isRemade = use.isRemade && findRequest !== undefined;
      request.underKey = { ...use, isRemade, commandId, fingerprint, isInLog: false };
      return {
        kind: 'begun',
        commandId,
        ...(isRemade ? { request: mark } : {}),
        isRetry: recorded?.request !== undefined,
        claimedAt: () => records.claim(commandId, clock.now()),
      };
    },
    keep: (request, reply, payload) => {
      const begun = request.underKey;
      if (begun === null) return null;
      request.underKey = null;
      // An answer without a body (202, 204) is an answer too.
      const text = payload ?? '';
      const isKept = isFinal(reply.statusCode) && !(begun.isRemade && begun.isInLog) && !isOfAnother(reply, text);
      const kept = isKept && typeof text === 'string' ? keepOne(begun, reply, text) : null;
      if (kept === null) {
        inUse.release(begun.commandId);
        return null;
      }
      return kept
        .then(
          () => undefined,
          (error: unknown) => notKept(error, request, reply),
        )
        .finally(() => inUse.release(begun.commandId));
    },
    flush: behind.flush,
  };
};
