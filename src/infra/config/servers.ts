/** The three servers of the clustered form: where they are, and whether it is safe to go there (R17, R20.2). */
import { ConfigError, type Env, mayBeInsecure, readSecret } from './configValues.ts';

/** Connection strings, with their credentials: never logged. */
export interface Servers {
  readonly eventStoreUrl: string;
  readonly mongodbUrl: string;
  readonly redisUrl: string;
  /** 32 bytes, the same for every process. */
  readonly keyEncryptionKey: Uint8Array;
}

/** The schemes of a connection string; what else is in it, its own driver checks. */
const schemes = {
  EVENTSTORE_URL: /^esdb(\+discover)?:\/\//,
  MONGODB_URL: /^mongodb(\+srv)?:\/\//,
  REDIS_URL: /^rediss?:\/\//,
} as const;

/** What a connection string says when it encrypts. EventStoreDB does unless it is told not to. */
const encrypts: { readonly [Name in keyof typeof schemes]: (url: string) => boolean } = {
  EVENTSTORE_URL: (url) => !/[?&]tls=false(&|$)/i.test(url),
  MONGODB_URL: (url) =>
    /^mongodb\+srv:/.test(url) ? !/[?&](tls|ssl)=false/i.test(url) : /[?&](tls|ssl)=true/i.test(url),
  REDIS_URL: (url) => url.startsWith('rediss:'),
};

const requireEncrypted = (
  env: Env,
  urls: readonly { readonly name: keyof typeof schemes; readonly value: string }[],
): void => {
  if (mayBeInsecure(env, 'engines')) return;
  for (const { name, value } of urls) {
    if (!encrypts[name](value)) {
      throw new ConfigError(`${name} does not encrypt. On a network of its own, set ALLOW_INSECURE=engines.`);
    }
  }
};

/** What servers are shipped with, and what their guides write in examples. */
const knownSecrets: ReadonlySet<string> = new Set([
  '',
  'admin',
  'changeit',
  'changeme',
  'default',
  'example',
  'foobared',
  'guest',
  'mongo',
  'mongodb',
  'ops',
  'password',
  'redis',
  'root',
  'secret',
  'stockledger',
  'test',
]);

/** `user:password@` of a connection string; a driver URL may name several hosts, which `URL` does not read. */
const passwordOf = (value: string): string | null => {
  const [, password] = /^[a-z+]+:\/\/[^/?#@:]*:([^/?#@]*)@/i.exec(value) ?? [];
  return password ?? null;
};

const requireOwnSecrets = (env: Env, urls: readonly { readonly name: string; readonly value: string }[]): void => {
  if (mayBeInsecure(env, 'secrets')) return;
  for (const { name, value } of urls) {
    const password = passwordOf(value);
    if (password !== null && knownSecrets.has(password.toLowerCase())) {
      throw new ConfigError(
        `${name} has a password that everybody knows. To use it all the same, set ALLOW_INSECURE=secrets.`,
      );
    }
  }
};

/** All three or none: half a cluster would be an embedded service that loses what it is told. */
export const serversOf = (env: Env, keyEncryptionKey: Uint8Array | undefined): Servers | null => {
  const names = Object.keys(schemes) as readonly (keyof typeof schemes)[];
  const urls = names.map((name) => ({ name, value: readSecret(env, name) }));
  const [set, missing] = [urls.filter(({ value }) => value !== ''), urls.filter(({ value }) => value === '')];
  if (set.length === 0) return null;
  if (missing.length > 0) {
    const namesOf = (some: typeof urls): string => some.map(({ name }) => name).join(' and ');
    throw new ConfigError(`${namesOf(set)} set, but not ${namesOf(missing)}: all three servers, or none.`);
  }
  for (const { name, value } of urls) {
    if (!schemes[name].test(value)) throw new ConfigError(`${name} is not a connection string of its kind.`);
  }
  requireEncrypted(env, urls);
  requireOwnSecrets(env, urls);
  if (keyEncryptionKey === undefined) {
    throw new ConfigError('KEY_ENCRYPTION_KEY must be set beside the servers: every process needs the same one.');
  }
  const [eventStoreUrl = '', mongodbUrl = '', redisUrl = ''] = urls.map(({ value }) => value);
  return { eventStoreUrl, mongodbUrl, redisUrl, keyEncryptionKey };
};
