/** How often a caller, an address and the sandbox's token endpoint may be asked (R8), and what an answer says of it. */
import type { FastifyReply } from 'fastify';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../eventsourcing/ports.ts';
import { Problem } from './problems/problem.ts';
import { createSlidingWindow, type SharedCounts, type Verdict } from './slidingWindow.ts';

/** An IPv6 network of this length is one customer's: addresses within it cost nothing (RFC 6177). */
const ipv6PrefixBits = 64;
/** Reading an address takes longer than counting it. */
const addressesMax = 10_000;

const networkOf = (address: string): string => {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const [plain = ''] = parsed.toNormalizedString().split('%');
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${plain}/${ipv6PrefixBits}`).toString()}/${ipv6PrefixBits}`;
};

/** What an address is counted by: itself, and for IPv6 its network. */
export const createAddressKeys = (): ((address: string) => string) => {
  const known = new LRUCache<string, string>({ max: addressesMax });
  return (address) => {
    const key = known.get(address) ?? networkOf(address);
    known.set(address, key);
    return key;
  };
};

interface RateLimit {
  /**
   * Counts a request of `key` that weighs `cost`, and tells the answer what is left. A cost of 0 only asks.
   * @returns what to wait for, if anything. @throws Problem `RATE_LIMITED`, also later
   */
  count(key: string, reply: FastifyReply, cost?: number): Promise<void> | null;
  /** Counts what was answered already. */
  note(key: string): void;
}

/** What all limits count by. */
export interface Counting {
  readonly clock: Clock;
  /** Absent: each process counts for itself. */
  readonly sharedCounts?: SharedCounts | undefined;
}

interface Quota extends Counting {
  readonly name: string;
  readonly requests: number;
  readonly windowMs: number;
  /** Answers say nothing of it, unless it is used up. */
  readonly isQuiet?: true;
}

const sharedUnder = (name: string, shared: SharedCounts | undefined): { shared?: SharedCounts } =>
  shared === undefined ? {} : { shared: { add: (key, window, count) => shared.add(`${name}:${key}`, window, count) } };

const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

const append = (reply: FastifyReply, name: string, value: string): void => {
  const before = reply.getHeader(name);
  void reply.header(name, before === undefined ? value : `${String(before)}, ${value}`);
};

/** Header fields of draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` and `RateLimit`, an item for each quota. */
export const createRateLimit = ({ name, requests, windowMs, isQuiet, clock, sharedCounts }: Quota): RateLimit => {
  const window = createSlidingWindow({
    quota: requests,
    lengthMs: windowMs,
    nowMs: () => Date.parse(clock.now()),
    ...sharedUnder(name, sharedCounts),
  });
  const policy = `"${name}";q=${requests};w=${windowMs / 1_000}`;

  const tell = (reply: FastifyReply, { remaining, resetMs, retryAfterMs }: Verdict): null => {
    if (isQuiet === true && retryAfterMs === 0) return null;
    append(reply, 'ratelimit-policy', policy);
    append(reply, 'ratelimit', `"${name}";r=${remaining};t=${secondsOf(resetMs)}`);
    if (retryAfterMs === 0) return null;
    const seconds = secondsOf(retryAfterMs);
    const detail = `"${name}" allows ${requests} requests in ${windowMs / 1_000} s. Try again in ${seconds} s.`;
    throw new Problem('RATE_LIMITED', detail, { headers: { 'retry-after': String(seconds) } });
  };

  return {
    count: (key, reply, cost = 1) => {
      const verdict = window.take(key, cost);
      return verdict instanceof Promise ? verdict.then((late) => void tell(reply, late)) : tell(reply, verdict);
    },
    note: (key) => void window.take(key, 1),
  };
};

export const minuteMs = 60_000;
/** A second may take as much as six of the minute; a client that has just started asks for many things at once. */
const burstShare = 1 / 10;
const burstMs = 1_000;
/** A browser opens a page with as many requests. */
const burstMin = 50;
/** People and systems of one customer share an address; more callers than that behind one belong to somebody who has stolen them. */
const callersPerAddress = 10;
/** The share of a caller's requests that an address gets without a valid token, so that it cannot guess tokens. */
const refusedShare = 0.1;

