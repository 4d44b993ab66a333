/** The log on EventStoreDB or KurrentDB: the ports EventStore and EventSource. */
import { EventStoreDBClient } from '@eventstore/db-client';
import type { EventSource, EventStore } from '../../eventsourcing/ports.ts';
import { ConfigError } from '../config/configValues.ts';
import { createAppend } from './appends.ts';
import { createGate } from './circuitBreaker.ts';
import { createClients, type EventStoreClient } from './clients.ts';
import { offerIdentityOnly } from './compression.ts';
import { readConnection } from './connection.ts';
import { describeFailure } from './failures.ts';
import { createFollow } from './follow.ts';
import { createHorizon } from './highWaterMark.ts';
import { createReads } from './reads.ts';
import { createHub } from './sharedSubscription.ts';
import { defaultTiming, type Timing } from './timing.ts';
import { within } from './waits.ts';

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

export interface EventStoreOptions {
  /** `esdb://…`, with user and password. */
  readonly url: string;
  /** The environment variable `DEBUG`, by which the client would print secrets. */
  readonly debug?: string | undefined;
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
  const { url, debug, logger, random = Math.random, open = openClient } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const { commandUrl, logUrl, credentials } = readConnection(url, debug);
  const stopping = new AbortController();
  const stopped = stopping.signal;
  const [commandClients, logClients] = [createClients(() => open(commandUrl)), createClients(() => open(logUrl))];
  const gate = createGate(timing, stopped, random, (reason) => {
    if (reason === null) logger.info({}, 'the event store answers again');
    else logger.warn({ reason: describeFailure(reason) }, 'the event store is away');
  });
  const horizon = createHorizon();
  const shared = { gate, timing, random, stopped };
  const reads = createReads({ ...shared, clients: commandClients });
  const logReads = createReads({ ...shared, clients: logClients });
  const pullPorts = {
    clients: logClients,
    reads: logReads,
    recovered: gate.recovered,
    timing,
    random,
    onDrop: (reason: string, delayMs: number) => {
      if (!stopped.aborted) logger.warn({ reason, delayMs }, 'subscription to the event store dropped');
    },
  };
  const hub = createHub(pullPorts, horizon, stopped);

  return {
    isBlindToKnownIds: true,
    append: createAppend({ ...shared, clients: commandClients, credentials, reads, horizon }),
    readStream: reads.readStream,
    readAll: logReads.readAll,
    scan: logReads.scan,
    head: reads.head,
    follow: createFollow(pullPorts, hub, stopped),
    check: createCheck(reads.head, logger),
    renewClients: () => {
      commandClients.renew();
      logClients.renew();
    },
    close: async () => {
      stopping.abort();
      await within(hub.ended(), closeMaxMs).catch(() => undefined);
      await Promise.all([commandClients.close(), logClients.close()]);
    },
  };
};
