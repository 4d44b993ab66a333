/** The server in this process: listening, stopping, coming back, and its controls. */
import { randomUUID } from 'node:crypto';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Controls, LeaderChange } from './controls.ts';
import { createFaults } from './faults.ts';
import { type LogFile, openLogFile } from './file.ts';
import { servicesOf } from './service.ts';
import { createStore } from './store.ts';
import { createSubscriptions } from './subscribing.ts';
import { createWrites } from './writes.ts';

export interface ServerOptions {
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** How long a write takes to be known everywhere. On a real server 1 or 2 ms; 0 where speed matters more. */
  readonly commitMs?: number;
  readonly commitTimeoutMs?: number;
  /** Where the log is kept; absent: in memory only. */
  readonly file?: string;
}

export interface EventStoreServer {
  readonly port: number;
  /** A connection string. */
  readonly url: string;
  readonly controls: Controls;
  readonly stop: () => Promise<void>;
}

const host = '127.0.0.1';
/** Larger messages end the call that they come on. */
const messageBytesMax = 17 * 1024 * 1024;
/** What the real server allows on one connection. */
const callsPerConnectionMax = 100;

/** The real server's commit timeout. */
const commitTimeoutMsDefault = 2000;

export const startServer = async (options: ServerOptions = {}): Promise<EventStoreServer> => {
  const { commitMs = 0, commitTimeoutMs = commitTimeoutMsDefault } = options;
  let file: LogFile | null = null;
  const store = createStore({ persist: (events) => file?.append(events) });
  if (options.file !== undefined) file = openLogFile(options.file, store.restore);
  const writes = createWrites(store);
  const faults = createFaults();
  const subscriptions = createSubscriptions(store, faults.ofSubscription);
  let port = options.port ?? 0;
  let isStopped = false;
  let refused: { readonly answer: LeaderChange['answer']; readonly untilMs: number } | null = null;

  const services = servicesOf({
    store,
    writes,
    faults,
    subscriptions,
    refusal: () => (refused !== null && performance.now() < refused.untilMs ? refused.answer : null),
    leader: () => ({ host, port }),
    commitMs,
    commitTimeoutMs,
  });

  /** As a real one does, it notes in its log that it leads, so the log is never empty. */
  const noteEpoch = (): void => {
    const noted = { id: randomUUID(), type: '$epoch-information', contentType: 'application/json' };
    store.write(store.stream('$epoch-information'), [{ ...noted, data: Buffer.from('{}'), metadata: Buffer.alloc(0) }]);
  };

  const listen = async (): Promise<Server> => {
    const made = new Server({
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.max_concurrent_streams': callsPerConnectionMax,
    });
    for (const { definition, handlers } of services) made.addService(definition, handlers);
    port = await new Promise<number>((resolve, reject) => {
      made.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    return made;
  };

  noteEpoch();
  let listening = await listen();

  const comeBack = async (): Promise<void> => {
    if (!isStopped) listening = await listen();
  };

  /** A server that is stopped meanwhile is not waited for. */
  const away = (durationMs: number): Promise<void> =>
    new Promise((resolve, reject) => {
      listening.forceShutdown();
      setTimeout(() => {
        comeBack().then(resolve, reject);
      }, durationMs).unref();
    });

  const controls: Controls = {
    setFaults: async (plan) => faults.set(plan),
    endSubscriptions: async (fate) => subscriptions.endAll(fate),
    changeLeader: async ({ durationMs, answer }) => {
      refused = { answer, untilMs: performance.now() + durationMs };
    },
    refuseConnections: away,
    restart: async ({ durationMs = 0, recentIds }) => {
      if (recentIds === 'lost') store.recentIds.clear();
      await away(durationMs);
      noteEpoch();
    },
    counts: async () => ({ ...faults.counts(), events: store.log.length() }),
  };

  return {
    port,
    url: `esdb://${host}:${port}?tls=false`,
    controls,
    stop: async () => {
      isStopped = true;
      listening.forceShutdown();
      file?.close();
      file = null;
    },
  };
};
