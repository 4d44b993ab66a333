/**
 * What keeps a carrier that is slow or down from holding up anything else (R22.3): a room of its own for its requests, a time
 * for each, another attempt or two, and a rest once it has failed for a while.
 */
import {
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import { CarrierAway, CarrierUnreadable } from '../../commands/carrierPorts.ts';

export interface CarrierLimits {
  /** For one attempt. */
  readonly answerMs: number;
  /** After the first. */
  readonly attemptsMax: number;
  /** Before the second attempt, doubled for each later one. */
  readonly backoffMs: number;
  /** Attempts that fail one after another before it is left alone. */
  readonly failuresMax: number;
  /** For how long; then one attempt shows whether it is back. */
  readonly restMs: number;
  /** Requests under way at once. */
  readonly concurrency: number;
}

/** Carriers promise some seconds, and take a few requests at a time of one customer. */
const carrierLimits: CarrierLimits = {
  answerMs: 10_000,
  attemptsMax: 2,
  backoffMs: 500,
  failuresMax: 5,
  restMs: 30_000,
  concurrency: 4,
};

/** A page of shipments with a few parcels each; more would be a mistake. */
const queueMax = 1_000;

const isFailure = (error: unknown): boolean => error instanceof CarrierAway || error instanceof TaskCancelledError;

/** @returns what runs a request under these limits. @throws CarrierAway for all that they end, too */
export const createCarrierGuard = (limits: CarrierLimits = carrierLimits) => {
  const { answerMs, attemptsMax, backoffMs, failuresMax, restMs, concurrency } = limits;
  const failures = handleWhen(isFailure);
  const policy = wrap(
    bulkhead(concurrency, queueMax),
    retry(failures, { maxAttempts: attemptsMax, backoff: new ExponentialBackoff({ initialDelay: backoffMs }) }),
    circuitBreaker(failures, { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(failuresMax) }),
    timeout(answerMs, TimeoutStrategy.Aggressive),
  );
  return async <T>(request: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> => {
    try {
      return await policy.execute((context) => request(context.signal), signal);
    } catch (error) {
      if (error instanceof CarrierAway || error instanceof CarrierUnreadable) throw error;
      throw new CarrierAway('It does not answer in time, or is left alone for a while.', { cause: error });
    }
  };
};
