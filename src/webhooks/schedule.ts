/** When the next attempt is made (W5, W6): fast at first, then for more than four days. */

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
export const jitterShare = 0.2;

/** A receiver may ask for more time, but not to be forgotten. */
export const retryAfterMaxMs = 24 * hours;

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
