/** One client for a process: its pool, its time limits, and what a write must reach before it counts. */
import { type Db, MongoClient, type MongoClientOptions, type ReadPreferenceMode } from 'mongodb';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import { within } from '../waits.ts';
import { asUnavailable, isCommandUnknown } from './driver.ts';

export interface MongoOptions {
  /** With credentials and TLS options; never logged. */
  readonly url: string;
  /** Of queries (`find`). Absent: primary, which sees what was written. Others may answer with what is older. */
  readonly queryReadPreference?: ReadPreferenceMode;
  /** How long an answer may take. Absent: 10 s. */
  readonly answerMaxMs?: number;
}

export interface Mongo {
  /** Named by the URL, otherwise `stockledger`. */
  readonly db: Db;
  /** Apart from everything else, so that it can be kept, granted and backed up apart: keys of personal data. */
  readonly keysDb: Db;
  readonly queryReadPreference: ReadPreferenceMode;
  /** Runs what only reads. @throws StoreUnavailable */
  read<T>(work: () => Promise<T>): Promise<T>;
  /** Runs what may write: after a failure in between, its outcome is unknown. @throws StoreUnavailable */
  write<T>(work: () => Promise<T>): Promise<T>;
  /**
   * The server finds a document by an index only when the filter names all fields of the index and none else, and only
   * by a unique one, as mongo-java-server does. It is known by lacking `hello`, which MongoDB has had since 4.4.
   */
  hasPlainIndexes(): Promise<boolean>;
  /** `null` when the server answers, otherwise what is wrong, safe to show. */
  check(): Promise<string | null>;
  close(): Promise<void>;
}

const defaultDatabase = 'stockledger';
/** Beyond it, requests wait in line: a server takes more harm from connections than requests from waiting. */
const connectionsMax = 32;
/** How long a request looks for a server that takes it; one that is down then fails soon. */
const selectionMaxMs = 3_000;
const connectMaxMs = 3_000;
/** A fail-over takes less, and a client waits longer. The heartbeat finds a server that is gone before that. */
const answerMaxMs = 10_000;
/** How soon a server that came back is noticed while no call is made. */
const heartbeatMs = 2_000;
const checkMaxMs = 2_000;
const unreachable = 'cannot reach MongoDB';

/** What the URL may say otherwise. `retryWrites` needs sessions, which compatible servers lack; our writes are guarded. */
const defaults = {
  appName: 'stockledger',
  maxPoolSize: connectionsMax,
  waitQueueTimeoutMS: selectionMaxMs,
  serverSelectionTimeoutMS: selectionMaxMs,
  connectTimeoutMS: connectMaxMs,
  heartbeatFrequencyMS: heartbeatMs,
  retryWrites: false,
} satisfies MongoClientOptions;

/**
 * Undefined fields come back absent, and 64 bits exact. A write counts once a majority has it in its journal, and nothing
 * is read that a fail-over could take back.
 */
const fixed = {
  ignoreUndefined: true,
  useBigInt64: true,
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
  readConcern: { level: 'majority' },
} satisfies MongoClientOptions;

const optionNames = (url: string): ReadonlySet<string> =>
  new Set([...new URLSearchParams(url.split('?')[1] ?? '').keys()].map((name) => name.toLowerCase()));

const databaseName = (url: string): string => {
  const name = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(url)?.[1] ?? '';
  return name === '' ? defaultDatabase : decodeURIComponent(name);
};

const clientOf = ({ url, answerMaxMs: socketTimeoutMS = answerMaxMs }: MongoOptions): MongoClient => {
  const said = optionNames(url);
  const ours = Object.entries({ ...defaults, socketTimeoutMS }).filter(([name]) => !said.has(name.toLowerCase()));
  try {
    return new MongoClient(url, { ...Object.fromEntries(ours), ...fixed });
  } catch {
    // The reason could quote the URL, which holds a password.
    throw new RangeError('The MongoDB URL is not a valid connection string.');
  }
};

/**
 * A first connection that fails leaves the driver's client unusable until it is connected by hand, so each operation does
 * that as long as none has succeeded. From then on the driver finds its servers again by itself.
 */
const createConnection = (client: MongoClient) => {
  let isConnected = false;
  let isClosed = false;

  const connect = async (): Promise<void> => {
    if (isClosed) throw new StoreUnavailable('The connection to MongoDB is closed.', 'not_written');
    try {
      await client.connect();
    } catch (error) {
      throw asUnavailable(error, 'not_written');
    }
    isConnected = true;
  };

  return {
    run: async <T>(work: () => Promise<T>, outcome: StoreUnavailable['outcome']): Promise<T> => {
      if (!isConnected) await connect();
      try {
        return await work();
      } catch (error) {
        throw asUnavailable(error, outcome);
      }
    },
    close: async (): Promise<void> => {
      isClosed = true;
      await client.close();
    },
  };
};

const lacksHello = (db: Db): Promise<boolean> =>
  db.command({ hello: 1 }).then(
    () => false,
    (error: unknown) => {
      if (isCommandUnknown(error)) return true;
      throw error;
    },
  );

/**
 * Connects with the first operation, so a server that is down at the start makes operations fail with `StoreUnavailable`
 * until it is there. @throws RangeError for a URL that is none.
 */
export const openMongo = (options: MongoOptions): Mongo => {
  const client = clientOf(options);
  const name = databaseName(options.url);
  const db = client.db(name);
  const { run, close } = createConnection(client);
  let plainIndexes: boolean | undefined;

  const ping = (): Promise<string | null> =>
    run(() => db.command({ ping: 1 }), 'not_written').then(
      () => null,
      () => unreachable,
    );

  return {
    db,
    keysDb: client.db(`${name}_keys`),
    queryReadPreference: options.queryReadPreference ?? 'primary',
    read: (work) => run(work, 'not_written'),
    write: (work) => run(work, 'unknown'),
    hasPlainIndexes: async () => {
      plainIndexes ??= await run(() => lacksHello(db), 'not_written');
      return plainIndexes;
    },
    // Unreferenced: a check must not keep a process alive that is stopping.
    check: () => within(ping(), checkMaxMs, { ref: false }).catch(() => unreachable),
    close,
  };
};
