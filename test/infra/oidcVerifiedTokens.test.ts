import { describe, expect, it } from 'vitest';
import { createVerifiedTokens, rememberedMsMax, type VerifiedToken } from '../../src/infra/oidc/verifiedTokens.ts';

const tokenOf = (subject: string): VerifiedToken => ({
  principal: { subject, kind: 'person', client: 'console', roles: [], scopes: [], warehouses: [] },
  confirmation: { key: subject },
});

const hourMs = 3_600_000;

describe('the memory of verified tokens', () => {
  it('holds no more than its bound and lets go of the one not used for longest', () => {
    const tokens = createVerifiedTokens(2);
    tokens.remember('a', tokenOf('a'), hourMs, 0);
    tokens.remember('b', tokenOf('b'), hourMs, 0);
    tokens.find('a', 1);
    tokens.remember('c', tokenOf('c'), hourMs, 2);
    expect(['a', 'b', 'c'].map((key) => tokens.find(key, 3)?.principal.subject)).toEqual(['a', undefined, 'c']);
    expect(tokens.size()).toBe(2);
  });

  it('holds what a token is bound to beside whose it is', () => {
    const tokens = createVerifiedTokens();
    tokens.remember('a', tokenOf('a'), hourMs, 0);
    expect(tokens.find('a', 1)).toMatchObject(tokenOf('a'));
  });

  it('counts a token once, however often it is remembered', () => {
    const tokens = createVerifiedTokens(2);
    for (let i = 0; i < 5; i += 1) tokens.remember('a', tokenOf('a'), hourMs, i);
    expect(tokens.size()).toBe(1);
  });

  it('forgets at the end of the token, or after its own limit if that comes first', () => {
    const tokens = createVerifiedTokens();
    tokens.remember('short', tokenOf('short'), 1_000, 0);
    tokens.remember('long', tokenOf('long'), hourMs, 0);
    expect([tokens.find('short', 999)?.principal.subject, tokens.find('short', 1_000)]).toEqual(['short', undefined]);
    expect(tokens.find('long', rememberedMsMax - 1)?.principal.subject).toBe('long');
    expect(tokens.find('long', rememberedMsMax)).toBeUndefined();
    expect(tokens.size()).toBe(0);
  });

  it('does not take in what has ended already', () => {
    const tokens = createVerifiedTokens();
    tokens.remember('a', tokenOf('a'), 10, 10);
    expect(tokens.size()).toBe(0);
  });
});
