/**
 * Moves pages from the write-ahead log into the file on a thread of its own. SQLite would do it within the commit that
 * fills the log, and everybody would wait for thousands of pages and an fsync. A passive checkpoint blocks no writer; the
 * writer's own one, when its turn comes, finds little left to do.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** The shorter, the less is left for the writer; each one costs an fsync of the file. */
const everyMs = 100;

export interface Checkpointer {
  stop(): Promise<void>;
}

export const startCheckpointer = (path: string): Checkpointer => {
  const worker = new Worker(new URL('./checkpointWorker.ts', import.meta.url), { workerData: { path, everyMs } });
  const ended = once(worker, 'exit');
  return {
    stop: async () => {
      worker.postMessage('stop');
      await ended;
    },
  };
};
