/**
 * What the engine needs from the world: the log, checkpoints, leases. No port has an unsafe default, and every adapter
 * passes the suite of its port in `test/contracts`.
 */
import type { EventEnvelope, Position, RecordedEvent } from './message.ts';

/**
 * Always exact; there is no `any` (docs/architecture.md, "The way of a command"). A number is the revision of the last
 * event of the stream.
 */
export type ExpectedRevision = 'no_stream' | number;

export type AppendResult =
  /**
   * All events are durable and hold consecutive revisions. The position of the last is its own; those before it may have
   * the same, where a server tells no other: a wait for one is a wait for the whole append.
   */
  | { readonly kind: 'appended'; readonly events: readonly RecordedEvent[] }
  /** The stream has moved. Nothing was written. Or it was by an earlier attempt, that of another process maybe. */
  | { readonly kind: 'conflict'; readonly actual: ExpectedRevision }
  /** Some of the ids are in the store already. Nothing was written. Not from a store that `isBlindToKnownIds`. */
  | { readonly kind: 'duplicate'; readonly eventIds: readonly string[] };

/** What both sides read. One adapter has it once. */
interface StreamReader {
  /**
   * Events of one stream in order from a revision (inclusive), at most `limit`. An absent stream is empty. A caller that was
   * shown an event finds here all that lies before it in the log, though its own append may not have resolved yet.
   */
  readStream(stream: string, fromRevision: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Position of the newest event; `null` when there is none. */
  head(): Promise<Position | null>;
}

export type LocatedEvent = Pick<RecordedEvent, 'id' | 'stream' | 'revision'>;

export interface EventStore extends StreamReader {
  /**
   * An append at the exact head is not checked for ids that are in the log already (EventStoreDB: measured). The
   * caller must then know the commands of the stream by itself.
   */
  readonly isBlindToKnownIds?: boolean;
  /** Where these ids are in the log, those that are. Only of a store that is not blind to them. */
  locate?(eventIds: readonly string[]): Promise<readonly LocatedEvent[]>;
  /**
   * All or nothing, durable when it resolves.
   * @throws StoreUnavailable when it is certain that nothing was written, and also when it is not
   *   (`outcome: 'unknown'`): a retry must then carry the same ids and the same expected revision.
   */
  append(stream: string, expected: ExpectedRevision, events: readonly EventEnvelope[]): Promise<AppendResult>;
}

/** Another command, on another stream, has recorded events under ids that follow from this command's id. */
export class CommandIdTaken extends Error {
  override readonly name = 'CommandIdTaken';
}

/** The engine behind a port can't take the work now. Maps to 503. */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable';
  readonly outcome: 'not_written' | 'unknown';
  constructor(message: string, outcome: 'not_written' | 'unknown', cause?: unknown) {
    super(message, { cause });
    this.outcome = outcome;
  }
}

/**
 * A file of the store is damaged, gone, or not the one that was opened. Nothing is read from it or written to it any
 * more, until an operator has restored it: no later attempt does better. The message is for the operator.
 */
export class StoreDamaged extends StoreUnavailable {
  override readonly name = 'StoreDamaged';
}

export interface Clock {
  /** ISO 8601 UTC with milliseconds. */
  now(): string;
}

/** Part of the log. `upTo` is where to go on; `null` while nothing is there at all. */
interface ScannedSlice {
  readonly events: readonly RecordedEvent[];
  readonly upTo: Position | null;
  readonly isCaughtUp: boolean;
}

/** What the events of a scan have in common. A source may hand over others too, and never leaves one of them out. */
export interface ScanHint {
  readonly types?: readonly string[];
  /** Each stands in the stored JSON of the data. */
  readonly texts?: readonly string[];
  /** The event is of this stream, or has the text: where both are given, either will do. */
  readonly either?: { readonly stream: string; readonly text: string };
}

/**
 * A slice of the log. `upTo` may lie beyond the last event when others were filtered out. Positions of a server have
 * gaps: how far behind a reader is can't be told by their difference, so `isCaughtUp` says that nothing more is there
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

export interface EventSource extends StreamReader {
  /** Everything after `from` (exclusive) in global order, then live, until aborted. Ends without error on abort. */
  follow(from: Position | null, options: FollowOptions): AsyncIterable<EventBatch>;
  /** One slice of the log after (or, backwards, before) `from`, exclusive; at most `limit` events. Not live. */
  readAll(from: Position | null, direction: 'forwards' | 'backwards', limit: number): Promise<readonly RecordedEvent[]>;
  /**
   * One bounded step through the log after `from` (exclusive): some ten milliseconds of work, a megabyte or two of events,
   * perhaps none. Not live.
   */
  scan(from: Position | null, hint: ScanHint): Promise<ScannedSlice>;
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
export interface ProgressPubSub {
  /** Tells the others; never throws, and may gather for a few milliseconds. */
  announce(positions: ReadonlyMap<string, Position>): void;
  /** Hears the others. @returns what ends it. */
  listen(listener: (name: string, position: Position) => void): () => void;
}

/**
 * What a process is there for: `api` answers requests, `projector` follows the log (read models, policies, the delivery
 * ledger), `worker` works jobs and sweeps. Any number of processes may have each.
 */
export const processRoles = ['api', 'projector', 'worker'] as const;
export type ProcessRole = (typeof processRoles)[number];

/** What a process holds while it holds a lease. */
export interface HeldLease {
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
  whileHeld(name: string, signal: AbortSignal, work: (held: HeldLease) => Promise<void>): Promise<void>;
}

/** Which build of a projection answers queries; a rebuild makes the next one beside it and switches. */
export interface Generations {
  /** 1 when never rebuilt. */
  active(projection: string): Promise<number>;
  /** Compare-and-set. */
  activate(projection: string, from: number, to: number): Promise<'activated' | 'lost'>;
}

const inWords = (cause: unknown): string | undefined =>
  cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined;

/**
 * What a log line says of a failure. An engine that is away is no fault of the code: its reason is enough, and many
 * stacks would hide it. All else comes with its stack.
 */
export const failureFacts = (error: unknown): { readonly [name: string]: unknown } =>
  error instanceof StoreUnavailable ? { reason: error.message, cause: inWords(error.cause) } : { err: error };
