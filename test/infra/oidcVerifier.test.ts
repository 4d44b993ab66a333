import { describe, expect, it } from 'vitest';
import { TokenRefused, type TokenVerifier } from '../../src/commands/ports.ts';
import { rememberedMsMax } from '../../src/infra/oidc/verifiedTokens.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';
import { goodClaims, issuer, jwks, makeToken, startMs } from '../support/badTokens.ts';

const startSeconds = startMs / 1000;

const withClock = (): { verifier: TokenVerifier; advance: (ms: number) => void } => {
  let now = startMs;
  const verifier = createTokenVerifier({ issuer, audience: 'stockledger', jwks, nowMs: () => now });
  return {
    verifier,
    advance: (ms) => {
      now += ms;
    },
  };
};

describe('a good access token', () => {
  it('says who asks and what they may (R4.3)', async () => {
    const claims = { partnerId: 'p1', customerId: 'c1', acr: 'phr', amr: ['hwk'], auth_time: startSeconds - 10 };
    expect(await withClock().verifier.verify(await makeToken({ claims }))).toEqual({
      subject: 'u-1',
      kind: 'person',
      client: 'console',
      roles: ['warehouse_staff'],
      scopes: ['inventory:read', 'inventory:write'],
      warehouses: ['BER'],
      issuedAt: startSeconds,
      partnerId: 'p1',
      customerId: 'c1',
      acr: 'phr',
      amr: ['hwk'],
      authTime: startSeconds - 10,
    });
  });

  it('without any claim of ours is somebody who may nothing (R4.3)', async () => {
    const claims = { roles: undefined, scope: undefined, warehouses: undefined };
    expect(await withClock().verifier.verify(await makeToken({ claims }))).toEqual({
      subject: 'u-1',
      kind: 'person',
      client: 'console',
      roles: [],
      scopes: [],
      warehouses: [],
      issuedAt: startSeconds,
    });
  });

  it('of a client that acts for itself is told from one of a person', async () => {
    const principal = await withClock().verifier.verify(await makeToken({ claims: { sub: 'console' } }));
    expect(principal.kind).toBe('client');
  });

  it('gains nothing from roles and scopes that we do not know, nor from naming one twice (R4.3)', async () => {
    const claims = { roles: ['root', 'auditor', 'auditor', 'Admin'], scope: 'audit:read everything  audit:read' };
    const principal = await withClock().verifier.verify(await makeToken({ claims }));
    expect([principal.roles, principal.scopes]).toEqual([['auditor'], ['audit:read']]);
  });

  it('may be meant for others too', async () => {
    const token = await makeToken({ claims: { aud: ['other', 'stockledger'] } });
    await expect(withClock().verifier.verify(token)).resolves.toBeDefined();
  });

  it('is forgiven a clock that is a few seconds off', async () => {
    const claims = { iat: startSeconds + 4, nbf: startSeconds + 4 };
    await expect(withClock().verifier.verify(await makeToken({ claims }))).resolves.toBeDefined();
  });
});

describe('a token that was found good', () => {
  it('is not checked again while it is remembered', async () => {
    const { verifier, advance } = withClock();
    const token = await makeToken();
    const first = await verifier.verify(token);
    advance(rememberedMsMax - 1);
    expect(await verifier.verify(token)).toBe(first);
    advance(1);
    const anew = await verifier.verify(token);
    expect(anew).not.toBe(first);
    expect(anew).toEqual(first);
  });

  it('is refused after its end although it was remembered (R7.2)', async () => {
    const { verifier, advance } = withClock();
    const token = await makeToken({ claims: { exp: startSeconds + 20 } });
    await verifier.verify(token);
    advance(19_999);
    await verifier.verify(token);
    advance(6_000);
    await expect(verifier.verify(token)).rejects.toThrow('The token has expired.');
  });

  it('vouches for no other spelling of itself (16)', async () => {
    const { verifier } = withClock();
    const token = await makeToken();
    await verifier.verify(token);
    for (const other of [`${token}=`, `${token}==`, `${token}\n`, token.replaceAll('.', '=.')]) {
      await expect(verifier.verify(other), other.slice(-4)).rejects.toBeInstanceOf(TokenRefused);
    }
    await expect(verifier.verify(token)).resolves.toBeDefined();
  });

  it('lends its principal to nobody else: one changed letter is another token', async () => {
    const { verifier } = withClock();
    const token = await makeToken();
    await verifier.verify(token);
    const payload = Buffer.from(JSON.stringify({ ...goodClaims, sub: 'u-2' })).toString('base64url');
    const other = token.replace(/\.[^.]+\./, `.${payload}.`);
    await expect(verifier.verify(other)).rejects.toBeInstanceOf(TokenRefused);
  });

  it('gives a principal that no request can change for the next', async () => {
    const principal = await withClock().verifier.verify(await makeToken());
    const parts = [principal, principal.roles, principal.scopes, principal.warehouses];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  });
});
