/** One load: a number of connections that send as fast as they are answered. */
import autocannon from 'autocannon';
import type { NextRequest } from './requests.ts';

export const connections = 64;

export interface LoadResult {
  /** Answers with the expected status, per second. */
  readonly perSecond: number;
  readonly answered: number;
  /** Anything else: refusals, failures, time-outs. */
  readonly others: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Load {
  readonly origin: string;
  readonly next: NextRequest;
  readonly seconds: number;
}

export const load = async ({ origin, next, seconds }: Load): Promise<LoadResult> => {
  let answered = 0;
  let others = 0;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url: origin,
        connections,
        duration: seconds,
        requests: [{ setupRequest: (request) => ({ ...request, ...next() }) }],
      },
      (error: unknown, finished: autocannon.Result) => {
        if (error !== null && error !== undefined) reject(error instanceof Error ? error : new Error('load failed'));
        else resolve(finished);
      },
    );
    instance.on('response', (_client, statusCode) => {
      if (statusCode >= 200 && statusCode < 300) answered += 1;
      else others += 1;
    });
  });
  const { duration, latency, errors, timeouts } = result;
  return {
    perSecond: answered / duration,
    answered,
    others: others + errors + timeouts,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
  };
};
