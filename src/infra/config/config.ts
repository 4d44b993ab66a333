/** The environment, read once and checked at boot: a wrong value stops the service before it does anything. */
import { join } from 'node:path';
import { quantityMax } from '../../domain/values.ts';
import { type ProcessRole, processRoles } from '../../eventsourcing/ports.ts';
import type { CarriersConfig } from '../carriers/carriers.ts';
import { readCarriers } from './carriers.ts';
import {
  ConfigError,
  type Doors,
  type Env,
  integer,
  list,
  mayBeInsecure,
  readDoors,
  readSecret,
  text,
  url,
} from './configValues.ts';
import { type Servers, serversOf } from './servers.ts';
import { readTokenRules, type TokenRulesConfig } from './tokenRules.ts';

export interface Config extends Doors, TokenRulesConfig {
  readonly port: number;
  readonly dataDir: string;
  readonly publicUrl: string;
  readonly audience: string;
  readonly sandboxWarehouses: readonly string[];
  readonly webhookAllowedTargets: readonly string[];
  /** 32 bytes; absent: made and kept in the data directory. */
  readonly keyEncryptionKey: Uint8Array | undefined;
  /** Absent: in the data directory. */
  readonly erasuresFile: string | undefined;
  /** Where the access log is written; `null`: nowhere. */
  readonly accessLogDir: string | null;
  readonly accessLogDays: number;
  readonly logLevel: string;
  readonly stateCacheBytesMax: number;
  readonly orderReservationMs: number;
  /** Counts and adjustments of so many pieces, and retirements, take a second person; 0: nothing does. */
  readonly approvalFromUnits: number;
  /** Where answers of reads are kept: nowhere, in the process, or there and on Redis. */
  readonly cache: CacheKind;
  /** `null`: the embedded engines, in `dataDir`. */
  readonly servers: Servers | null;
  readonly roles: ReadonlySet<ProcessRole>;
  readonly projectionParts: number;
  readonly carriers: CarriersConfig;
}

export type CacheKind = (typeof cacheKinds)[number];
const cacheKinds = ['off', 'memory', 'redis'] as const;

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const mebibyte = 1_048_576;
const dayMs = 24 * 3_600_000;
const keyBytes = 32;
/** 32 random bytes have some 30 different values, and hardly ever fewer than this. */
const distinctBytesMin = 16;

const keyOf = (env: Env): Uint8Array | undefined => {
  const encoded = readSecret(env, 'KEY_ENCRYPTION_KEY');
  if (encoded === '') return undefined;
  const key = Buffer.from(encoded, 'base64');
  if (key.length !== keyBytes) throw new ConfigError(`KEY_ENCRYPTION_KEY must be ${keyBytes} bytes in base64.`);
  if (new Set(key).size < distinctBytesMin && !mayBeInsecure(env, 'secrets')) {
    throw new ConfigError('KEY_ENCRYPTION_KEY is not random. To use it all the same, set ALLOW_INSECURE=secrets.');
  }
  return key;
};

const isRole = (name: string): name is ProcessRole => processRoles.some((role) => role === name);

const rolesOf = (env: Env, servers: Servers | null): ReadonlySet<ProcessRole> => {
  const names = list(env, 'ROLES', processRoles.join(','));
  const known = names.filter(isRole);
  if (known.length === 0 || known.length < names.length) {
    throw new ConfigError(`ROLES must be some of ${processRoles.join(', ')}, with commas between them.`);
  }
  const chosen = new Set(known);
  if (servers === null && chosen.size < processRoles.length) {
    throw new ConfigError('ROLES: the embedded form is one process with all three roles.');
  }
  return chosen;
};

/** On Redis where there is one; else none: the documents of the embedded form are in memory already. */
const cacheOf = (env: Env, servers: Servers | null): CacheKind => {
  const name = text(env, 'CACHE', servers === null ? 'off' : 'redis');
  const kind = cacheKinds.find((each) => each === name);
  if (kind === undefined) throw new ConfigError(`CACHE must be one of ${cacheKinds.join(', ')}.`);
  if (kind === 'redis' && servers === null)
    throw new ConfigError('CACHE: redis needs the servers of the clustered form.');
  return kind;
};

/** A state that is not held is folded from its stream anew: read from the file beside us, or over the network. */
const stateCacheMb = 48;
const stateCacheOnServersMb = 64;
/** The largest state, a stock with as many reservations as may be open, takes 35. */
const stateCacheMbMin = 40;

/** In the data directory of the embedded form; a process on servers may have no disk, and writes where it is told. */
const accessLogDirOf = (env: Env, dataDir: string | null): string | null => {
  const given = text(env, 'ACCESS_LOG_DIR', dataDir === null ? 'off' : join(dataDir, 'access-log'));
  return given === 'off' ? null : given;
};

/** @throws ConfigError that says which variable is wrong and what it may be. */
export const readConfig = (env: Env): Config => {
  const keyEncryptionKey = keyOf(env);
  const servers = serversOf(env, keyEncryptionKey);
  const port = integer(env, 'PORT', { fallback: 8_080, min: 1, max: 65_535 });
  const logLevel = text(env, 'LOG_LEVEL', 'info');
  if (!logLevels.includes(logLevel)) throw new ConfigError(`LOG_LEVEL must be one of ${logLevels.join(', ')}.`);
  const cacheMb = servers === null ? stateCacheMb : stateCacheOnServersMb;
  const dataDir = text(env, 'DATA_DIR', 'data');
  const parts = integer(env, 'PROJECTION_PARTS', { fallback: 2, min: 1, max: 64 });
  const doors = readDoors(env);
  const scheme = doors.tls === null ? 'http' : 'https';
  return {
    ...doors,
    ...readTokenRules(env, doors.oidcIssuer),
    port,
    dataDir,
    publicUrl: url('PUBLIC_URL', text(env, 'PUBLIC_URL', `${scheme}://localhost:${port}`)),
    audience: text(env, 'OIDC_AUDIENCE', 'stockledger'),
    sandboxWarehouses: list(env, 'SANDBOX_WAREHOUSES', 'BER,PAR'),
    webhookAllowedTargets: list(env, 'WEBHOOK_ALLOWED_TARGETS', ''),
    keyEncryptionKey,
    erasuresFile: text(env, 'ERASURES_FILE', '') === '' ? undefined : env.ERASURES_FILE,
    accessLogDir: accessLogDirOf(env, servers === null ? dataDir : null),
    accessLogDays: integer(env, 'ACCESS_LOG_DAYS', { fallback: 90, min: 1, max: 3_650 }),
    logLevel,
    stateCacheBytesMax:
      integer(env, 'STATE_CACHE_MB', { fallback: cacheMb, min: stateCacheMbMin, max: 16_384 }) * mebibyte,
    orderReservationMs: integer(env, 'ORDER_RESERVATION_DAYS', { fallback: 30, min: 1, max: 365 }) * dayMs,
    approvalFromUnits: integer(env, 'APPROVAL_FROM_UNITS', { fallback: 0, min: 0, max: quantityMax }),
    servers,
    roles: rolesOf(env, servers),
    projectionParts: servers === null ? 1 : parts,
    cache: cacheOf(env, servers),
    carriers: readCarriers(env),
  };
};
