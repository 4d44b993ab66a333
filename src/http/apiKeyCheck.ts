/** The API key beside a token (R4.2): it says which program of the client asks, and how often it may. It opens nothing. */
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { type ApiKeyTexts, apiKeyPrefix } from '../commands/ports.ts';
import { type Clock, failureFacts } from '../eventsourcing/ports.ts';
import type { ApiKeyUses } from '../projections/apiKeys/lastUses.ts';
import type { ApiKeyDocument, ApiKeyQueries } from '../projections/apiKeys/projection.ts';
import { challenge } from './access.ts';
import { text } from './input/headers.ts';
import { Problem } from './problems/problem.ts';
import { createKeyLimit } from './rateLimits.ts';
import type { SharedCounts } from './slidingWindow.ts';

export const apiKeyHeader = 'x-api-key';

/** How long a key goes on after it was revoked. */
const knownMs = 10_000;
/** Some 5 MB. */
const knownMax = 10_000;
/** A use is told with this precision: a write for each would cost more than the request. */
const noteEveryMs = 60_000;

interface ApiKeyPorts {
  readonly apiKeyTexts: ApiKeyTexts;
  readonly apiKeys: { readonly queries: ApiKeyQueries; readonly uses: ApiKeyUses };
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  readonly sharedCounts?: SharedCounts;
  readonly settings: { readonly requestsPerMinute: number };
}

/** Counts the request against the quota of the key. @throws Problem `RATE_LIMITED` */
export type CountKey = (reply: FastifyReply, cost: number) => Promise<void> | null;

/**
 * @param client of the token that came with it.
 * @returns `null` where the header holds no key of ours: gateways have keys of their own under this name, and pass them on.
 * @throws Problem `API_KEY_NOT_VALID`, with the same words whatever is wrong
 */
type CheckApiKey = (request: FastifyRequest, client: string) => Promise<CountKey | null>;

export const createApiKeyCheck = (ports: ApiKeyPorts): CheckApiKey => {
  const { apiKeyTexts, apiKeys, clock, logger } = ports;
  const limit = createKeyLimit(ports.settings.requestsPerMinute, ports);
  /** Only those that were good: what is wrong is looked up each time, and costs its address some of what it may. */
  const known = new LRUCache<string, { readonly key: ApiKeyDocument; readonly untilMs: number }>({ max: knownMax });
  const notedMs = new LRUCache<string, number>({ max: knownMax });

  const note = (keyId: string, now: string): void => {
    const nowMs = Date.parse(now);
    if (nowMs - (notedMs.get(keyId) ?? Number.NEGATIVE_INFINITY) < noteEveryMs) return;
    notedMs.set(keyId, nowMs);
    apiKeys.uses.note(keyId, now).catch((error: unknown) => logger.warn(failureFacts(error), 'use of a key not noted'));
  };

  const check = async (sent: string, client: string): Promise<CountKey> => {
    const keyId = apiKeyTexts.keyIdOf(sent);
    const now = clock.now();
    const nowMs = Date.parse(now);
    const held = keyId === null ? undefined : known.get(keyId);
    const isHeld = held !== undefined && nowMs < held.untilMs;
    const key = isHeld ? held.key : keyId === null ? null : await apiKeys.queries.get(keyId, client);
    const isLive = key !== null && key.revokedAt === undefined && key.expiresAt > now;
    if (!isLive || key.clientId !== client || !apiKeyTexts.matches(sent, key.digest)) {
      throw new Problem('API_KEY_NOT_VALID', 'Send a live key of the client that the token was given to, or none.', {
        headers: challenge('Bearer realm="stockledger"').headers,
      });
    }
    if (!isHeld) known.set(key.keyId, { key, untilMs: nowMs + knownMs });
    note(key.keyId, now);
    return (reply, cost) => limit(key, reply, cost);
  };

  return async (request, client) => {
    const sent = text(request, apiKeyHeader) ?? '';
    return sent.startsWith(apiKeyPrefix) ? check(sent, client) : null;
  };
};
