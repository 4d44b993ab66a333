/** Clients that are thrown away when they can't recover by themselves. */
import type { EventStoreDBClient } from '@eventstore/db-client';
import { isPoisoned } from './failures.ts';
import { within } from './waits.ts';

export type EventStoreClient = Pick<
  EventStoreDBClient,
  'appendToStream' | 'readStream' | 'readAll' | 'subscribeToAll' | 'dispose'
>;

/** A client for as long as one piece of work needs it. */
export interface Lease {
  readonly client: EventStoreClient;
  /** Must be called once, with what went wrong if anything did. */
  release(failure?: unknown): void;
}

export interface Clients {
  lease(): Lease;
  use<T>(work: (client: EventStoreClient) => Promise<T>): Promise<T>;
  /** The next piece of work gets a new client; the old one ends when its work has ended. */
  renew(): void;
  close(): Promise<void>;
}

/** The client waits for its calls to end, and some never do. */
const disposeMaxMs = 2_000;

const dispose = async (client: EventStoreClient): Promise<void> => {
  await within(client.dispose(), disposeMaxMs).catch(() => undefined);
};

export const createClients = (open: () => EventStoreClient): Clients => {
  const create = () => ({ client: open(), uses: 0, isRetired: false });
  let current = create();

  const renew = (): void => {
    const old = current;
    current = create();
    old.isRetired = true;
    if (old.uses === 0) void dispose(old.client);
  };

  const lease = (): Lease => {
    const taken = current;
    taken.uses += 1;
    return {
      client: taken.client,
      release: (failure) => {
        taken.uses -= 1;
        // Many calls fail together; the first of them has renewed it for all.
        if (isPoisoned(failure) && !taken.isRetired) renew();
        else if (taken.isRetired && taken.uses === 0) void dispose(taken.client);
      },
    };
  };

  const use: Clients['use'] = async (work) => {
    const { client, release } = lease();
    try {
      const result = await work(client);
      release();
      return result;
    } catch (error) {
      release(error);
      throw error;
    }
  };

  return { lease, use, renew, close: () => dispose(current.client) };
};
