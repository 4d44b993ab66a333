/** What the variables say of access tokens: whether the issuer is asked about them, and whose must be bound to a holder. */
import { roles } from '../../domain/access/principal.ts';
import type { BoundTokens } from '../oidc/boundTokens.ts';
import { type IntrospectionClient, introspectedTokens } from '../oidc/introspection.ts';
import { ConfigError, type Env, list, readSecret, text } from './configValues.ts';

export interface TokenRulesConfig {
  /** Absent: the issuer is asked for its keys alone. */
  readonly introspection: IntrospectionClient | undefined;
  readonly boundTokens: BoundTokens;
}

const introspectionOf = (env: Env, oidcIssuer: string | null): IntrospectionClient | undefined => {
  const name = text(env, 'INTROSPECTION', 'off');
  const clientId = text(env, 'INTROSPECTION_CLIENT_ID', '');
  const clientSecret = readSecret(env, 'INTROSPECTION_CLIENT_SECRET');
  if (name === 'off') return undefined;
  const tokens = introspectedTokens.find((each) => each === name);
  if (tokens === undefined)
    throw new ConfigError(`INTROSPECTION must be one of off, ${introspectedTokens.join(', ')}.`);
  if (oidcIssuer === null)
    throw new ConfigError('INTROSPECTION needs OIDC_ISSUER: the sandbox issues signed tokens only.');
  if (clientId === '' || clientSecret === '') {
    throw new ConfigError(
      'INTROSPECTION_CLIENT_ID and INTROSPECTION_CLIENT_SECRET must be set: the issuer tells strangers nothing.',
    );
  }
  return { clientId, clientSecret, tokens };
};

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
export const readTokenRules = (env: Env, oidcIssuer: string | null): TokenRulesConfig => ({
  introspection: introspectionOf(env, oidcIssuer),
  boundTokens: boundTokensOf(env),
});
