/**
 * What may be under way at once, of all callers together and of each: bytes of bodies, expensive reads, live streams,
 * parked waits (R8). Who asks for more is told to come later; nothing queues here.
 */
import type { Principal } from '../domain/access/principal.ts';
import { Problem } from './problems/problem.ts';
import type { ProblemCode } from './problems/problemCodes.ts';

/** Whom limits count: a subject by one of its clients. */
export const callerKey = (caller: { readonly principal: Pick<Principal, 'client' | 'subject'> } | null): string =>
  caller === null ? '' : `${caller.principal.client} ${caller.principal.subject}`;

export interface Share {
  /** Gives it back. Repeating it changes nothing. */
  release(): void;
}

export interface Shares {
  /** @throws Problem when the caller has too much, or all have. */
  take(caller: string, weight: number): Share;
  /** What all have now. */
  inUse(): number;
}

export interface SharesOptions {
  /** In words, as `bytes of bodies`. */
  readonly what: string;
  /** In the unit of the weights. */
  readonly total: number;
  /** One caller can't take what is there for all. */
  readonly perCaller: number;
  /** What a caller is told who has too much. */
  readonly code?: ProblemCode;
}

/** Work of this kind ends within seconds. */
const retryLater = { headers: { 'retry-after': '1' } } as const;

export const createShares = ({ what, total, perCaller, code = 'TOO_MUCH_AT_ONCE' }: SharesOptions): Shares => {
  const byCaller = new Map<string, number>();
  let used = 0;

  const give = (caller: string, weight: number): void => {
    used += weight;
    const left = (byCaller.get(caller) ?? 0) + weight;
    if (left === 0) byCaller.delete(caller);
    else byCaller.set(caller, left);
  };

  return {
    take: (caller, weight) => {
      // Whoever has nothing under way may always begin, however much it is: it would never get its turn.
      const own = byCaller.get(caller) ?? 0;
      if (own > 0 && own + weight > perCaller) {
        throw new Problem(code, `One caller may have ${perCaller} ${what} at a time.`, retryLater);
      }
      if (used > 0 && used + weight > total) {
        throw new Problem('OVERLOADED', `All callers together may have ${total} ${what} at a time.`, retryLater);
      }
      give(caller, weight);
      let isHeld = true;
      return {
        release: () => {
          if (!isHeld) return;
          isHeld = false;
          give(caller, -weight);
        },
      };
    },
    inUse: () => used,
  };
};
