/** Remembers for a moment which tokens were found good, so that a busy caller's signature isn't checked each time. */
import { LRUCache } from 'lru-cache';
import type { Principal } from '../../domain/access/principal.ts';
import type { Confirmation } from './claims.ts';

/** About 10 MB at a kilobyte for a principal; more callers than that at once simply verify more often. */
const verifiedTokensMax = 10_000;

/** A key or a token withdrawn by the issuer may go on working for this long, and no longer. */
export const rememberedMsMax = 60_000;

/** Whose token it is, and what its sender must hold. The sender is looked at each time. */
export interface VerifiedToken {
  readonly principal: Principal;
  readonly confirmation: Confirmation | null;
}

interface VerifiedEntry extends VerifiedToken {
  readonly forgottenAtMs: number;
}

interface VerifiedTokens {
  /** Absent, or out of date at `nowMs`: undefined. */
  readonly find: (key: string, nowMs: number) => VerifiedToken | undefined;
  /** `expiresAtMs` is the token's own end; it is remembered until then or for `rememberedMsMax`, whichever is less. */
  readonly remember: (key: string, token: VerifiedToken, expiresAtMs: number, nowMs: number) => void;
  readonly size: () => number;
}

export const createVerifiedTokens = (max: number = verifiedTokensMax): VerifiedTokens => {
  const entries = new LRUCache<string, VerifiedEntry>({ max });
  return {
    find: (key, nowMs) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.forgottenAtMs > nowMs) return entry;
      entries.delete(key);
      return undefined;
    },
    remember: (key, { principal, confirmation }, expiresAtMs, nowMs) => {
      const forgottenAtMs = Math.min(expiresAtMs, nowMs + rememberedMsMax);
      if (forgottenAtMs > nowMs) entries.set(key, { principal, confirmation, forgottenAtMs });
    },
    size: () => entries.size,
  };
};
