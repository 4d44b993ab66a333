/** What is kept under an idempotency key: the fingerprint of its request, its answer, and what its caller could see. */
import { hash } from 'node:crypto';
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import type { IdempotencyRecords, KeptAnswer } from '../../commands/ports.ts';
import type { Reach } from '../../domain/access/authorize.ts';

/** One request under its key, while it runs. */
export interface RunningRequest extends KeyUse {
  /** What it did is in the log, and its answer is made of that alone. */
  isInLog: boolean;
  /** The id of its command, derived from who asked and the key: the same for every attempt. */
  readonly commandId: string;
  readonly fingerprint: string;
}

export interface KeyUse {
  readonly key: string;
  /** The answer holds something that may not be kept in the clear (docs/architecture.md, "Personal data"). */
  readonly confidential: boolean;
  /** An answer that is made of what was recorded is made again from the log, and not kept (`CommandSpec.isRemade`). */
  readonly isRemade: boolean;
}

export type StartedRequest =
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'begun';
      /** The same for every attempt with this key. */
      readonly commandId: string;
      /** As `EventMetadata` has it. */
      readonly request?: string;
      /** The same request has recorded something: its answer is made of that. */
      readonly isRetry: boolean;
      /** When this key was first used: for ids that carry a time. Costs a write. */
      readonly claimedAt: () => Promise<string>;
    };

/** Answers that were given and are on their way to the disk: many in one write, a moment later (ADR 12). */
interface AnswersBehind {
  find(id: string): KeptAnswer | undefined;
  add(answer: KeptAnswer): void;
  /** Resolves when all answers are kept; the stop of the process waits for it. */
  flush(): Promise<void>;
}

/** A crash loses the fingerprints of so long a time, never what was recorded. Long enough to make few large writes. */
const everyMs = 100;

export const createAnswersBehind = (
  records: Pick<IdempotencyRecords, 'save'>,
  logger: FastifyBaseLogger,
): AnswersBehind => {
  const behind = new Map<string, KeptAnswer>();
  let gathered: KeptAnswer[] = [];
  let timer: NodeJS.Timeout | null = null;
  let saving = Promise.resolve();

  const saveGathered = async (): Promise<void> => {
    const answers = gathered;
    gathered = [];
    await records
      .save(answers)
      .catch((error: unknown) => logger.error({ err: error, answers: answers.length }, 'answers not kept'));
    for (const { id } of answers) behind.delete(id);
  };

  const flush = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (gathered.length > 0) saving = Promise.all([saving, saveGathered()]).then(() => undefined);
    return saving;
  };

  return {
    find: (id) => behind.get(id),
    add: (answer) => {
      behind.set(answer.id, answer);
      gathered.push(answer);
      timer ??= setTimeout(() => void flush(), everyMs);
    },
    flush,
  };
};

type JsonMembers = Readonly<Record<string, unknown>>;

/** Whether the members of all objects in it are in order already: then nothing has to be copied. */
const isOrdered = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isOrdered);
  let before = '';
  for (const name in value) {
    if (name < before || !isOrdered((value as JsonMembers)[name])) return false;
    before = name;
  }
  return true;
};

/** Sorts the members, in whatever order they came: JSON objects have none (RFC 8259 §4). */
const ordered = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(ordered);
  const sorted: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) sorted[name] = ordered((value as JsonMembers)[name]);
  return sorted;
};

const namesByRoute = new Map<string, readonly string[]>();

/** The parameters of a route are always the same ones, so their order is found once. */
const orderedParams = (route: string, params: JsonMembers): JsonMembers => {
  const names = namesByRoute.get(route) ?? Object.keys(params).sort();
  namesByRoute.set(route, names);
  const sorted: Record<string, unknown> = {};
  for (const name of names) sorted[name] = params[name];
  return sorted;
};

/**
 * SHA-256 in hex of what was asked: the route, its parameters as they are read (so that a path may be spelt in several
 * ways), the query, the body, and the revision that the caller has seen.
 */
export const fingerprintOf = (request: FastifyRequest): string => {
  const { method, query, body, headers } = request;
  const { url: route = '' } = request.routeOptions;
  const params = orderedParams(route, request.params as JsonMembers);
  const asked = { body, ifMatch: headers['if-match'], params, query, route };
  return hash('sha256', `${method} ${JSON.stringify(isOrdered(asked) ? asked : ordered(asked))}`);
};

/** Kept among the headers of an answer, and never sent. */
export const reachName = 'stockledger-reach';

/** 128 bits of a hash: an answer may be of a caller with hundreds of warehouses. */
const markChars = 22;

/** A new field of `Reach` does not compile without its part here. Kept marks depend on the order of the parts. */
const markedParts: { readonly [Field in keyof Reach]-?: (reach: Reach) => unknown } = {
  role: ({ role }) => role,
  customerId: ({ customerId }) => customerId,
  warehouses: ({ warehouses }) => (warehouses === 'all' ? warehouses : [...warehouses].sort()),
};

export const reachMark = (reach: Reach): string => {
  const parts = Object.values(markedParts).map((partOf) => partOf(reach));
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, markChars);
};

/** @param mark absent: of an answer that a release before this one has kept. */
export const coversKept = (reach: Reach, mark: string | undefined): boolean => {
  if (reach.role === 'admin') return true;
  return mark === undefined ? reach.warehouses === 'all' && reach.customerId === null : mark === reachMark(reach);
};

/** A failure of ours is not an answer: the next attempt may do better. */
export const isFinal = (status: number): boolean => status < 500 && status !== 429;

/** Rows of a bulk request may have been refused, each by itself. */
const multiStatus = 207;
export const isRecorded = (status: number): boolean => status < 300 && status !== multiStatus;

/** Idempotency keys whose request is under way: the second one with the same key is told to wait (409). */
export interface KeysInUse {
  /** `false`: another request has it. */
  take(id: string): Promise<boolean>;
  /** Only the request that took it may release it. */
  release(id: string): void;
}

/** Of one process. */
export const createKeysInUse = (): KeysInUse => {
  const held = new Set<string>();
  return {
    take: async (id) => {
      if (held.has(id)) return false;
      held.add(id);
      return true;
    },
    release: (id) => {
      held.delete(id);
    },
  };
};
