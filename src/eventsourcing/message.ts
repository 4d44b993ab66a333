/**
 * The words every aggregate shares: what a stored event is, and what a decider is. Pure types and a few total
 * functions; no clock, no randomness, no package.
 */

/** JSON-native values only: what can be stored for ever and read by any language. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** The fact itself, as a decider returns it. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
}

/**
 * A place in the global order of all events. Outside the store it travels as an opaque string.
 * Both numbers are kept: an EventStoreDB checkpoint is not defined by its commit alone.
 */
export interface Position {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/**
 * Who did it. `kind` tells a person from a machine; never a name or an address (docs/architecture.md, "Personal data").
 */
export interface Actor {
  readonly subject: string;
  readonly kind: 'person' | 'client' | 'system';
  readonly client: string;
}

/** Metadata of a stored event. Never personal data. */
export interface EventMetadata {
  readonly $correlationId: string;
  readonly $causationId: string;
  readonly commandId: string;
  readonly actor: Actor;
  /** Fingerprint of the request that came under the key of the command; absent where its answer is kept instead. */
  readonly request?: string;
  /** Authentication context (RFC 9068 `acr`, `amr`) of the token that asked. */
  readonly authentication: { readonly acr?: string; readonly amr?: readonly string[] };
}

/** The envelope: what is written, before the store gives it a revision and a position. */
export interface EventEnvelope<E extends DomainEvent = DomainEvent> {
  /** UUIDv5 of command id and index, so that a retry writes the same ids. */
  readonly id: string;
  readonly type: E['type'];
  readonly schemaVersion: number;
  /** Business time, ISO 8601 UTC, given by the client and bounded. */
  readonly occurredAt: string;
  /** Our time, ISO 8601 UTC. */
  readonly recordedAt: string;
  readonly data: E['data'];
  readonly metadata: EventMetadata;
}

/** An event as it stands in the log. `revision` counts from 0 within its stream. */
export interface RecordedEvent<E extends DomainEvent = DomainEvent> extends EventEnvelope<E> {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  /** How it was written, where that was at an earlier version: what a hash is taken of, and what is moved elsewhere. */
  readonly storedAs?: { readonly schemaVersion: number; readonly data: object };
}

/** The type or the version of a stored event that this build does not know: a newer one wrote it. */
export class UnknownEvent extends Error {
  override readonly name = 'UnknownEvent';
}

/** A stored event in the shape of today. Stores are handed it: they know no domain. @throws UnknownEvent */
export type DecodeStored = (stored: RecordedEvent) => RecordedEvent;

/** A refusal is a value: the command was understood and may not be done. */
export interface Refusal<Code extends string = string> {
  readonly code: Code;
  readonly detail: string;
  /** Figures that help the caller, e.g. `{ available: 3 }`. Public values only. */
  readonly facts?: { readonly [name: string]: Json };
}

export type Decision<E extends DomainEvent, Code extends string> =
  | { readonly accepted: readonly E[] }
  | { readonly refused: Refusal<Code> };

export const accept = <E extends DomainEvent>(...events: E[]): { accepted: readonly E[] } => ({ accepted: events });

export const refuse = <Code extends string>(
  code: Code,
  detail: string,
  facts?: Refusal['facts'],
): { refused: Refusal<Code> } => ({ refused: { code, detail, ...(facts === undefined ? {} : { facts }) } });

/** How a state is written into a snapshot, and read back. */
export interface StateCodec<State> {
  /**
   * Goes up with every change of what the events of a stream fold to, and of how it is written: snapshots of another
   * version are not read (test/domain/snapshots.test.ts shows when it must).
   */
  readonly version: number;
  /** Parts of some 100,000 characters at most as JSON, each made in a few milliseconds; at least one. */
  readonly encode: (state: State) => Iterable<Json>;
  /** The state with one more part of it, in their order. `null`: before the first. */
  readonly decode: (part: Json, state: State | null) => State;
}

/** Of a state that is JSON itself, and small. */
export const jsonStates = <State>(version: number): StateCodec<State> => ({
  version,
  encode: (state) => [state as Json],
  decode: (part) => part as State,
});

/** One aggregate: what may happen (`decide`) and what it leads to (`evolve`). Both total, both pure. */
export interface Decider<State, Command, E extends DomainEvent, Code extends string> {
  /** Category of its streams: the text before the first `-`. */
  readonly category: string;
  readonly initialState: State;
  readonly decide: (command: Command, state: State) => Decision<E, Code>;
  readonly evolve: (state: State, event: E) => State;
  /** Rough size of a state in bytes, for the bound of the state cache. */
  readonly weigh: (state: State) => number;
  readonly codec: StateCodec<State>;
  /** Current schema version of each event type; a type that is missing is at 1. */
  readonly schemaVersions: { readonly [Type in E['type']]: number };
}

/** Only reachable when a union has grown and a switch has not. */
export const unreachable = (value: never): never => {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
};

/**
 * Personal data, sealed under its subject's key. Nothing in the domain can read it (docs/architecture.md, "Personal
 * data").
 */
declare const sealedBrand: unique symbol;
export type Sealed = string & { readonly [sealedBrand]: true };

/**
 * Declares every field of every event as `public` or `pii`. The mapped type leaves no choice: a `Sealed` field must say
 * `pii`, any other must say `public`, and a missing or extra one does not compile.
 */
export type FieldClasses<E extends DomainEvent> = {
  readonly [Type in E['type']]: {
    readonly [Field in keyof Required<Extract<E, { type: Type }>['data']>]: [
      NonNullable<Required<Extract<E, { type: Type }>['data']>[Field]>,
    ] extends [Sealed]
      ? 'pii'
      : 'public';
  };
};

/** Streams are `category-id`; the category is the text before the first `-` (docs/glossary.md, "stream"). */
export const categoryOf = (stream: string): string => stream.slice(0, stream.indexOf('-'));
export const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

/** The stores keep a commit in a signed 64-bit integer: at most this many decimal digits. */
const digits = 19;

/** A position as text whose order is the log's. The commit alone, which is also what documents are compared by. */
export const positionKey = ({ commit }: Position): string => commit.toString().padStart(digits, '0');

/** Negative, zero or positive, like any comparator. Commit first, prepare breaks the tie. */
export const comparePositions = (a: Position, b: Position): number =>
  a.commit === b.commit ? (a.prepare === b.prepare ? 0 : a.prepare < b.prepare ? -1 : 1) : a.commit < b.commit ? -1 : 1;

export const earlierOf = (a: Position, b: Position): Position => (comparePositions(a, b) <= 0 ? a : b);
export const laterOf = (a: Position, b: Position): Position => (comparePositions(a, b) >= 0 ? a : b);

/** The opaque token clients see: `<commit>-<prepare>` in base 36. */
export const formatPosition = (position: Position): string =>
  position.commit === position.prepare
    ? position.commit.toString(36)
    : `${position.commit.toString(36)}-${position.prepare.toString(36)}`;

const bigintOf = (digits: string): bigint => {
  let value = 0n;
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
};

const token = /^([0-9a-z]{1,13})(?:-([0-9a-z]{1,13}))?$/;

/** The stores keep a position in a signed 64-bit integer; a token beyond it would fail in their drivers. */
const positionMax = 2n ** 63n - 1n;

/** `null` when the text is not a token of ours. */
export const parsePosition = (text: string): Position | null => {
  const match = token.exec(text);
  if (match === null) return null;
  const commit = bigintOf(match[1] ?? '0');
  const prepare = match[2] === undefined ? commit : bigintOf(match[2]);
  return commit > positionMax || prepare > positionMax ? null : { commit, prepare };
};
