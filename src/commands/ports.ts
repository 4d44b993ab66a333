/**
 * What the write side needs from the world. No port has an unsafe default; every adapter passes its suite in `test/contracts`.
 */
import type { Principal } from '../domain/access/principal.ts';
import type { EventEnvelope, Position, RecordedEvent, Sealed } from '../domain/message.ts';
import type { Candidate, Point } from '../domain/policies/ranking.ts';

/** Always exact; there is no `any` (DESIGN §4.3). A number is the revision of the last event of the stream. */
export type ExpectedRevision = 'no_stream' | number;

export type AppendResult =
  /**
   * All events are durable and hold consecutive revisions. The position of the last is its own; those before it may have
   * the same, where a server tells no other: whoever waits for one waits for the whole append.
   */
  | { readonly kind: 'appended'; readonly events: readonly RecordedEvent[] }
  /** The stream has moved. Nothing was written. Or it was by an earlier attempt, that of another process maybe. */
  | { readonly kind: 'conflict'; readonly actual: ExpectedRevision }
  /** Some of the ids are in the store already. Nothing was written. Not from a store that `isBlindToKnownIds`. */
  | { readonly kind: 'duplicate'; readonly eventIds: readonly string[] };

export interface EventStore {
  /**
   * An append at the exact head is not checked for ids that are in the log already (EventStoreDB: measured). Whoever
   * appends must then know the commands of the stream by itself.
   */
  readonly isBlindToKnownIds?: boolean;
  /**
   * All or nothing, durable when it resolves.
   * @throws StoreUnavailable when it is certain that nothing was written, and also when it is not
   *   (`outcome: 'unknown'`): a retry must then carry the same ids and the same expected revision.
   */
  append(stream: string, expected: ExpectedRevision, events: readonly EventEnvelope[]): Promise<AppendResult>;
  /**
   * Events of one stream in order from a revision (inclusive), at most `limit`. An absent stream is empty. Whoever was
   * shown an event finds here all that lies before it in the log, though its own append may not have resolved yet.
   */
  readStream(stream: string, fromRevision: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Position of the newest event; `null` when there is none. */
  head(): Promise<Position | null>;
}

/** Another command, on another stream, has recorded events under ids that follow from this command's id. */
export class CommandIdTaken extends Error {
  override readonly name = 'CommandIdTaken';
}

/** What the operator of the service has to put right. The message is one line that says what to do; a stack tells them nothing. */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
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

/**
 * Seals personal data under a key of its subject (a customer, or the author of a note), kept apart from the events.
 * `context` binds the sealed text to its place (stream and field), so that it can't be moved elsewhere.
 */
export interface PersonalData {
  /** @throws SubjectErased when the subject's key was destroyed: the fence stays. */
  seal(subject: string, context: string, value: unknown): Promise<Sealed>;
  /** The same text gives the same one, and without the subject's key it tells nothing. @throws SubjectErased */
  digest(subject: string, text: string): Promise<string>;
  /** `null` when the key is gone for ever. @throws when the text was tampered with or moved. */
  open(sealed: Sealed, context: string): Promise<unknown>;
  /** From now on the subject is found by this e-mail address. Durable; again, it changes nothing. @throws SubjectErased */
  remember(subject: string, email: string): Promise<void>;
  /** Subjects that were remembered with this address, in no order, at most `limit`. None of them is erased. */
  rememberedBy(email: string, limit: number): Promise<readonly string[]>;
  /** Destroys the key, forgets the addresses and leaves a fence. Repeating it changes nothing. */
  erase(subject: string): Promise<void>;
}

export class SubjectErased extends Error {
  override readonly name = 'SubjectErased';
}

/** The first answer to an idempotency key, as it went over the wire. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

export interface IdempotencyRecord {
  /** Hash of method, path and body: the same key with another one is a mistake (422). */
  readonly fingerprint: string;
  readonly answer: StoredAnswer;
}

export interface KeptAnswer extends IdempotencyRecord {
  readonly id: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly recordedAt: string;
}

/**
 * Answers to idempotency keys, kept at least 7 days. `id` is a UUIDv5 derived from who asked and the key they sent, so
 * that nobody meets another's key.
 */
export interface IdempotencyRecords {
  find(id: string): Promise<IdempotencyRecord | null>;
  /**
   * Remembers when a key was first used, before anything is done: ids that carry a time are derived from it, so that
   * a retry after a crash makes the same ones. Durable when it resolves. @returns the time of the first claim.
   */
  claim(id: string, claimedAt: string): Promise<string>;
  /** Durable when it resolves. The first answer for an id wins. */
  save(answers: readonly KeptAnswer[]): Promise<void>;
  /** Removes what is older than `before`; returns how many. */
  prune(before: string): Promise<number>;
}

/**
 * What a policy must find out before it can ask for anything. Figures come from the write side and are exact; these
 * only tell where to look, and must have seen the log up to `since`, the event that is reacted to.
 */
export interface AllocationFacts {
  /** Those that are open to sourcing. */
  warehouses(since: Position): Promise<readonly Candidate[]>;
  /** Ids of the warehouses where this SKU is registered. */
  warehousesHolding(sku: string, since: Position): Promise<readonly string[]>;
  /** Whether any order lacks a source for any of these: asked before the next two, which read orders. */
  isAnyWaitingFor(skus: readonly string[], since: Position): Promise<boolean>;
  /** A page of those for this SKU (`null`: for any), by `placedAt` and id. `cursor` of the first: `null`. */
  ordersWaitingFor(sku: string | null, since: Position, cursor: string | null): Promise<WaitingPage>;
  oldestWaitingFor(sku: string, since: Position): Promise<WaitingOrder | null>;
}

export interface WaitingOrder {
  readonly orderId: string;
  readonly placedAt: string;
  readonly allowSplit: boolean;
  /** All that it lacks a source for. */
  readonly skus: readonly string[];
}

export interface WaitingPage {
  readonly orders: readonly WaitingOrder[];
  readonly nextCursor: string | null;
}

/** The middle of a country (ISO 3166-1 alpha-2); `null` for a code that is none. */
export type CountryPoint = (countryCode: string) => Point | null;

export interface DueReservation {
  readonly warehouseId: string;
  readonly sku: string;
  readonly reservationId: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly expiresAt: string;
}

/** Which reservations are past their time. May be behind: the decider has the last word. */
export interface DueReservations {
  /** The longest overdue first; `after`: those that follow it. */
  dueAt(now: string, limit: number, after?: DueReservation): Promise<readonly DueReservation[]>;
}

/** Hears how late reservations end, for whoever watches the service. */
export interface LapseWatch {
  /** A reservation was ended, so long after its time. */
  ended(lateMs: number): void;
  /** How long the oldest of all that are due has been due, at each look; 0 when none is. */
  oldestDue(dueForMs: number): void;
}

export interface Clock {
  /** ISO 8601 UTC with milliseconds. */
  now(): string;
}

/** New ids of ours: UUIDv7. */
export type NewId = () => string;

/** Turns a bearer access token (RFC 9068) into who asks. */
export interface TokenVerifier {
  /** @throws TokenRefused with a reason that is safe to show. */
  verify(token: string): Promise<Principal>;
}

export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}
