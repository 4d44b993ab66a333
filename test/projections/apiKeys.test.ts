import { describe, expect, it } from 'vitest';
import type { ApiKeyEvent, ApiKeyIssued } from '../../src/domain/apiKey/events.ts';
import { apiClientStream } from '../../src/domain/values.ts';
import { type Recorded, untyped } from '../../src/eventsourcing/projecting/projection.ts';
import { createApiKeyUses } from '../../src/projections/apiKeys/lastUses.ts';
import { type ApiKeyDocument, apiKeys, createApiKeyQueries } from '../../src/projections/apiKeys/projection.ts';
import { projectionSpec } from './projectionSpec.ts';
import { logOf, projected, timeAt } from './stockLog.ts';

const issued = (keyId: string, clientId = 'shop', second = 0): ApiKeyIssued => ({
  type: 'ApiKeyIssued',
  data: { clientId, keyId, digest: 'd', issuedAt: timeAt(second), expiresAt: '2026-05-30T09:00:00.000Z' },
});
const revoked = (keyId: string): ApiKeyEvent => ({ type: 'ApiKeyRevoked', data: { clientId: 'shop', keyId } });

projectionSpec<ApiKeyDocument, ApiKeyEvent>(apiKeys, logOf, {
  ApiKeyIssued: [
    { title: 'it is listed with what is known of it', events: [issued('a')], document: issued('a').data },
    { title: 'leaves the other one as it is', events: [issued('a'), issued('b')], document: issued('b').data },
  ],
  ApiKeyRevoked: [
    {
      title: 'it stays, with the time',
      events: [issued('a'), issued('b'), revoked('a')],
      document: { ...issued('a').data, revokedAt: timeAt(2) },
    },
  ],
});

describe('the keys', () => {
  it('are listed of a client or of all, the newest first', async () => {
    const log = logOf(issued('a', 'shop', 1), issued('b', 'erp', 2), issued('c', 'shop', 3));
    const queries = createApiKeyQueries(await projected(apiKeys, log), () => apiKeys.name);
    const idsOf = async (clientId?: string): Promise<readonly string[]> =>
      (await queries.list({ limit: 5, ...(clientId === undefined ? {} : { clientId }) })).items.map(
        ({ keyId }) => keyId,
      );
    expect(await idsOf()).toEqual(['c', 'b', 'a']);
    expect(await idsOf('shop')).toEqual(['c', 'a']);
    expect(await idsOf('nobody')).toEqual([]);
  });

  it('are found one by one in the stream of their client', () => {
    const log: readonly Recorded<ApiKeyEvent>[] = logOf<ApiKeyEvent>(issued('a'), issued('b'), revoked('a'));
    expect(new Set(log.map(({ stream }) => stream))).toEqual(new Set([apiClientStream('shop')]));
    expect(untyped(apiKeys).applyAll(null, log, 'a')).toMatchObject({ keyId: 'a', revokedAt: timeAt(2) });
    expect(untyped(apiKeys).applyAll(null, log, 'b')).toEqual(issued('b').data);
    expect(untyped(apiKeys).applyAll(null, log, 'c')).toBeNull();
  });
});

describe('the last use of a key', () => {
  it('is the latest that was noted, by whichever process', async () => {
    const documents = await projected(apiKeys, []);
    const [one, other] = [createApiKeyUses(documents), createApiKeyUses(documents)];
    await one.prepare();
    await other.prepare();
    await one.note('a', timeAt(10));
    await other.note('a', timeAt(20));
    await one.note('a', timeAt(15));
    expect(await one.of(['a', 'b'])).toEqual(new Map([['a', timeAt(20)]]));
  });
});
