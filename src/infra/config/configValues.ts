/**
 * How a variable of the environment is read, and those that say who can reach the service and on whose word
 * (docs/operations.md).
 */
import { existsSync, readFileSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import { OperatorError } from '../../commands/ports.ts';

export class ConfigError extends OperatorError {
  override readonly name = 'ConfigError';
}

export type Env = Readonly<Record<string, string | undefined>>;

export const text = (env: Env, name: string, fallback: string): string => {
  const value = env[name];
  return value === undefined || value === '' ? fallback : value;
};

export const integer = (
  env: Env,
  name: string,
  { fallback, min, max }: { fallback: number; min: number; max: number },
): number => {
  const value = Number(text(env, name, String(fallback)));
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ConfigError(`${name} must be a whole number from ${min} to ${max}.`);
};

export const list = (env: Env, name: string, fallback: string): readonly string[] =>
  text(env, name, fallback)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

export const url = (name: string, value: string): string => {
  if (!URL.canParse(value)) throw new ConfigError(`${name} must be a URL.`);
  return value.replace(/\/$/, '');
};

/** From the variable, or from the file that `…_FILE` names, as container secrets come. Empty when neither is set. */
export const readSecret = (env: Env, name: string): string => {
  const file = text(env, `${name}_FILE`, '');
  if (file === '') return text(env, name, '');
  if (!existsSync(file)) throw new ConfigError(`${name}_FILE names no file.`);
  return readFileSync(file, 'utf8').trim();
};

/** Closed unless a variable opens it. */
export interface Doors {
  readonly host: string;
  /** `null`: the sandbox issuer in this process, whose secrets are public. */
  readonly oidcIssuer: string | null;
  /** `null`: plain HTTP. */
  readonly tls: {
    readonly certFile: string;
    readonly keyFile: string;
    /** Whose certificates clients may show; absent: they are asked for none. */
    readonly clientCaFile?: string;
  } | null;
  readonly requestsPerMinute: number;
  /** Addresses and networks of the proxies whose `X-Forwarded-For` and `X-Client-Certificate` are believed. */
  readonly trustedProxies: readonly string[];
  /** In which one of them names the country of a caller; `null`: none does. In lower case. */
  readonly countryHeader: string | null;
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

/** RFC 9110 §5.1. */
const headerName = /^[a-z0-9-]{1,64}$/;

const countryHeaderOf = (env: Env): string | null => {
  const name = text(env, 'COUNTRY_HEADER', '').toLowerCase();
  if (name === '') return null;
  if (!headerName.test(name)) throw new ConfigError('COUNTRY_HEADER must be the name of a header field.');
  if (text(env, 'TRUSTED_PROXIES', '') === '') {
    throw new ConfigError('COUNTRY_HEADER needs TRUSTED_PROXIES: anybody else could name any country.');
  }
  return name;
};

const tlsOf = (env: Env): Doors['tls'] => {
  const [certFile, keyFile] = [text(env, 'TLS_CERT_FILE', ''), text(env, 'TLS_KEY_FILE', '')];
  const clientCaFile = text(env, 'TLS_CLIENT_CA_FILE', '');
  if ((certFile === '') !== (keyFile === '')) {
    throw new ConfigError('TLS_CERT_FILE and TLS_KEY_FILE: both, or none of them.');
  }
  if (certFile === '' && clientCaFile !== '') {
    throw new ConfigError('TLS_CLIENT_CA_FILE needs TLS_CERT_FILE and TLS_KEY_FILE: certificates are shown over TLS.');
  }
  if (certFile === '') return null;
  return { certFile, keyFile, ...(clientCaFile === '' ? {} : { clientCaFile }) };
};

/**
 * What may be as it is on a machine to try things: in the clear, or under secrets that everybody knows. Elsewhere, nothing
 * that a person has not named.
 */
const overrides = ['http', 'engines', 'secrets'] as const;
export type Override = (typeof overrides)[number];

export const mayBeInsecure = (env: Env, what: Override): boolean => {
  const named = list(env, 'ALLOW_INSECURE', '');
  if (!named.every((each) => overrides.some((known) => known === each))) {
    throw new ConfigError(`ALLOW_INSECURE must be some of ${overrides.join(', ')}, with commas between them.`);
  }
  // Who turns the sandbox on says as much.
  const isTrial = placesToTry.includes(text(env, 'NODE_ENV', '')) || text(env, 'SANDBOX', '') === 'on';
  return isTrial || named.includes(what);
};

/** @throws ConfigError */
export const readDoors = (env: Env): Doors => {
  const oidcIssuer = issuerOf(env);
  const host = text(env, 'HOST', oidcIssuer === null ? '127.0.0.1' : '0.0.0.0');
  const tls = tlsOf(env);
  if (!mayBeInsecure(env, 'http') && tls === null && !isLoopback(host)) {
    throw new ConfigError(
      `TLS_CERT_FILE and TLS_KEY_FILE must be set: ${host} is reached from other machines, and tokens would be sent in ` +
        'the clear. Where a proxy on a network of its own ends TLS, set ALLOW_INSECURE=http.',
    );
  }
  return {
    host,
    tls,
    oidcIssuer,
    requestsPerMinute: integer(env, 'RATE_LIMIT_PER_MINUTE', { fallback: 6_000, min: 1, max: 100_000_000 }),
    trustedProxies: trustedProxiesOf(env),
    countryHeader: countryHeaderOf(env),
  };
};

/** Is the address one that only this machine reaches? */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');
