/** The few functions of the client that the adapter uses, for what no server can be made to do. */
import { Readable } from 'node:stream';
import type { AppendResult, Filter } from '@eventstore/db-client';
import type { EventStoreClient } from '../../src/infra/eventstoredb/clients.ts';

export interface SentAppend {
  readonly stream: string;
  readonly ids: readonly string[];
  readonly expectedRevision: unknown;
  readonly options: object;
}

export interface FakeClient {
  readonly client: EventStoreClient;
  readonly appends: readonly SentAppend[];
  /** Subscriptions that were opened and not left. */
  readonly open: () => number;
  /** Reads that were cancelled. */
  readonly cancelled: () => number;
  readonly isDisposed: () => boolean;
}

export interface Behaviour {
  /** The nth append, from 0. */
  readonly append?: (sent: SentAppend, index: number) => Promise<AppendResult>;
  /** Made anew for each subscription. */
  readonly subscription?: (options: { readonly filter?: Filter }) => Readable;
  readonly read?: () => Readable;
}

const never = (): Promise<never> => new Promise(() => {});

/** A read or subscription that fails as the client's do: by an event, while it is not destroyed. */
export const failingReadable = (error: Error): Readable => {
  const readable = new Readable({ objectMode: true, read: () => {} });
  setImmediate(() => readable.emit('error', error));
  return readable;
};

const emptyReadable = (): Readable => Readable.from([]);

export const createFakeClient = ({ append = never, read = emptyReadable, subscription }: Behaviour): FakeClient => {
  const appends: SentAppend[] = [];
  let open = 0;
  let cancelled = 0;
  let isDisposed = false;
  const withEnd = (readable: Readable, end: 'cancel' | 'unsubscribe'): Readable =>
    Object.assign(readable, {
      [end]: async () => {
        if (end === 'unsubscribe') open -= 1;
        else cancelled += 1;
      },
    });
  const client = {
    appendToStream: (stream: string, events: { id: string }[], options: { expectedRevision: unknown }) => {
      const { expectedRevision } = options;
      const sent = { stream, ids: events.map(({ id }) => id), expectedRevision, options };
      appends.push(sent);
      return append(sent, appends.length - 1);
    },
    readStream: () => withEnd(read(), 'cancel'),
    readAll: () => withEnd(read(), 'cancel'),
    subscribeToAll: (options: { readonly filter?: Filter }) => {
      open += 1;
      return withEnd(subscription?.(options) ?? new Readable({ objectMode: true, read: () => {} }), 'unsubscribe');
    },
    dispose: async () => {
      isDisposed = true;
    },
  };
  return {
    client: client as object as EventStoreClient,
    appends,
    open: () => open,
    cancelled: () => cancelled,
    isDisposed: () => isDisposed,
  };
};
