/**
 * Requests at a steady rate, each at its own time. (autocannon's fixed rate sends the requests of a second at once and
 * then pauses: that measures a burst.) Latency counts from when a request was due, so that a stall is not hidden.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { percentile } from './lag.ts';
import { connections } from './load.ts';
import type { NextRequest } from './requests.ts';

export interface SteadyResult {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly others: number;
}

export interface Steady {
  readonly origin: string;
  readonly next: NextRequest;
  readonly seconds: number;
  /** Requests per second. */
  readonly rate: number;
}

export const steadyLoad = async ({ origin, next, seconds, rate }: Steady): Promise<SteadyResult> => {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const latencies: number[] = [];
  const underway = new Set<Promise<void>>();
  let others = 0;

  /** By the client's lowest level: a stream for each answer would take more time than the answer, and count as latency. */
  const send = (dueAt: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const { method, path, body, headers } = next();
      let status = 0;
      pool.dispatch(
        { method, path, headers, body: body ?? null },
        {
          onRequestStart: () => undefined,
          onResponseStart: (_controller, statusCode) => {
            status = statusCode;
          },
          onResponseData: () => undefined,
          onResponseEnd: () => {
            if (status < 300) latencies.push(performance.now() - dueAt);
            else others += 1;
            resolve();
          },
          onResponseError: (_controller, error) => reject(error),
        },
      );
    });

  const startedAt = performance.now();
  for (let sent = 0; sent < rate * seconds; sent += 1) {
    const dueAt = startedAt + (sent * 1_000) / rate;
    // Timers are a millisecond coarse: what is due within it goes out together.
    while (dueAt > performance.now() + 1) await pause(1);
    const request = send(dueAt).catch(() => {
      others += 1;
    });
    underway.add(request);
    void request.finally(() => underway.delete(request));
  }
  await Promise.all(underway);
  await pool.close();
  return { p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99), others };
};
