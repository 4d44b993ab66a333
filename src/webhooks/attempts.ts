/** One attempt: when the next one is made, what it adds to its row, and how it is signed. Pure. */
import { createHmac } from 'node:crypto';
import type { Attempt, Delivery } from './ledger.ts';
import type { SendResult } from './ports.ts';

// When the next attempt is made (W5, W6): fast at first, then for more than four days.

const seconds = 1_000;
const minutes = 60 * seconds;
const hours = 60 * minutes;

/** Delay before attempt 1, 2, 3 … in ms. In all 99 h 42 min 35 s: a receiver may be down from Friday to Tuesday. */
export const attemptDelaysMs: readonly number[] = [
  0,
  5 * seconds,
  30 * seconds,
  2 * minutes,
  10 * minutes,
  30 * minutes,
  2 * hours,
  5 * hours,
  10 * hours,
  14 * hours,
  20 * hours,
  24 * hours,
  24 * hours,
];
export const attemptsMax = attemptDelaysMs.length;

/** Each delay is spread over ±20 %, so that a receiver that comes back is not met by all its messages at once. */
const jitterShare = 0.2;

/** A receiver may ask for more time, but not to be forgotten. */
const retryAfterMaxMs = 24 * hours;

const isSeconds = /^\d{1,10}$/;
/** IMF-fixdate and the RFC 850 form end in GMT; the asctime form says nothing and means it (RFC 9110 §5.6.7). */
const isDated = /^[A-Za-z]{3,9},? .* (?:GMT|\d{4})$/;

/** `Retry-After` (RFC 9110 §10.2.3), seconds or HTTP-date, in ms from `now`; 0 when there is none or it makes no sense. */
export const retryAfterMs = (header: string | undefined, now: string): number => {
  const text = header?.trim() ?? '';
  if (isSeconds.test(text)) return Math.min(Number(text) * seconds, retryAfterMaxMs);
  if (!isDated.test(text)) return 0;
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? 0 : Math.min(Math.max(0, at - Date.parse(now)), retryAfterMaxMs);
};

/**
 * Delay before the next attempt in ms, `null` after the last one. `random` in [0, 1). The receiver's own wish never
 * shortens the schedule.
 */
export const nextDelayMs = (attemptsMade: number, askedMs: number, random: number): number | null => {
  const delayMs = attemptDelaysMs[attemptsMade];
  if (delayMs === undefined) return null;
  const jitter = 1 + jitterShare * (2 * random - 1);
  return Math.max(Math.round(delayMs * jitter), askedMs);
};

/** ISO 8601 UTC. */
export const laterThan = (at: string, delayMs: number): string => new Date(Date.parse(at) + delayMs).toISOString();

/** Enough of an answer to see what the receiver complains about, small enough to keep for every attempt. */
const responseStartMax = 1_000;

export interface SentResult {
  readonly sent: SendResult;
  /** When it ended, ISO 8601 UTC. */
  readonly at: string;
  /** In [0, 1). */
  readonly random: number;
}

const gone = 410;
/** Only these carry a `Retry-After` that means "later" (RFC 6585 §4, RFC 9110 §15.6.4). */
const askForTime: readonly number[] = [429, 503];

const interrupted = (attempt: Attempt): Attempt =>
  attempt.durationMs === null && attempt.error === undefined ? { ...attempt, error: 'interrupted' } : attempt;

/** The row with one attempt more, which has no end yet; dead when the schedule has no step left for it. */
export const begun = (delivery: Delivery, at: string): Delivery => {
  const attempts = delivery.attempts.map(interrupted);
  if (attempts.length < attemptsMax) return { ...delivery, attempts: [...attempts, { at, durationMs: null }] };
  return { ...delivery, attempts, status: 'dead', reason: 'exhausted', nextAttemptAt: null };
};

const outcomeOf = (sent: SendResult): Pick<Attempt, 'httpStatus' | 'error' | 'responseStart'> => {
  if (sent.kind === 'failed') return { error: sent.error };
  const responseStart = sent.bodyStart.slice(0, responseStartMax);
  return { httpStatus: sent.status, ...(responseStart === '' ? {} : { responseStart }) };
};

type Next = Pick<Delivery, 'status' | 'reason' | 'nextAttemptAt'>;

/** A 2xx is success; everything else is a failure, a 3xx too, because a redirect is never followed (W6). */
const nextAfter = (attemptsMade: number, { sent, at, random }: SentResult): Next => {
  if (sent.kind === 'answered') {
    if (sent.status >= 200 && sent.status < 300) return { status: 'delivered', nextAttemptAt: null };
    if (sent.status === gone) return { status: 'dead', reason: 'gone', nextAttemptAt: null };
  }
  const asked = sent.kind === 'answered' && askForTime.includes(sent.status) ? sent.retryAfter : undefined;
  const delayMs = nextDelayMs(attemptsMade, retryAfterMs(asked, at), random);
  if (delayMs === null) return { status: 'dead', reason: 'exhausted', nextAttemptAt: null };
  return { status: 'pending', nextAttemptAt: laterThan(at, delayMs) };
};

/**
 * The row after attempt `index` has ended. What another worker wrote meanwhile stays, except that what was delivered is
 * delivered: a failure does not open again a row that was closed.
 */
export const ended = (delivery: Delivery, index: number, result: SentResult): Delivery => {
  const attempts = delivery.attempts.map((attempt, at) => {
    if (at !== index) return attempt;
    const durationMs = Math.max(0, Date.parse(result.at) - Date.parse(attempt.at));
    return { at: attempt.at, durationMs, ...outcomeOf(result.sent) };
  });
  const next = nextAfter(attempts.length, result);
  if (next.status !== 'delivered' && delivery.status !== 'pending') return { ...delivery, attempts };
  const { reason: _, ...rest } = delivery;
  return { ...rest, ...next, attempts };
};

// Standard Webhooks 1.0: what a receiver needs to believe a delivery.

const secretPrefix = 'whsec_';

interface Signable {
  /** `webhook-id`: the same on every attempt, so that a receiver can tell what it has seen. */
  readonly id: string;
  readonly body: string;
  /** `whsec_` and base64. */
  readonly secret: string;
}

/** The `webhook-*` headers; `v1` is HMAC-SHA256 over `id.timestamp.body`. The timestamp is the attempt's, in seconds. */
export const signedHeaders = ({ id, body, secret }: Signable, at: string): { readonly [name: string]: string } => {
  const timestamp = String(Math.floor(Date.parse(at) / 1_000));
  const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
};
