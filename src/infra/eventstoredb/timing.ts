/** Every time that the adapter keeps, in one record, so that tests can hurry it. */
export interface Timing {
  /** For one append. */
  readonly deadlineMs: number;
  /** How long after the deadline the client may still say so, before it is taken for broken. */
  readonly deadlineSlackMs: number;
  /** For one bounded read. */
  readonly readMaxMs: number;
  /** Before the first repeat of a call; doubled for each further one, up to `retryMaxMs`. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** How long calls wait for a server that can't be reached. */
  readonly gateWaitMaxMs: number;
  readonly gateClosedMaxMs: number;
  /** Between two attempts to subscribe: from the first to the last. */
  readonly subscribeFirstMs: number;
  readonly subscribeMaxMs: number;
  /** A subscription that lived so long was healthy. */
  readonly healthyMs: number;
  /** A subscription that says nothing for so long while the log grows is dead. */
  readonly silentMaxMs: number;
}

export const defaultTiming: Timing = {
  // The server itself gives up a write after two seconds.
  deadlineMs: 5_000,
  deadlineSlackMs: 1_000,
  readMaxMs: 10_000,
  // A repeat within a few milliseconds of the first append is left unanswered for seconds.
  retryFirstMs: 200,
  retryMaxMs: 2_000,
  // A new leader takes two seconds, and up to five until appends go on: waiting is better than an error.
  gateWaitMaxMs: 6_000,
  gateClosedMaxMs: 5_000,
  subscribeFirstMs: 200,
  subscribeMaxMs: 30_000,
  healthyMs: 30_000,
  // Proxies drop quiet connections without a word.
  silentMaxMs: 20_000,
};
