/** When a job is due, and when it is tried again: the same figures whichever engine keeps the queue. */

/** Backoff after a handler that threw: doubles with each attempt. */
const backoffFirstMs = 1_000;
const backoffMaxMs = 10 * 60_000;
/** From here on the maximum has long been reached, and a larger power says nothing more. */
const doublingsMax = 20;

/** `attempts`: how often the job was started before the run that threw. */
export const backoffMs = (attempts: number): number =>
  Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(attempts, doublingsMax));

/** Kept as a number, so that texts of different precision compare as times. @throws RangeError when it is no time. */
export const msOf = (time: string): number => {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new RangeError(`not a time: ${time}`);
  return ms;
};
