/** Clients of the server, what their errors mean, and when one is thrown away. */
import {
  AccessDeniedError,
  type EventStoreDBClient,
  isCommandError,
  MaxAppendSizeExceededError,
  NotLeaderError,
  StreamDeletedError,
  UnavailableError,
  UnknownError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import type { ExpectedRevision } from '../../eventsourcing/ports.ts';
import { within } from '../waits.ts';

/** What an error of the client means: told by its class and code. */

export type AppendFailure =
  | { readonly kind: 'conflict'; readonly actual: ExpectedRevision }
  /** Nothing was written, and the same append never will be. */
  | { readonly kind: 'refused'; readonly error: Error }
  /** `denied`: not written, and only an operator can change that. */
  | { readonly kind: 'denied' | 'not_written' | 'unknown'; readonly error: unknown };

/** gRPC status codes. */
const invalidArgument = 3;
const unavailable = 14;

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** Of the discovery of a cluster: the only plain error without a class or code that the client makes before a call. */
const isFailedDiscovery = (error: unknown): boolean =>
  error instanceof Error && error.constructor === Error && codeOf(error) === undefined;

/**
 * The client won't mend itself: it keeps the promise of a failed discovery or of a failed call for the server's
 * abilities, which comes as an error of gRPC without a class of the client's.
 */
const isPoisoned = (error: unknown): boolean =>
  isFailedDiscovery(error) || (!(error instanceof Error && isCommandError(error)) && codeOf(error) === unavailable);

/** A call at once would fail the same way. */
export const isUnreachable = (error: unknown): boolean => error instanceof UnavailableError || isPoisoned(error);

/**
 * gRPC has one code for a server that could not be asked and for one that was lost while it wrote; only the text tells
 * them apart. If it ever changes, the outcome is called unknown, which is the safe side.
 */
const notTakenDetails = ['No connection established', 'Server Is Not Ready', 'Server Is Too Busy'];

const wasNotTaken = (error: Error): boolean =>
  error instanceof NotLeaderError ||
  isFailedDiscovery(error) ||
  (error instanceof UnavailableError &&
    notTakenDetails.some((details) => error._raw?.details.startsWith(details) === true));

/**
 * KurrentDB 25.1 and later limit each event too. The client has neither class nor code for it: by the batch call the name
 * is in the text of the error, by the single call in the details of the server.
 */
const isOneEventTooLarge = (error: unknown): boolean =>
  error instanceof UnknownError &&
  /Maximum ?Append ?Event ?Size/i.test(`${error.message} ${error._raw?.details ?? ''}`);

export const classifyAppend = (stream: string, error: unknown): AppendFailure => {
  if (error instanceof WrongExpectedVersionError) {
    const actual = error.actualVersion;
    return { kind: 'conflict', actual: typeof actual === 'bigint' ? Number(actual) : 'no_stream' };
  }
  if (error instanceof MaxAppendSizeExceededError) {
    const text = `${stream}: the server takes ${error.maxAppendSize} bytes in one append, and this one is larger`;
    return { kind: 'refused', error: new RangeError(text, { cause: error }) };
  }
  if (isOneEventTooLarge(error)) {
    const text = `${stream}: the server does not take an event of this size`;
    return { kind: 'refused', error: new RangeError(text, { cause: error }) };
  }
  if (error instanceof StreamDeletedError) {
    return { kind: 'refused', error: new Error(`${stream} was deleted for ever`, { cause: error }) };
  }
  if (error instanceof AccessDeniedError) return { kind: 'denied', error };
  return { kind: error instanceof Error && wasNotTaken(error) ? 'not_written' : 'unknown', error };
};

/** Asking again changes nothing: no right to read, or a position that the log does not have. */
export const isFinalForReading = (error: unknown): boolean =>
  error instanceof AccessDeniedError || (error instanceof UnknownError && codeOf(error) === invalidArgument);

/** For a log line: class and text. The whole error holds big integers, and what the server sent along. */
export const describeFailure = (error: unknown): string =>
  error instanceof Error ? `${error.constructor.name}: ${error.message}` : 'not an error';

export type EventStoreClient = Pick<
  EventStoreDBClient,
  'appendToStream' | 'readStream' | 'readAll' | 'subscribeToAll' | 'dispose'
>;

/** A client for as long as one piece of work needs it. */
interface Lease {
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

/** Faults of the client that no call of ours can catch: it throws them in its own promises and event handlers. */

/**
 * Known by the place where they were thrown, as they have neither class nor code: the discovery of a cluster that failed
 * while an old call was being cleaned up, and a late answer to a batch append that was given up. The second comes as a
 * rejection or, after an error of the stream, as an uncaught exception.
 */
const places = [/\bdiscoverEndpoint\b/, /\bappendToStream[\\/]batchAppend\b/];

/** True when the client's own state is all that is wrong: `renewClients()` mends it. For any other the process must end. */
export const isKnownClientFault = (fault: unknown): boolean =>
  fault instanceof Error && places.some((place) => place.test(fault.stack ?? ''));
