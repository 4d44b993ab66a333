/**
 * Loaded into the service before its own code (`--import`): how long the event loop was held, and the memory that it took,
 * told over a port of its own. The time that the thread was ready and the machine gave it no processor is told apart.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import type { Reading } from './reading.ts';

const tickMs = 5;
const nsPerMs = 1_000_000;

/** Linux keeps it (`/proc/thread-self/schedstat`: on a processor, waiting for one, both in ns); elsewhere it is not told. */
const waitedMs = (): number => {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[1]) / nsPerMs;
  } catch {
    return 0;
  }
};

const start = (port: number): void => {
  const nothing: Reading = { heldMs: 0, machineMs: 0, collectedMs: 0, heapBytes: 0, rssBytes: 0 };
  let reading = nothing;
  let collectedMs = 0;
  let before = { atMs: performance.now(), waitedMs: waitedMs(), collectedMs: 0 };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collectedMs += duration;
  }).observe({ entryTypes: ['gc'] });
  setInterval(() => {
    const now = { atMs: performance.now(), waitedMs: waitedMs(), collectedMs };
    const machineMs = now.waitedMs - before.waitedMs;
    const heldMs = now.atMs - before.atMs - tickMs - machineMs;
    const { heapUsed, rss } = process.memoryUsage();
    const memory = {
      heapBytes: Math.max(reading.heapBytes, heapUsed),
      rssBytes: Math.max(reading.rssBytes, rss),
    };
    const longest = heldMs > reading.heldMs;
    reading = longest
      ? { ...memory, heldMs, machineMs, collectedMs: now.collectedMs - before.collectedMs }
      : { ...reading, ...memory };
    before = now;
  }, tickMs).unref();
  const server = createServer((_request, response) => {
    response.end(JSON.stringify(reading));
    reading = nothing;
  });
  server.listen(port, '127.0.0.1');
  server.unref();
};

const port = Number(process.env.STALL_PROBE_PORT);
if (isMainThread && port > 0) start(port);