export interface RequestLimits {
  /** Of no caller, or of one who may not. It closes no door: who has a good token is let in from the same address. */
  refused(address: string, reply: FastifyReply): Promise<void> | null;
  /** Of one who is let in. */
  of(asked: { readonly caller: string; readonly address: string }, reply: FastifyReply, cost: number): Promise<void>;
}

/** @param requestsPerMinute of one caller. */
export const createRequestLimits = (requestsPerMinute: number, { clock, sharedCounts }: Counting): RequestLimits => {
  const within = { windowMs: minuteMs, clock, sharedCounts };
  const callers = createRateLimit({ name: 'caller', requests: requestsPerMinute, ...within });
  const burst = Math.max(burstMin, Math.ceil(requestsPerMinute * burstShare));
  // Processes would have to ask each other at each request.
  const bursts = createRateLimit({ name: 'burst', requests: burst, windowMs: burstMs, clock });
  const refusals = createRateLimit({
    name: 'refused',
    requests: Math.ceil(requestsPerMinute * refusedShare),
    ...within,
  });
  const addresses = createRateLimit({
    name: 'address',
    requests: requestsPerMinute * callersPerAddress,
    isQuiet: true,
    ...within,
  });
  return {
    refused: (address, reply) => refusals.count(address, reply),
    of: async ({ caller, address }, reply, cost) => {
      // First, and at once: what a burst refuses uses nothing of the minute. A smaller quota than a burst ends it anyway.
      if (burst < requestsPerMinute) await bursts.count(caller, reply);
      await callers.count(caller, reply, cost);
      await addresses.count(address, reply);
    },
  };
};

/** Quotas that differ; an administrator gives a few. One that is forgotten begins anew. */
const keyQuotasMax = 1_000;

/** What an API key may be used for in a minute, however many callers use it; `quota`: where it has none of its own. */
export const createKeyLimit = (quota: number, { clock, sharedCounts }: Counting) => {
  const limits = new LRUCache<number, RateLimit>({ max: keyQuotasMax });
  const limitOf = (requests: number): RateLimit => {
    const limit =
      limits.get(requests) ?? createRateLimit({ name: 'key', requests, windowMs: minuteMs, clock, sharedCounts });
    limits.set(requests, limit);
    return limit;
  };
  return (
    { keyId, requestsPerMinute = quota }: { readonly keyId: string; readonly requestsPerMinute?: number },
    reply: FastifyReply,
    cost: number,
  ): Promise<void> | null => limitOf(requestsPerMinute).count(keyId, reply, cost);
};

/** A page that looks again every 20 s, at twenty people of one address; guessing 256 bits at that pace comes to nothing. */
const pagesPerMinute = 60;

/** Of the tracking page, by address. */
export const createTrackingLimit = ({ clock, sharedCounts }: Counting): Pick<RateLimit, 'count'> =>
  createRateLimit({
    name: 'tracking',
    requests: pagesPerMinute,
    isQuiet: true,
    windowMs: minuteMs,
    clock,
    sharedCounts,
  });

/** A token lasts an hour: a client that asks for more than one a second guesses, or forgets to keep it. */
const tokensPerMinute = 60;
/** Who mistypes a secret tries it again a few times. */
const wrongSecretsPerMinute = 10;

export interface TokenLimits {
  /** @throws Problem `RATE_LIMITED` */
  arrived(address: string, reply: FastifyReply): Promise<void>;
  /** Its credentials were not accepted. */
  refused(address: string): void;
}

/** Of the sandbox's token endpoint. */
export const createTokenLimits = ({ clock, sharedCounts }: Counting): TokenLimits => {
  const within = { windowMs: minuteMs, clock, sharedCounts };
  const tokens = createRateLimit({ name: 'token', requests: tokensPerMinute, ...within });
  const wrong = createRateLimit({ name: 'wrong-secret', requests: wrongSecretsPerMinute, isQuiet: true, ...within });
  return {
    arrived: async (address, reply) => {
      await wrong.count(address, reply, 0);
      await tokens.count(address, reply);
    },
    refused: wrong.note,
  };
};
