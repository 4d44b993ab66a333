/** Remembers for a moment which tokens were found good, so that a busy caller's signature isn't checked each time. */
import type { Principal } from '../../domain/access/principal.ts';

/** About 10 MB at a kilobyte for a principal; more callers than that at once simply verify more often. */
export const verifiedTokensMax = 10_000;

/** A key withdrawn by the issuer may go on working for this long, and no longer. */
export const rememberedMsMax = 60_000;

interface Entry {
  readonly principal: Principal;
  readonly forgottenAtMs: number;
}

export interface VerifiedTokens {
  /** Absent, or out of date at `nowMs`: undefined. */
  readonly find: (key: string, nowMs: number) => Principal | undefined;
  /** `expiresAtMs` is the token's own end; it is remembered until then or for `rememberedMsMax`, whichever is less. */
  readonly remember: (key: string, principal: Principal, expiresAtMs: number, nowMs: number) => void;
  readonly size: () => number;
}

/** Least recently used goes first: a `Map` iterates in insertion order, and a hit inserts anew. */
export const createVerifiedTokens = (max: number = verifiedTokensMax): VerifiedTokens => {
  const entries = new Map<string, Entry>();
  return {
    find: (key, nowMs) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      if (entry.forgottenAtMs <= nowMs) return undefined;
      entries.set(key, entry);
      return entry.principal;
    },
    remember: (key, principal, expiresAtMs, nowMs) => {
      const forgottenAtMs = Math.min(expiresAtMs, nowMs + rememberedMsMax);
      if (forgottenAtMs <= nowMs) return;
      entries.delete(key);
      entries.set(key, { principal, forgottenAtMs });
      if (entries.size <= max) return;
      const oldest = entries.keys().next();
      if (!oldest.done) entries.delete(oldest.value);
    },
    size: () => entries.size,
  };
};
