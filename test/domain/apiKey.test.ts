import { describe, expect, it } from 'vitest';
import {
  type ApiKeyCommand,
  type ApiKeyRefusal,
  apiKeyDecider,
  heldKeysMax,
  keyDaysMax,
  liveKeysMax,
} from '../../src/domain/apiKey/decider.ts';
import type { ApiKeyEvent, ApiKeyIssued } from '../../src/domain/apiKey/events.ts';
import { apiClientStream, unescapeName } from '../../src/domain/values.ts';
import { given, type RefusalTests } from '../support/deciderSpec.ts';

const clientId = 'shop';
const day = (number: number): string => new Date(Date.UTC(2026, 0, 1 + number)).toISOString();

/** Issued on the day of this number. */
const issue = (keyId: string, on: number, expiresInDays = 90): ApiKeyCommand => ({
  type: 'IssueApiKey',
  clientId,
  keyId,
  digest: `digest-of-${keyId}`,
  name: 'Stock sync',
  requestsPerMinute: 60,
  issuedAt: day(on),
  expiresInDays,
});
const issued = (keyId: string, on: number, days = 90): ApiKeyIssued => ({
  type: 'ApiKeyIssued',
  data: {
    clientId,
    keyId,
    digest: `digest-of-${keyId}`,
    name: 'Stock sync',
    requestsPerMinute: 60,
    issuedAt: day(on),
    expiresAt: day(on + days),
  },
});
const revoke = (keyId: string): ApiKeyCommand => ({ type: 'RevokeApiKey', clientId, keyId });
const revoked = (keyId: string): ApiKeyEvent => ({ type: 'ApiKeyRevoked', data: { clientId, keyId } });

describe('an API key (R4.2)', () => {
  it('is issued for some days', () =>
    given(apiKeyDecider)
      .when(issue('a', 0, 7))
      .thenRecords(issued('a', 0, 7)));
  it('lasts no longer than a year, whatever is asked for', () =>
    given(apiKeyDecider)
      .when(issue('a', 0, 10_000))
      .thenRecords(issued('a', 0, keyDaysMax)));
  it('has a successor while it is live, and no third', () => {
    given(apiKeyDecider, issued('a', 0)).when(issue('b', 1)).thenRecords(issued('b', 1));
    expect(liveKeysMax).toBe(2);
  });
  it('makes room when it is revoked', () =>
    given(apiKeyDecider, issued('a', 0), issued('b', 1), revoked('a')).when(issue('c', 2)).thenRecords(issued('c', 2)));
  it('makes room when it has expired, at that very moment', () => {
    const rotated = given(apiKeyDecider, issued('a', 0, 7), issued('b', 1));
    rotated.when(issue('c', 6)).thenRefused('TOO_MANY_API_KEYS');
    rotated.when(issue('c', 7)).thenRecords(issued('c', 7));
  });
  it('is revoked, and again nothing happens', () => {
    given(apiKeyDecider, issued('a', 0), issued('b', 1)).when(revoke('a')).thenRecords(revoked('a'));
    given(apiKeyDecider, issued('a', 0), revoked('a')).when(revoke('a')).thenNothing();
  });
  it('that nobody knows is not revoked', () => given(apiKeyDecider).when(revoke('a')).thenNothing());
  it('stays revoked when the command that issued it comes once more', () =>
    given(apiKeyDecider, issued('a', 0), revoked('a')).when(issue('a', 0)).thenNothing());
  it('weighs more than none, and is forgotten when the next is issued after its end', () => {
    const { initialState, evolve, weigh } = apiKeyDecider;
    const one = evolve(initialState, issued('a', 0, 7));
    expect(weigh(one)).toBeGreaterThan(weigh(initialState));
    expect(evolve(one, issued('b', 8)).keys.map(({ keyId }) => keyId)).toEqual(['b']);
  });
});

const refusals: RefusalTests<ApiKeyRefusal> = {
  TOO_MANY_API_KEYS: () => {
    given(apiKeyDecider, issued('a', 0), issued('b', 0)).when(issue('c', 1)).thenRefused('TOO_MANY_API_KEYS');
    const history = Array.from({ length: heldKeysMax }, (_, at) => [issued(`k${at}`, 0), revoked(`k${at}`)]).flat();
    given(apiKeyDecider, ...history)
      .when(issue('c', 1))
      .thenRefused('TOO_MANY_API_KEYS');
    given(apiKeyDecider, ...history)
      .when(issue('c', 90))
      .thenRecords(issued('c', 90));
  },
};

describe('every refusal of a key', () => {
  it.each(Object.entries(refusals))('%s', (_code, provoke) => {
    provoke();
  });
});

it('the stream of a client is named after it, whatever its id holds', () => {
  const id = "https://shop.example/~app?x=1-2&y='%";
  expect(apiClientStream('shop')).toBe('apiclient-shop');
  expect(apiClientStream(id)).toMatch(/^apiclient-[A-Za-z0-9._~-]+$/);
  expect(unescapeName(apiClientStream(id).slice('apiclient-'.length))).toBe(id);
});
