/** What the driver's errors mean to a caller. They are told apart by class and code: texts differ between servers. */
import {
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

export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === duplicateKey;

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
