/** What the driver's errors mean, and reads that it does together. Errors are told apart by class and code: texts differ between servers. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Filter,
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';

const duplicateKey = 11_000;
const commandNotFound = 59;

/**
 * Server codes (error_codes.yml of MongoDB) that say "not now": no primary, stepping down, shutting down, overloaded,
 * disk full, majority out of reach, access not granted (yet).
 */
const engineFailures = new Set([
  6, 7, 13, 18, 24, 50, 63, 64, 89, 91, 100, 112, 133, 150, 189, 234, 262, 9_001, 10_107, 11_600, 11_602, 13_388,
  13_435, 13_436, 14_031,
]);

/** The request never left: no server was found, or the pool had no connection for it. */
const isBeforeSending = (error: unknown): boolean =>
  error instanceof MongoServerSelectionError ||
  error instanceof MongoClientClosedError ||
  error instanceof MongoTopologyClosedError ||
  error instanceof MongoNotConnectedError ||
  // The driver does not export these two classes.
  (error instanceof Error && ['MongoPoolClosedError', 'MongoWaitQueueTimeoutError'].includes(error.name));

const isEngineFailure = (error: unknown): boolean => {
  if (error instanceof MongoNetworkError || error instanceof MongoOperationTimeoutError) return true;
  // A bulk write wraps what the driver itself ran into, and then has no code.
  if (error instanceof MongoBulkWriteError && error.code === undefined) return true;
  return error instanceof MongoServerError && engineFailures.has(Number(error.code));
};

/** @param outcome of what was asked for, when it may have reached the server. */
export const asUnavailable = (error: unknown, outcome: StoreUnavailable['outcome']): unknown => {
  if (isBeforeSending(error)) return new StoreUnavailable('MongoDB cannot be reached.', 'not_written', error);
  return isEngineFailure(error) ? new StoreUnavailable('MongoDB cannot do this now.', outcome, error) : error;
};

const isDuplicateKey = (error: unknown): boolean => error instanceof MongoServerError && error.code === duplicateKey;

export const isCommandUnknown = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === commandNotFound;

/** A bulk write of which some were refused because their id is there, and all else was done. */
export const isPartlyDuplicate = (error: unknown): error is MongoBulkWriteError =>
  error instanceof MongoBulkWriteError &&
  error.err === undefined &&
  [error.writeErrors].flat().length > 0 &&
  [error.writeErrors].flat().every(({ code }) => code === duplicateKey);

/** For updates that insert when nothing matches: `null` when a duplicate key says that something else is there. */
export const unlessDuplicate = <T>(work: Promise<T>): Promise<T | null> =>
  work.catch((error: unknown) => {
    if (isDuplicateKey(error)) return null;
    throw error;
  });

/**
 * Documents that are asked for one by one within one turn of the event loop are read in one go: the policies look at the
 * SKUs of a hundred orders side by side, and a question costs this process and the server more than what it finds.
 */

/** Small servers compare each id found with each id asked for. */
export const idsPerRead = 100;

interface Identified {
  readonly _id: string;
}

type Read<Row> = (filter: Filter<Row>) => Promise<readonly Row[]>;

/** All of these, at most `idsPerRead` in one question. */
export const readByIds = async <Row extends Identified>(
  read: Read<Row>,
  ids: readonly string[],
): Promise<readonly Row[]> => {
  const slices = Array.from({ length: Math.ceil(ids.length / idsPerRead) }, (_, index) =>
    ids.slice(index * idsPerRead, (index + 1) * idsPerRead),
  );
  const found = await Promise.all(slices.map((slice) => read({ _id: { $in: slice } } as Filter<Row>)));
  return found.flat();
};

/** @returns what reads one by its id, `null` where there is none. The read begins after it was asked for. */
export const createBatchedRead = <Row extends Identified>(read: Read<Row>): ((id: string) => Promise<Row | null>) => {
  let asked = new Set<string>();
  let answer: Promise<ReadonlyMap<string, Row>> | null = null;

  const readAsked = async (): Promise<ReadonlyMap<string, Row>> => {
    await nextTurn();
    const ids = [...asked];
    [asked, answer] = [new Set(), null];
    return new Map((await readByIds(read, ids)).map((row) => [row._id, row]));
  };

  return async (id) => {
    asked.add(id);
    answer ??= readAsked();
    return (await answer).get(id) ?? null;
  };
};
