/**
 * What the read side needs from the world: the log in order, documents, checkpoints, jobs.
 * Each port is proven by one contract suite in `test/contracts/` that every adapter runs.
 */
import type { Position, RecordedEvent } from '../domain/message.ts';
import type { ScanHint, ScannedSlice } from './scan.ts';

/**
 * A slice of the log. `upTo` may lie beyond the last event when others were filtered out. Positions of a server have
 * gaps: how far behind somebody is can't be told by their difference, so `isCaughtUp` says that nothing more is there
 * just now.
 */
export interface EventBatch {
  readonly events: readonly RecordedEvent[];
  readonly upTo: Position;
  readonly isCaughtUp: boolean;
}

export interface FollowOptions {
  /** Only these event types; others move `upTo` along. Absent: all. */
  readonly types?: readonly string[];
  /** At most this many events in a batch. */
  readonly batchMax: number;
  readonly signal: AbortSignal;
}

export interface EventSource {
  /** Events of one stream in order from a revision (inclusive), at most `limit`. An absent stream is empty. */
  readStream(stream: string, fromRevision: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Everything after `from` (exclusive) in global order, then live, until aborted. Ends without error on abort. */
  follow(from: Position | null, options: FollowOptions): AsyncIterable<EventBatch>;
  /** One slice of the log after (or, backwards, before) `from`, exclusive; at most `limit` events. Not live. */
  readAll(from: Position | null, direction: 'forwards' | 'backwards', limit: number): Promise<readonly RecordedEvent[]>;
  /**
   * One bounded step through the log after `from` (exclusive): some ten milliseconds of work, a megabyte or two of events,
   * perhaps none. Not live.
   */
  scan(from: Position | null, hint: ScanHint): Promise<ScannedSlice>;
  head(): Promise<Position | null>;
}

/** A field of a document that can be filtered or sorted on. Lists answer to `has`. */
export type IndexedValue = string | number | boolean | null | readonly string[];

/** A collection and the indexes it is queried by; fields are top-level keys of the document. */
export interface CollectionSpec {
  readonly name: string;
  /** Each index is an ordered list of fields; keyset paging follows its order, then the id. */
  readonly indexes: readonly (readonly string[])[];
  /** Fields that hold a list of strings and answer to `has`, each by an index of its own. */
  readonly lists?: readonly string[];
}

export interface StoredDocument<T> {
  readonly id: string;
  readonly document: T;
  /** Position (commit) of the last event folded in. */
  readonly position: bigint;
  /** Characters of its JSON; in answers to queries, where the store knows. */
  readonly chars?: number;
}

/** `expected: null` means: must not exist. */
export interface DocumentWrite {
  readonly id: string;
  readonly document: object | null;
  readonly position: bigint;
  readonly expected: bigint | null;
}

export interface DocumentQuery {
  readonly where: {
    readonly [field: string]:
      | { readonly equals: string | number | boolean | null }
      | { readonly has: string }
      | { readonly startsWith: string }
      | { readonly from?: string | number; readonly below?: string | number };
  };
  /** Sort field (indexed), then id. Absent: by id. */
  readonly orderBy?: { readonly field: string; readonly direction: 'ascending' | 'descending' };
  /** Keyset: the sort value and id of the last document of the page before. */
  readonly after?: { readonly value: string | number | null; readonly id: string };
  readonly limit: number;
  /** A store that knows their `chars` stops at the document with which they reach this. */
  readonly charsMax?: number;
}

export interface Documents {
  /** Creates the collection and its indexes if they are missing. */
  ensure(collection: CollectionSpec): Promise<void>;
  get<T>(collection: string, id: string): Promise<StoredDocument<T> | null>;
  getMany<T>(collection: string, ids: readonly string[]): Promise<ReadonlyMap<string, StoredDocument<T>>>;
  /**
   * Compare-and-set by position, one outcome a write, in order. `lost`: another writer was there.
   * A `null` document deletes. Durable when it resolves.
   */
  write(collection: string, writes: readonly DocumentWrite[]): Promise<readonly ('applied' | 'lost')[]>;
  find<T>(collection: string, query: DocumentQuery): Promise<readonly StoredDocument<T>[]>;
  /** Whether any document has any of these values in this list. One look at an index a value, however many there are. */
  hasAny(collection: string, list: string, values: readonly string[]): Promise<boolean>;
  count(collection: string): Promise<number>;
  drop(collection: string): Promise<void>;
}

export interface Checkpoints {
  get(name: string): Promise<Position | null>;
  /**
   * The same, and from now on only who holds this epoch may advance it: the fence against a runner that was taken for
   * dead. An older epoch than the one that stands changes nothing, and its `advance` is lost.
   */
  take(name: string, epoch: number): Promise<Position | null>;
  /** Compare-and-set: `lost` when the stored one is not `from`, or another epoch than this one has taken it. */
  advance(name: string, change: CheckpointMove): Promise<'advanced' | 'lost'>;
  /** To before everything. The fence stays. */
  reset(name: string): Promise<void>;
}

export interface CheckpointMove {
  readonly from: Position | null;
  readonly to: Position;
  /** Of the lease under which it is moved; 0 for a checkpoint that nobody has taken. */
  readonly epoch: number;
}

/**
 * How far consumers have come in other processes. A hint that may be lost: the truth is in the checkpoints, though a
 * checkpoint may be behind what was handled.
 */
export interface ProgressNews {
  /** Tells the others; never throws, and may gather for a few milliseconds. */
  announce(positions: ReadonlyMap<string, Position>): void;
  /** Hears the others. @returns what ends it. */
  listen(listener: (name: string, position: Position) => void): () => void;
}

/**
 * What a process is there for: `api` answers requests, `projector` follows the log (read models, policies, the delivery
 * ledger), `worker` works jobs and sweeps. Any number of processes may have each.
 */
export const roles = ['api', 'projector', 'worker'] as const;
export type Role = (typeof roles)[number];

/** What a process holds while it holds a lease. */
export interface Held {
  /** Grows with each holder of this lease, and is never given twice. */
  readonly epoch: number;
  /** Aborts when the lease was lost, or the holder is to stop. */
  readonly signal: AbortSignal;
}

/** Which of many processes does what only one may do at a time. */
export interface Leases {
  /**
   * Runs `work` each time this process holds the lease, until `signal` aborts; then gives it back at once, so that the
   * next holder need not wait. A holder that dies is replaced within 10 s. Never two holders that both live: who can't
   * renew is told by its own signal before anybody else may take over.
   */
  whileHeld(name: string, signal: AbortSignal, work: (held: Held) => Promise<void>): Promise<void>;
}

/** Which build of a projection answers queries; a rebuild makes the next one beside it and switches. */
export interface Generations {
  /** 1 when never rebuilt. */
  active(projection: string): Promise<number>;
  /** Compare-and-set. */
  activate(projection: string, from: number, to: number): Promise<'activated' | 'lost'>;
}

/** A job is a stored contract too: versioned payload, id derived from the log, never made by a request. */
export interface Job<T = unknown> {
  readonly id: string;
  readonly payload: T;
  /** How often it was started before. */
  readonly attempts: number;
}

export interface JobQueue {
  /** Adds what is not there yet (same id: once). `notBefore` is ISO 8601 UTC. Durable when it resolves. */
  add(
    queue: string,
    jobs: readonly { readonly id: string; readonly payload: object; readonly notBefore?: string }[],
  ): Promise<void>;
  /** Which of these ids are waiting or running. */
  known(queue: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Runs `handle` for each due job until aborted, at most `concurrency` at once. A job whose process died is
   * handed out again after `leaseMs`. Returning `done` removes it, `retryAt` puts it back.
   * A throw counts as `retryAt` with the queue's own backoff.
   */
  work<T>(queue: string, options: WorkOptions, handle: (job: Job<T>) => Promise<JobOutcome>): Promise<void>;
}

export interface WorkOptions {
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly signal: AbortSignal;
}

export type JobOutcome = { readonly kind: 'done' } | { readonly kind: 'retry'; readonly notBefore: string };
