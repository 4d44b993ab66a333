/** The shop's way to the service: signed in through OpenID Connect, with retries that can't do anything twice. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Dispatcher, errors, Pool } from 'undici';

/** Who asks: the sandbox clients of docs/operations.md. */
export type Caller = 'sandbox-admin' | 'sandbox-shop';

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly as: Caller;
  readonly body?: object;
  /** Required on POST: a retry with the same key is answered, not done again. */
  readonly idempotencyKey?: string;
  /** Seconds the service may wait before it answers, so that the answer says more (RFC 7240). */
  readonly waitSeconds?: number;
  /** The position of an earlier answer: a read that has seen what that write did (B8). */
  readonly since?: string | null;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The service had seen this idempotency key and gave its first answer again. */
  readonly replayed: boolean;
  /** `null` where nothing was written. */
  readonly position: string | null;
}

export interface Client {
  /** Any answer, refusals included. @throws when the service can't be reached or stays busy. */
  send(request: Request): Promise<Answer>;
  readonly figures: { requests: number; retries: number; tokens: number };
  close(): Promise<void>;
}

class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** As many as run at once; more connections would only wait in the service instead of here. */
export const inFlightMax = 32;
/** A service that restarts or throttles is back well within these. */
const attemptsMax = 10;
const pauseMaxMs = 10_000;
/** A first attempt that is still at work: 32 bulk requests at once take long on a machine that others use too. */
const atWorkMaxMs = 5 * 60_000;
/** An answer that takes longer is lost, not late: it is 3 times the longest wait that can be asked for. */
const answerTimeoutMs = 30_000;
/** A token that is nearly over may be over when it arrives. */
const refreshBeforeMs = 60_000;

const secret = 'sandbox';

const isRecord = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null;

const textHeader = (headers: Dispatcher.ResponseData['headers'], name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

interface Token {
  readonly text: Promise<string>;
  freshUntil: number;
}

const fetchToken = async (pool: Pool, caller: Caller, token: Token): Promise<string> => {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/oidc/token',
    headers: {
      authorization: `Basic ${Buffer.from(`${caller}:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  });
  const answer: unknown = await body.json();
  if (statusCode !== 200 || !isRecord(answer) || typeof answer.access_token !== 'string') {
    throw new Unanswered(`No token for ${caller}: ${statusCode} ${JSON.stringify(answer)}`);
  }
  token.freshUntil = Date.now() + Number(answer.expires_in) * 1000 - refreshBeforeMs;
  return answer.access_token;
};

/** One token a caller, fetched once however many ask at the same time, and again before it ends. */
const createTokens = (pool: Pool, figures: Client['figures']): ((caller: Caller) => Promise<string>) => {
  const tokens = new Map<Caller, Token>();
  return (caller) => {
    const known = tokens.get(caller);
    if (known !== undefined && Date.now() < known.freshUntil) return known.text;
    figures.tokens += 1;
    const token = { freshUntil: Number.POSITIVE_INFINITY } as { text: Promise<string>; freshUntil: number };
    token.text = fetchToken(pool, caller, token).catch((error: unknown) => {
      tokens.delete(caller);
      throw error;
    });
    tokens.set(caller, token);
    return token.text;
  };
};

const parse = (text: string): unknown => {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
};

/** Transport faults only: whoever gave a wrong argument must hear of it at once. */
const isTransient = (error: unknown): boolean =>
  error instanceof errors.UndiciError
    ? !(error instanceof errors.InvalidArgumentError)
    : isRecord(error) && 'code' in error;

const headersOf = (request: Request, token: string): Record<string, string> => ({
  authorization: `Bearer ${token}`,
  ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
  ...(request.idempotencyKey === undefined ? {} : { 'idempotency-key': request.idempotencyKey }),
  ...(request.since === undefined || request.since === null ? {} : { 'stockledger-min-position': request.since }),
  ...(request.waitSeconds === undefined ? {} : { prefer: `wait=${request.waitSeconds}` }),
});

/** Milliseconds to wait before the next attempt; `null`: the answer is final. */
const pauseAfter = (status: number, retryAfter: string | undefined, attempt: number): number | null => {
  if (status !== 429 && status !== 503 && retryAfter === undefined) return null;
  const asked = Number(retryAfter ?? Number.NaN) * 1000;
  return Math.min(Number.isFinite(asked) ? asked : 50 * 2 ** attempt, pauseMaxMs);
};

export const createClient = (origin: string): Client => {
  const pool = new Pool(origin, {
    connections: inFlightMax,
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
  });
  const figures = { requests: 0, retries: 0, tokens: 0 };
  const tokenOf = createTokens(pool, figures);

  const attempt = async (request: Request): Promise<{ answer: Answer; retryAfter: string | undefined }> => {
    figures.requests += 1;
    const { statusCode, headers, body } = await pool.request({
      method: request.method,
      path: request.path,
      headers: headersOf(request, await tokenOf(request.as)),
      body: request.body === undefined ? null : JSON.stringify(request.body),
    });
    const answer = {
      status: statusCode,
      body: parse(await body.text()),
      replayed: textHeader(headers, 'idempotency-replayed') === 'true',
      position: textHeader(headers, 'stockledger-position') ?? null,
    };
    return { answer, retryAfter: textHeader(headers, 'retry-after') };
  };

  const send = async (request: Request): Promise<Answer> => {
    const startedAtMs = performance.now();
    for (let count = 1; ; count += 1) {
      let pauseMs: number | null;
      let fault: unknown;
      let isAtWork = false;
      try {
        const { answer, retryAfter } = await attempt(request);
        pauseMs = pauseAfter(answer.status, retryAfter, count);
        if (pauseMs === null) return answer;
        fault = answer.status;
        isAtWork = answer.status === 409 && performance.now() - startedAtMs < atWorkMaxMs;
      } catch (error) {
        if (!isTransient(error)) throw error;
        pauseMs = 50 * 2 ** count;
        fault = error;
      }
      if (count >= attemptsMax && !isAtWork)
        throw new Unanswered(`${request.method} ${request.path}: ${String(fault)}`);
      figures.retries += 1;
      await pause(Math.min(pauseMs, pauseMaxMs));
    }
  };

  return { send, figures, close: () => pool.close() };
};
