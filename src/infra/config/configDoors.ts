/** Who can reach the service and on whose word: address, issuer, limits. Closed unless a variable opens it (API.md "Running"). */
import ipaddr from 'ipaddr.js';
import { ConfigError, type Env, integer, list, text, url } from './configValues.ts';

export interface Doors {
  readonly host: string;
  /** `null`: the sandbox issuer in this process, whose secrets are public. */
  readonly oidcIssuer: string | null;
  readonly requestsPerMinute: number;
  /** Addresses and networks of the proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
}

/** To the letter: a spelling that is not known is more likely a real place than a playground. */
const placesToTry: readonly string[] = ['', 'development', 'test'];

const issuerOf = (env: Env): string | null => {
  const issuer = text(env, 'OIDC_ISSUER', '');
  const sandbox = text(env, 'SANDBOX', '');
  if (!['', 'on', 'off'].includes(sandbox)) throw new ConfigError('SANDBOX must be on or off.');
  if (issuer !== '') {
    if (sandbox === 'on') throw new ConfigError('SANDBOX=on and OIDC_ISSUER are both set: leave one of them out.');
    return url('OIDC_ISSUER', issuer);
  }
  if (sandbox === 'on') return null;
  if (sandbox === '' && placesToTry.includes(text(env, 'NODE_ENV', ''))) return null;
  throw new ConfigError(
    'OIDC_ISSUER must be set: the sandbox identity is open to everyone. It starts with NODE_ENV unset, development or ' +
      'test, or with SANDBOX=on.',
  );
};

const isNetwork = (value: string): boolean => {
  if (!value.includes('/')) return ipaddr.isValid(value) && !/^\d+$/.test(value);
  // A network of prefix 0 is every address there is.
  return ipaddr.isValidCIDR(value) && ipaddr.parseCIDR(value)[1] > 0;
};

const trustedProxiesOf = (env: Env): readonly string[] => {
  const networks = list(env, 'TRUSTED_PROXIES', '');
  if (networks.every(isNetwork)) return networks;
  throw new ConfigError(
    'TRUSTED_PROXIES must be addresses or networks of proxies, with commas between them, such as 10.0.0.0/8,::1. ' +
      'A number of proxies would believe any peer.',
  );
};

/** @throws ConfigError */
export const readDoors = (env: Env): Doors => {
  const oidcIssuer = issuerOf(env);
  return {
    host: text(env, 'HOST', oidcIssuer === null ? '127.0.0.1' : '0.0.0.0'),
    oidcIssuer,
    requestsPerMinute: integer(env, 'RATE_LIMIT_PER_MINUTE', { fallback: 6_000, min: 1, max: 100_000_000 }),
    trustedProxies: trustedProxiesOf(env),
  };
};

/** Is the address one that only this machine reaches? */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');
