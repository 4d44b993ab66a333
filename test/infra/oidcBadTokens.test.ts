import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenRefused } from '../../src/commands/ports.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';
import { badTokens, issuer, jwks, makeToken, startMs } from '../support/badTokens.ts';

const refusalOf = async (token: string): Promise<TokenRefused> => {
  // A new verifier each time: nothing is remembered from one token to the next.
  const verifier = createTokenVerifier({ issuer, audience: 'stockledger', jwks, nowMs: () => startMs });
  const outcome: unknown = await verifier.verify(token).catch((error: unknown) => error);
  if (outcome instanceof TokenRefused) return outcome;
  throw new Error('not refused as a token', { cause: outcome });
};

describe('a bad access token is refused', () => {
  it.each(badTokens)('when it is one %s (R4.1, R7.2)', async (_what, make, reason) => {
    const token = await make();
    const { message } = await refusalOf(token);
    expect(message).toMatch(reason);
    // Safe to show: short, and none of what was sent comes back.
    expect(message.length).toBeLessThan(120);
    expect(message).not.toContain('evil');
  });

  it('whichever letters of a good one are changed, and never with another error (R7.2)', async () => {
    const good = await makeToken();
    const alphabet = fc.constantFrom('a', 'z', 'B', 'Y', '0', '9', '-', '_', '.', '=', '+', '/', '{', '\u0000', 'é');
    const changes = fc.array(fc.tuple(fc.nat(good.length - 1), alphabet), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const changed = list.reduce((text, [at, letter]) => text.slice(0, at) + letter + text.slice(at + 1), good);
        fc.pre(changed !== good);
        await refusalOf(changed);
      }),
      { numRuns: 300 },
    );
  });
});
