/**
 * How much each key has used within a window that moves with time (R8). The window before counts for the part of it that
 * is still within reach, so that no caller gets two quotas around the moment when one window ends and the next begins.
 */

/** Counts that processes share. */
export interface SharedCounts {
  /**
   * Adds to the count of `key` in the window of this number, which may be 0.
   * @returns the counts of that window and of the one before; `null` when what is shared is away.
   */
  add(key: string, window: SharedWindow, count: number): Promise<{ current: number; previous: number } | null>;
}

/** Windows are numbered from 1970. */
export interface SharedWindow {
  readonly number: number;
  readonly lengthMs: number;
}

export interface Verdict {
  /** 0: it was counted. Else nothing was, and after so long it would be. */
  readonly retryAfterMs: number;
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetMs: number;
}

export interface SlidingWindow {
  /**
   * At once, or after a question to the other processes. A cost of 0 asks whether anything is left.
   * Whoever is refused uses nothing.
   */
  take(key: string, cost: number): Verdict | Promise<Verdict>;
  /** For what was counted, and has come to nothing. */
  giveBack(key: string, cost: number): void;
}

interface Count {
  readonly window: number;
  used: number;
  /** Of `used`, what the other processes were not told. */
  untold: number;
  /** In the window before. */
  usedBefore: number;
  /** The question that is under way. */
  asking: Promise<void> | null;
  /** What the others counted is in `used`, or there are no others. */
  isKnown: boolean;
}

/**
 * Some 15 MB. Whoever comes with more names than that within a window makes the oldest be forgotten, which opens no
 * more than a name that was never seen does.
 */
const keysMax = 100_000;
/** Of a quota: what a process counts before it tells the others. Each may exceed the quota by two such steps. */
const stepShare = 1 / 400;

export interface SlidingWindowOptions {
  readonly quota: number;
  readonly lengthMs: number;
  /** Absent: this process counts alone. */
  readonly shared?: SharedCounts | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** How long until a use of so much fits; the window before weighs less from moment to moment. */
const waitMsOf = (
  { used, usedBefore }: Count,
  need: number,
  { quota, lengthMs, elapsedMs }: { readonly quota: number; readonly lengthMs: number; readonly elapsedMs: number },
): number => {
  const share = (mayWeigh: number, counted: number): number => (1 - mayWeigh / counted) * lengthMs;
  if (usedBefore * (1 - elapsedMs / lengthMs) + used + need <= quota) return 0;
  if (used + need <= quota) return Math.max(1, share(quota - used - need, usedBefore) - elapsedMs);
  return lengthMs - elapsedMs + Math.max(1, share(quota - need, used));
};

export const createSlidingWindow = ({ quota, lengthMs, shared, nowMs }: SlidingWindowOptions): SlidingWindow => {
  const step = shared === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(quota * stepShare));
  let number = 0;
  let counts = new Map<string, Count>();
  let countsBefore = new Map<string, Count>();

  const moveTo = (next: number): void => {
    countsBefore = next === number + 1 ? counts : new Map<string, Count>();
    counts = new Map();
    number = next;
  };

  const begin = (key: string): Count => {
    const [oldest] = counts.size < keysMax ? [] : counts.keys();
    if (oldest !== undefined) counts.delete(oldest);
    const usedBefore = countsBefore.get(key)?.used ?? 0;
    const count = { window: number, used: 0, untold: 0, usedBefore, asking: null, isKnown: shared === undefined };
    counts.set(key, count);
    return count;
  };

  /** Until the others know of what was counted here, but for less than a step, and it is known what they counted. */
  const agree = async (key: string, count: Count): Promise<void> => {
    while (!count.isKnown || count.untold >= step) {
      count.asking ??= ask(key, count);
      await count.asking;
    }
  };

  const ask = async (key: string, count: Count): Promise<void> => {
    const told = count.untold;
    count.untold = 0;
    const answer = (await shared?.add(key, { number: count.window, lengthMs }, told)) ?? null;
    count.asking = null;
    count.isKnown = true;
    if (answer === null) return;
    count.used = answer.current + count.untold;
    count.usedBefore = answer.previous;
  };

  const elapsedMsOf = ({ window }: Count, now: number): number =>
    Math.min(lengthMs, Math.max(0, now - window * lengthMs));

  const leftOf = (count: Count, now: number): number => {
    const elapsedMs = elapsedMsOf(count, now);
    return Math.max(0, Math.floor(quota - count.usedBefore * (1 - elapsedMs / lengthMs) - count.used));
  };

  const decide = (count: Count, cost: number, now: number): Verdict => {
    const elapsedMs = elapsedMsOf(count, now);
    // What costs more than there ever is takes all of it.
    const need = Math.min(quota, Math.max(1, cost));
    const retryAfterMs = waitMsOf(count, need, { quota, lengthMs, elapsedMs });
    if (retryAfterMs === 0) {
      count.used += Math.min(cost, need);
      count.untold += Math.min(cost, need);
    }
    return { retryAfterMs, remaining: leftOf(count, now), resetMs: lengthMs - elapsedMs };
  };

  const counted = (key: string, count: Count, verdict: Verdict): Verdict | Promise<Verdict> =>
    count.untold < step ? verdict : agree(key, count).then(() => ({ ...verdict, remaining: leftOf(count, nowMs()) }));

  return {
    giveBack: (key, cost) => {
      const count = counts.get(key);
      if (count === undefined || count.used < cost) return;
      count.used -= cost;
      count.untold -= cost;
    },
    take: (key, cost) => {
      const now = nowMs();
      const window = Math.floor(now / lengthMs);
      if (window !== number) moveTo(window);
      const count = counts.get(key) ?? begin(key);
      if (count.isKnown) return counted(key, count, decide(count, cost, now));
      return agree(key, count).then(() => counted(key, count, decide(count, cost, nowMs())));
    },
  };
};
