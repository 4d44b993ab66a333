/** Tokens that only their holder may send: whose they must be, and whether the sender is the holder. */
import { TokenRefused, type TokenSender } from '../../commands/ports.ts';
import type { Principal, Role } from '../../domain/access/principal.ts';
import { createProofCheck, type UsedProofs } from './dpopProofs.ts';
import type { VerifiedToken } from './verifiedTokens.ts';

/** Whose tokens must be bound to a key or a certificate. */
export interface BoundTokens {
  readonly clients: readonly string[];
  readonly roles: readonly Role[];
}

const mustBeBound = ({ clients, roles }: BoundTokens, principal: Principal): boolean =>
  clients.includes(principal.client) || roles.some((role) => principal.roles.includes(role));

/** @throws TokenRefused for a token that anybody could send, where its client must not have such. */
export const requireBound = (bound: BoundTokens, { principal, confirmation }: VerifiedToken): void => {
  if (confirmation !== null || !mustBeBound(bound, principal)) return;
  throw new TokenRefused(
    'Tokens of this client or role must be bound to a key or a certificate: this one has no "cnf".',
    {
      scheme: 'DPoP',
    },
  );
};

interface HolderCheckOptions {
  readonly nowMs: () => number;
  readonly used: UsedProofs;
}

/** @throws TokenRefused when the sender has not shown what the token is bound to. */
export const createHolderCheck = (options: HolderCheckOptions) => {
  const checkProof = createProofCheck(options);
  return async (
    { confirmation, principal }: VerifiedToken,
    sender: TokenSender,
    tokenDigest: string,
  ): Promise<void> => {
    const { key, certificate } = confirmation ?? {};
    if (key === undefined && sender.scheme === 'DPoP') {
      throw new TokenRefused('The token is bound to no key ("cnf" has no "jkt"): send it as Bearer.');
    }
    // RFC 9449 §7.2: otherwise a thief would send it so.
    if (key !== undefined && sender.scheme === 'Bearer') {
      throw new TokenRefused('The token is bound to a key: send it as DPoP, with a proof.', { scheme: 'DPoP' });
    }
    const shown = sender.shown();
    if (certificate !== undefined && shown.certificate !== certificate) {
      throw new TokenRefused('The token is bound to a certificate that this connection has not shown.');
    }
    const holder = `${principal.client} ${principal.subject}`;
    if (key !== undefined) await checkProof(shown, { holder, key, tokenDigest });
  };
};
