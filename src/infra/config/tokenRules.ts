/** What the variables say of access tokens: whose must be bound to a holder. */
import { roles } from '../../domain/access/principal.ts';
import type { BoundTokens } from '../oidc/boundTokens.ts';
import { ConfigError, type Env, list } from './configValues.ts';

export interface TokenRulesConfig {
  readonly boundTokens: BoundTokens;
}

/** With the kind in front, as a client may have the name of a role. */
const boundTokensOf = (env: Env): BoundTokens => {
  const names = list(env, 'BOUND_TOKENS', '');
  const after = (kind: string): readonly string[] =>
    names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length));
  const clients = after('client:');
  const named = after('role:');
  const known = roles.filter((role) => named.includes(role));
  if (clients.includes('') || clients.length + named.length < names.length || known.length < named.length) {
    throw new ConfigError(
      `BOUND_TOKENS must be client:NAME or role:NAME, with commas between them; roles are ${roles.join(', ')}.`,
    );
  }
  return { clients, roles: known };
};

/** @throws ConfigError */
export const readTokenRules = (env: Env): TokenRulesConfig => ({
  boundTokens: boundTokensOf(env),
});
