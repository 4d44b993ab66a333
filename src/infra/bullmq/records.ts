/** How a job is written down in BullMQ. */
import type { JobsOptions } from 'bullmq';

/**
 * BullMQ refuses ids that are whole numbers or hold a colon, which separates its keys: the letter in front makes a word of
 * a number, and a colon is escaped.
 */
const idPrefix = 'j';
export const encodeId = (id: string): string => `${idPrefix}${encodeURIComponent(id)}`;
export const decodeId = (jobId: string): string => decodeURIComponent(jobId.slice(idPrefix.length));

/** How often a job may be tried is its ledger's to decide: the queue never gives one up. */
export const triesMax = Number.MAX_SAFE_INTEGER;

export const jobOptions: JobsOptions = {
  attempts: triesMax,
  /** Only for a job whose end Redis refused: those that a handler asks for have a time of their own. */
  backoff: { type: 'fixed', delay: 1_000 },
  removeOnComplete: true,
  /** Of no use in Redis. */
  stackTraceLimit: 0,
};
