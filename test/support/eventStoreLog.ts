/** The log on the server that stands in for EventStoreDB, with times that suit a test. */
import { onTestFinished } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import type { EventStoreClient } from '../../src/infra/eventstoredb/clients.ts';
import type { Timing } from '../../src/infra/eventstoredb/connection.ts';
import { createEventStoreEvents, type EventStoreEvents } from '../../src/infra/eventstoredb/events.ts';
import { type RunningEventStore, startEventStoreServer } from './engines/eventstoredb.ts';

/** Quick enough for a test, and far from the times that the server takes. */
export const quick: Partial<Timing> = {
  deadlineMs: 5_000,
  deadlineSlackMs: 200,
  retryFirstMs: 50,
  retryMaxMs: 100,
  breakerWaitMaxMs: 3_000,
  breakerOpenMaxMs: 200,
  subscribeFirstMs: 20,
  subscribeMaxMs: 200,
};

const loggerInto = (lines: string[]) => {
  const write = (facts: object, text: string): void => {
    lines.push(`${text} ${JSON.stringify(facts)}`);
  };
  return { info: write, warn: write };
};

export interface OpenedLog {
  readonly log: EventStoreEvents;
  /** What was logged, as texts. */
  readonly warnings: readonly string[];
}

/** Closed when the test is over. */
export const openLog = (url: string, timing: Partial<Timing> = quick): OpenedLog => {
  const warnings: string[] = [];
  const logger = loggerInto(warnings);
  const log = createEventStoreEvents({ decode: decodeStored, url, logger, timing });
  onTestFinished(() => log.close());
  return { log, warnings };
};

export const fakeUrl = 'esdb://keeper:s3cret-Passw0rd@db.example:2113?tls=true';

/** On clients that a test made; each is used for commands, then for the log. */
export const openLogOn = (open: () => EventStoreClient, timing: Partial<Timing> = quick): OpenedLog => {
  const warnings: string[] = [];
  const logger = loggerInto(warnings);
  const log = createEventStoreEvents({ decode: decodeStored, url: fakeUrl, logger, timing, open });
  onTestFinished(() => log.close());
  return { log, warnings };
};

export const startServer = async (): Promise<RunningEventStore> => {
  const server = await startEventStoreServer();
  onTestFinished(server.stop);
  return server;
};
