/** Waiting that ends: after a time, or when somebody stops it. */

/** An answer did not come in time. Whether it was done all the same is not known. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** @throws NoAnswer after `timeoutMs`; what comes later is ignored, whatever it is. */
export const within = <T>(answer: Promise<T>, timeoutMs: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer(`no answer within ${timeoutMs} ms`)), timeoutMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });

export interface Backoff {
  /** How long to wait now; each call doubles the next. */
  nextMs(): number;
  reset(): void;
}

/** From `firstMs` on, doubled up to `maxMs`, and up to half as long again so that many do not come back together. */
export const createBackoff = (firstMs: number, maxMs: number, random: () => number): Backoff => {
  let delayMs = firstMs;
  return {
    nextMs: () => {
      const nowMs = delayMs * (1 + random() / 2);
      delayMs = Math.min(maxMs, delayMs * 2);
      return nowMs;
    },
    reset: () => {
      delayMs = firstMs;
    },
  };
};
