/** Counts nothing. */
import type * as guards from '../../src/http/rateLimits.ts';

export const createAddressKeys: typeof guards.createAddressKeys = () => (address) => address;

export const createRequestLimits: typeof guards.createRequestLimits = () => ({
  refused: () => null,
  of: async () => undefined,
});

export const createTokenLimits: typeof guards.createTokenLimits = () => ({
  arrived: async () => undefined,
  refused: () => undefined,
});

export const createKeyLimit: typeof guards.createKeyLimit = () => () => null;
