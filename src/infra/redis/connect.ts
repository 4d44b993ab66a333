/**
 * Connections to one Redis. It may be down at the start and at any time after: connections come back by themselves, and
 * until then what is asked of them fails within a bound. Each connection has a listener for `error`, so that none ends the process.
 */
import type { FastifyBaseLogger } from 'fastify';
import { Redis, type RedisOptions } from 'ioredis';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import { ConfigError } from '../config/configValues.ts';
import { backoffMs, NoAnswer, within } from '../waits.ts';

/** All keys and channels of ours begin with it, so that a Redis can be shared. */
export const keyPrefix = 'stockledger';

/** Delays between tries to connect: from a blip to an outage, with jitter so that processes don't come back at once. */
const reconnectFirstMs = 50;
const reconnectMaxMs = 2_000;
const connectTimeoutMs = 5_000;
/** A socket that owes an answer for so long leads nowhere. Longer than BullMQ's longest wait for a job, 10 s. */
const socketTimeoutMs = 15_000;
/** A Redis that is well answers in milliseconds; a caller above has seconds. */
const commandTimeoutMs = 3_000;
/** Some two seconds at first: a Redis that is only restarted is waited for. Later `commandTimeoutMs` is shorter. */
const boundedTriesMax = 5;
/** Of all commands of one call together, and of what a library waits for before it sends them. */
const askMaxMs = 5_000;
const checkMaxMs = 1_000;
/** For what a request waits on and can do without: a wait that is hardly felt, and soon none at all. */
const quickTimeoutMs = 250;
const quickSocketTimeoutMs = 1_000;

/**
 * - `bounded`: commands fail when Redis is away for longer than a moment.
 * - `quick`: they fail at once, and are never kept for later.
 * - `patient`: they wait for Redis as long as it takes. For workers and subscribers, which have nothing else to do.
 */
export type ConnectionKind = 'bounded' | 'quick' | 'patient';

type Bounds = Pick<RedisOptions, 'commandTimeout' | 'socketTimeout' | 'maxRetriesPerRequest' | 'enableOfflineQueue'>;

const optionsOf: { readonly [Kind in ConnectionKind]: Bounds } = {
  bounded: { commandTimeout: commandTimeoutMs, maxRetriesPerRequest: boundedTriesMax },
  quick: {
    commandTimeout: quickTimeoutMs,
    socketTimeout: quickSocketTimeoutMs,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
  },
  patient: { maxRetriesPerRequest: null },
};

export interface RedisServer {
  /** Another connection; closed with the rest, or by the caller. */
  open(kind: ConnectionKind): Redis;
  /** A bounded connection that is shared by all who only send commands. */
  readonly commands: Redis;
  /** @throws StoreUnavailable for whatever fails, after `askMaxMs` at the latest; a command may still be carried out. */
  ask<T>(work: (commands: Redis) => Promise<T>): Promise<T>;
  /** `null`: it answers. Otherwise why not, in words that are safe to show. */
  check(): Promise<string | null>;
  close(): void;
}

/** Never the text of a command, as clients attach it to their errors: it may be a password or a payload. */
const inWords = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'MaxRetriesPerRequestError') return 'not connected';
  const { code } = error as NodeJS.ErrnoException;
  // A refusal begins with its code; what follows may quote the command.
  return code ?? (isRefusal(error) ? (/^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR') : error.message);
};

/** Redis answered, and said no. */
export const isRefusal = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError';

const jittered = (delayMs: number): number => delayMs * (0.5 + Math.random() / 2);

const retryStrategy = (tries: number): number => jittered(backoffMs(reconnectFirstMs, reconnectMaxMs, tries - 1));

/** Host and port only. @throws ConfigError when it is no address of a Redis. */
const placeOf = (url: string): string => {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed !== null && ['redis:', 'rediss:'].includes(parsed.protocol)) return parsed.host;
  throw new ConfigError('REDIS_URL must begin with redis:// or rediss:// (TLS).');
};

/** One line when it goes and one when it is back, however many connections notice. */
const createWatch = (redis: string, log: Pick<FastifyBaseLogger, 'warn' | 'info'>): ((connection: Redis) => void) => {
  let isAway = false;
  return (connection) => {
    connection.on('error', (error) => {
      if (!isAway) log.warn({ redis, reason: inWords(error) }, 'Redis can not be reached');
      isAway = true;
    });
    connection.on('ready', () => {
      if (isAway) log.info({ redis }, 'Redis answers again');
      isAway = false;
    });
  };
};

/**
 * Connects in the background: returns at once, whether Redis is there or not. `rediss://` is checked against the
 * system's authorities and those of `NODE_EXTRA_CA_CERTS`.
 */
export const connectRedis = (url: string, log: Pick<FastifyBaseLogger, 'warn' | 'info'>): RedisServer => {
  const watch = createWatch(placeOf(url), log);
  const connections = new Set<Redis>();

  const open = (kind: ConnectionKind): Redis => {
    const connection = new Redis(url, {
      connectTimeout: connectTimeoutMs,
      socketTimeout: socketTimeoutMs,
      retryStrategy,
      ...optionsOf[kind],
    });
    watch(connection);
    connections.add(connection);
    connection.once('end', () => connections.delete(connection));
    return connection;
  };
  const commands = open('bounded');

  return {
    open,
    commands,
    ask: async (work) => {
      try {
        return await within(work(commands), askMaxMs, { ref: false });
      } catch (error) {
        if (error instanceof StoreUnavailable) throw error;
        if (error instanceof NoAnswer) throw new StoreUnavailable('Redis does not answer', 'unknown');
        throw new StoreUnavailable(`Redis can not take it now: ${inWords(error)}`, 'unknown');
      }
    },
    check: () =>
      within(commands.ping(), checkMaxMs, { ref: false }).then(
        () => null,
        () => 'does not answer',
      ),
    close: () => {
      for (const connection of connections) connection.disconnect();
    },
  };
};
