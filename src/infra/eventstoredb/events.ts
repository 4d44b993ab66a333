/** The log on EventStoreDB or KurrentDB: the ports EventStore and EventSource. */
import { createRequire } from 'node:module';
import { EventStoreDBClient } from '@eventstore/db-client';
import type { DecodeStored } from '../../eventsourcing/message.ts';
import type { EventSource, EventStore } from '../../eventsourcing/ports.ts';
import { ConfigError } from '../config/configValues.ts';
import { within } from '../waits.ts';
import { createAppend, createHighWaterMark } from './appends.ts';
import { createServerBreaker } from './circuitBreaker.ts';
import { createClients, describeFailure, type EventStoreClient } from './clients.ts';
import { defaultTiming, readConnection, type Timing } from './connection.ts';
import { createFollow } from './follow.ts';
import { createReads } from './reads.ts';
import { createSharedSubscription } from './sharedSubscription.ts';

/**
 * KurrentDB 25.1 and later compress every message for a client that offers gzip, and `@grpc/grpc-js` always offers it.
 * A catch-up then falls from 22,000 to 4,200 events a second and costs this process five times as much.
 */

interface Headers {
  set(name: string, value: string): void;
}
interface CompressionFilter {
  sendMetadata(headers: Promise<Headers>): Promise<Headers>;
}

/** The copy of gRPC that the client loads, wherever npm has put it. */
const loadFilter = (): { readonly prototype: CompressionFilter } => {
  const client = createRequire(import.meta.url).resolve('@eventstore/db-client');
  const module: unknown = createRequire(client)('@grpc/grpc-js/build/src/compression-filter.js');
  return (module as { readonly CompressionFilter: { readonly prototype: CompressionFilter } }).CompressionFilter;
};

const isPatched = Symbol('offers identity only');

/**
 * Makes each call of this process offer no compression. gRPC has no option for it, so one method of its compression
 * filter is wrapped. May be repeated. `test/infra/eventstoredbCompression.test.ts` fails when gRPC renames the method.
 */
const offerIdentityOnly = (): void => {
  const { prototype } = loadFilter();
  if (Object.hasOwn(prototype, isPatched)) return;
  const { sendMetadata } = prototype;
  prototype.sendMetadata = async function (this: CompressionFilter, headers) {
    const sent = await sendMetadata.call(this, headers);
    sent.set('grpc-accept-encoding', 'identity');
    return sent;
  };
  Object.defineProperty(prototype, isPatched, { value: true });
};

export interface EventStoreEvents extends EventStore, EventSource {
  /** Why the store can't be used now, or `null`. Never driver text. */
  check(): Promise<string | null>;
  /** After a fault that `isKnownClientFault` recognises. */
  renewClients(): void;
  /** Ends followers, waits a little for calls, and lets the process end. */
  close(): Promise<void>;
}

interface Logger {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
}

interface EventStoreOptions {
  /** `esdb://…`, with user and password. */
  readonly url: string;
  /** The environment variable `DEBUG`, by which the client would print secrets. */
  readonly debug?: string | undefined;
  readonly decode: DecodeStored;
  readonly logger: Logger;
  readonly random?: () => number;
  readonly timing?: Partial<Timing>;
  /** For tests. */
  readonly open?: (url: string) => EventStoreClient;
}

/** A check that takes longer is a failed one. */
const checkMaxMs = 3_000;
const closeMaxMs = 5_000;

/** The client's own errors quote the URL. */
const openClient = (url: string): EventStoreClient => {
  offerIdentityOnly();
  try {
    return EventStoreDBClient.connectionString(url);
  } catch {
    throw new ConfigError('EVENTSTORE_URL: the client does not accept it.');
  }
};

/** One question to the server for all who ask at once; an outage is logged once. */
const createCheck = (ask: EventSource['head'], logger: Logger): EventStoreEvents['check'] => {
  let checking: Promise<string | null> | undefined;
  let isAway = false;

  const check = async (): Promise<string | null> => {
    const failure = await within(ask(), checkMaxMs).then(() => null, describeFailure);
    if (failure !== null && !isAway) logger.warn({ reason: failure }, 'the event store does not answer');
    isAway = failure !== null;
    checking = undefined;
    return failure === null ? null : 'cannot read the event store';
  };

  return () => {
    checking ??= check();
    return checking;
  };
};

/**
 * Connects at the first call, and again whenever the server was away: a server that is down makes calls fail, not this.
 * @throws ConfigError for a URL that can't be used
 */
export const createEventStoreEvents = (options: EventStoreOptions): EventStoreEvents => {
  const { url, debug, decode, logger, random = Math.random, open = openClient } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const { commandUrl, logUrl, credentials } = readConnection(url, debug);
  const stopping = new AbortController();
  const stopped = stopping.signal;
  const [commandClients, logClients] = [createClients(() => open(commandUrl)), createClients(() => open(logUrl))];
  const breaker = createServerBreaker(timing, stopped, random, (reason) => {
    if (reason === null) logger.info({}, 'the event store answers again');
    else logger.warn({ reason: describeFailure(reason) }, 'the event store is away');
  });
  const highWaterMark = createHighWaterMark();
  const common = { breaker, timing, decode, random, stopped };
  const reads = createReads({ ...common, clients: commandClients });
  const logReads = createReads({ ...common, clients: logClients });
  const pullPorts = {
    clients: logClients,
    reads: logReads,
    recovered: breaker.recovered,
    timing,
    decode,
    random,
    onDrop: (reason: string, delayMs: number) => {
      if (!stopped.aborted) logger.warn({ reason, delayMs }, 'subscription to the event store dropped');
    },
  };
  const shared = createSharedSubscription(pullPorts, highWaterMark, stopped);

  return {
    isBlindToKnownIds: true,
    append: createAppend({ ...common, clients: commandClients, credentials, reads, highWaterMark }),
    readStream: reads.readStream,
    readAll: logReads.readAll,
    scan: logReads.scan,
    head: reads.head,
    follow: createFollow(pullPorts, shared, stopped),
    check: createCheck(reads.head, logger),
    renewClients: () => {
      commandClients.renew();
      logClients.renew();
    },
    close: async () => {
      stopping.abort();
      await within(shared.ended(), closeMaxMs).catch(() => undefined);
      await Promise.all([commandClients.close(), logClients.close()]);
    },
  };
};
