/** How an attempt changes its row. Pure. */
import type { Attempt, Delivery } from './ledger.ts';
import type { SendResult } from './ports.ts';
import { attemptsMax, laterThan, nextDelayMs, retryAfterMs } from './schedule.ts';

/** Enough of an answer to see what the receiver complains about, small enough to keep for every attempt. */
export const responseStartMax = 1_000;

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
 * The row after attempt `index` has ended. What somebody else wrote meanwhile stays, except that what was delivered is
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
