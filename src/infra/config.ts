/** The environment, read once and checked at boot: a wrong value stops the service before it does anything. */
import { existsSync, readFileSync } from 'node:fs';

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly publicUrl: string;
  /** `null`: the sandbox issuer in this process. */
  readonly oidcIssuer: string | null;
  readonly audience: string;
  readonly sandboxWarehouses: readonly string[];
  readonly webhookAllowedTargets: readonly string[];
  /** 32 bytes; absent: made and kept in the data directory. */
  readonly keyEncryptionKey: Uint8Array | undefined;
  /** Absent: in the data directory. */
  readonly erasuresFile: string | undefined;
  readonly logLevel: string;
  readonly requestsPerMinute: number;
  readonly trustedProxies: number;
  readonly stateCacheBytesMax: number;
  readonly orderReservationMs: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const mebibyte = 1_048_576;
const dayMs = 24 * 3_600_000;
const keyBytes = 32;

const text = (env: Env, name: string, fallback: string): string => {
  const value = env[name];
  return value === undefined || value === '' ? fallback : value;
};

const integer = (
  env: Env,
  name: string,
  { fallback, min, max }: { fallback: number; min: number; max: number },
): number => {
  const value = Number(text(env, name, String(fallback)));
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ConfigError(`${name} must be a whole number from ${min} to ${max}.`);
};

const list = (env: Env, name: string, fallback: string): readonly string[] =>
  text(env, name, fallback)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const url = (name: string, value: string): string => {
  if (!URL.canParse(value)) throw new ConfigError(`${name} must be a URL.`);
  return value.replace(/\/$/, '');
};

/** From the variable, or from the file that `…_FILE` names, as container secrets come. */
const keyOf = (env: Env): Uint8Array | undefined => {
  const file = env.KEY_ENCRYPTION_KEY_FILE;
  if (file !== undefined && file !== '' && !existsSync(file)) {
    throw new ConfigError('KEY_ENCRYPTION_KEY_FILE names no file.');
  }
  const encoded = file === undefined || file === '' ? env.KEY_ENCRYPTION_KEY : readFileSync(file, 'utf8').trim();
  if (encoded === undefined || encoded === '') return undefined;
  const key = Buffer.from(encoded, 'base64');
  if (key.length === keyBytes) return key;
  throw new ConfigError(`KEY_ENCRYPTION_KEY must be ${keyBytes} bytes in base64.`);
};

/** The clustered engines come with their own adapters; asking for one that is not there must not fall back in silence. */
const refuseUnknownEngines = (env: Env): void => {
  for (const name of ['EVENTSTORE_URL', 'MONGODB_URL', 'REDIS_URL']) {
    if (text(env, name, '') !== '')
      throw new ConfigError(`${name} is set, but this version has the embedded engines only.`);
  }
  const roles = text(env, 'ROLES', 'api,projector,worker').split(',').sort().join(',');
  if (roles !== 'api,projector,worker') {
    throw new ConfigError('ROLES: the embedded form is one process with all three roles.');
  }
};

/** @throws ConfigError that says which variable is wrong and what it may be. */
export const readConfig = (env: Env): Config => {
  refuseUnknownEngines(env);
  const port = integer(env, 'PORT', { fallback: 8_080, min: 1, max: 65_535 });
  const oidcIssuer = text(env, 'OIDC_ISSUER', '');
  if (env.NODE_ENV === 'production' && oidcIssuer === '') {
    throw new ConfigError('OIDC_ISSUER must be set in production: the sandbox identity is open to everyone.');
  }
  const logLevel = text(env, 'LOG_LEVEL', 'info');
  if (!logLevels.includes(logLevel)) throw new ConfigError(`LOG_LEVEL must be one of ${logLevels.join(', ')}.`);
  return {
    port,
    host: text(env, 'HOST', '0.0.0.0'),
    dataDir: text(env, 'DATA_DIR', 'data'),
    publicUrl: url('PUBLIC_URL', text(env, 'PUBLIC_URL', `http://localhost:${port}`)),
    oidcIssuer: oidcIssuer === '' ? null : url('OIDC_ISSUER', oidcIssuer),
    audience: text(env, 'OIDC_AUDIENCE', 'stockledger'),
    sandboxWarehouses: list(env, 'SANDBOX_WAREHOUSES', 'BER,PAR'),
    webhookAllowedTargets: list(env, 'WEBHOOK_ALLOWED_TARGETS', ''),
    keyEncryptionKey: keyOf(env),
    erasuresFile: text(env, 'ERASURES_FILE', '') === '' ? undefined : env.ERASURES_FILE,
    logLevel,
    requestsPerMinute: integer(env, 'RATE_LIMIT_PER_MINUTE', { fallback: 600_000, min: 1, max: 100_000_000 }),
    trustedProxies: integer(env, 'TRUSTED_PROXIES', { fallback: 0, min: 0, max: 10 }),
    stateCacheBytesMax: integer(env, 'STATE_CACHE_MB', { fallback: 24, min: 1, max: 16_384 }) * mebibyte,
    orderReservationMs: integer(env, 'ORDER_RESERVATION_DAYS', { fallback: 30, min: 1, max: 365 }) * dayMs,
  };
};
