/** A server of others that this project started, or was pointed at. */
export interface RunningEngine {
  /** What `EVENTSTORE_URL`, `MONGODB_URL` or `REDIS_URL` takes. */
  readonly url: string;
  /** Ends only what was started here. */
  stop(): Promise<void>;
}
