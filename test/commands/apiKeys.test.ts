/** The key of a command is the same whoever carries it out and how often (R4.2). */
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { UseCases } from '../../src/commands/index.ts';
import { apiClientStream } from '../../src/domain/values.ts';
import { contextOf, openWorld, type World } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld({ engine: 'memory' });
});
afterEach(() => world.close());

const issuedAt = '2026-03-01T09:00:00.000Z';
const issue = (useCases: UseCases, command = 'issue 1', clientId = 'shop', at = issuedAt) =>
  useCases.issueApiKey({ clientId, expiresInDays: 90 }, at, contextOf(command));

const typesOf = async (clientId: string): Promise<readonly string[]> =>
  (await world.log.events()).flatMap(({ stream, type }) => (stream === apiClientStream(clientId) ? [type] : []));

describe('the command that issues a key', () => {
  it('tells the same key in another process, and records it once', async () => {
    const first = await issue(world.useCases);
    const again = await issue(world.newProcess());
    expect(again.key).toBe(first.key);
    expect(first.outcome).toMatchObject({ kind: 'recorded', state: { keys: [{ keyId: first.keyId }] } });
    expect(await typesOf('shop')).toEqual(['ApiKeyIssued']);
  });

  it('brings no key back that was revoked since', async () => {
    const { keyId } = await issue(world.useCases);
    const revoke = { clientId: 'shop', keyId };
    expect((await world.useCases.revokeApiKey(revoke, contextOf('revoke 1'))).kind).toBe('recorded');
    await issue(world.newProcess());
    expect((await world.newProcess().revokeApiKey(revoke, contextOf('revoke 2'))).kind).toBe('unchanged');
    expect(await typesOf('shop')).toEqual(['ApiKeyIssued', 'ApiKeyRevoked']);
  });

  it('tells another one for another command, another client, and once its key was forgotten', async () => {
    // Logs of their own, which do not know that the id of the command is taken; the pepper is the same.
    const inAnother = async (...how: readonly [clientId: string, at: string]) => {
      const other = await openWorld({ engine: 'memory' });
      onTestFinished(() => other.close());
      return issue(other.useCases, 'issue 1', ...how);
    };
    const first = await issue(world.useCases);
    expect((await inAnother('shop', issuedAt)).key).toBe(first.key);
    const made = [
      first,
      await issue(world.useCases, 'issue 2'),
      await inAnother('erp', issuedAt),
      await inAnother('shop', '2026-04-01T09:00:00.000Z'),
    ];
    expect(new Set(made.map(({ key }) => key)).size).toBe(made.length);
    expect(new Set(made.map(({ keyId }) => keyId)).size).toBe(made.length);
  });

  it('keeps nothing of the key', async () => {
    const { key } = await issue(world.useCases);
    const [, , secret = ''] = key.split('_');
    const written = JSON.stringify(await world.log.events(), (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(written).toContain('ApiKeyIssued');
    expect(written).not.toContain(secret.slice(0, 43));
    expect(written).not.toContain('slk_');
  });
});
