/**
 * Moves pages from the write-ahead log into the file on a thread of its own. SQLite would do it within the commit that
 * fills the log, and everybody would wait for thousands of pages and an fsync.
 */
import { Worker } from 'node:worker_threads';

export interface CheckpointSettings {
  readonly path: string;
  /** Pages that many commits write are moved once for all of them, so seldom is cheap; too seldom makes a long fsync. */
  readonly everyMs: number;
  /**
   * A passive checkpoint blocks no writer, and so it never moves all pages while somebody writes, and the log would grow
   * for ever. Beyond so many pages the writer waits for the few that are left, and begins the log anew.
   */
  readonly pagesMax: number;
  /** How long the restart waits for readers and the writer. */
  readonly lockWaitMs: number;
}

const everyMs = 1_000;
/** 64 MiB; a start after a crash reads as much. */
const pagesMax = 16_000;
const lockWaitMs = 100;

/** It holds next to nothing. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 };

export interface Checkpointer {
  stop(): Promise<void>;
}

export const startCheckpointer = (path: string): Checkpointer => {
  const workerData: CheckpointSettings = { path, everyMs, pagesMax, lockWaitMs };
  const worker = new Worker(new URL('./checkpointThread.js', import.meta.url), { workerData, resourceLimits });
  // Without this thread the one that writes moves the pages, later and in larger steps.
  worker.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });
  return {
    stop: async () => {
      worker.postMessage('stop');
      await ended;
    },
  };
};
