/** Writes to the file as named calls with plain values, so that another thread can do them. */
import type { StatementSync } from 'node:sqlite';
import { createTurns } from '../../../eventsourcing/concurrency.ts';
import { StoreDamaged, StoreUnavailable } from '../../../eventsourcing/ports.ts';

export interface Statements {
  /** A statement that is prepared once. */
  prepare(sql: string): StatementSync;
}

export type Writes = { readonly [name: string]: (...values: never[]) => unknown };

export interface WriteModule<W extends Writes> {
  readonly name: string;
  /** Makes what is missing; may be run again. */
  readonly schema: readonly string[];
  /** What a file of an earlier release lacks beside the schema; may be run again. */
  readonly upgrade?: (db: Statements) => void;
  readonly create: (db: Statements) => W;
}

/**
 * Resolves when durable. `committed` is called in commit order, before any caller of that commit goes on.
 * A throw undoes this write alone and rejects.
 * @throws StoreUnavailable when the disk is full, the file stays locked, or the disk fails.
 */
export type Writer<W extends Writes> = <Name extends keyof W>(
  name: Name,
  values: Parameters<W[Name]>,
  committed?: (value: ReturnType<W[Name]>) => void,
) => Promise<ReturnType<W[Name]>>;

/** What goes between a database and the thread that writes it. */

export interface ThreadOptions {
  readonly path: string;
}

/** The first message of the thread. */
export interface Begun {
  /** Why the file can't be opened, for the operator. */
  readonly refusal: string | null;
}

export interface Call {
  readonly id: number;
  /** Name of a `WriteModule`. */
  readonly module: string;
  /** `null` makes what the module needs in the file. */
  readonly write: string | null;
  readonly values: readonly unknown[];
}

export type CallAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: PackedError };

/** An error between threads would lose its class and the fields of its own. */
interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Result code of SQLite. */
  readonly errcode: number | undefined;
  readonly outcome: StoreUnavailable['outcome'] | undefined;
  readonly cause: PackedError | undefined;
}

export const packError = (error: unknown): PackedError => {
  const { name, message, stack, cause } = error instanceof Error ? error : new Error(String(error));
  const { errcode } = error as { readonly errcode?: number };
  return {
    name,
    message,
    stack,
    errcode,
    outcome: error instanceof StoreUnavailable ? error.outcome : undefined,
    cause: cause === undefined ? undefined : packError(cause),
  };
};

export const unpackError = ({ name, message, stack, errcode, outcome, cause: packed }: PackedError): Error => {
  const cause = packed === undefined ? undefined : unpackError(packed);
  if (outcome !== undefined) {
    return name === 'StoreDamaged'
      ? new StoreDamaged(message, outcome, cause)
      : new StoreUnavailable(message, outcome, cause);
  }
  const error = name === 'RangeError' ? new RangeError(message, { cause }) : new Error(message, { cause });
  return Object.assign(error, { stack, ...(errcode === undefined ? {} : { errcode }) });
};

/** Answers of the write thread, given to those who wait for them. */

/**
 * Of what goes on once it is answered, in one turn of the event loop: 64 orders of 2,000 lines take longer
 * (CONTRIBUTING.md).
 */
const turnBudgetMs = 20;

export interface WaitingCaller {
  readonly committed: ((value: never) => void) | undefined;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Learns of the commit at once. @returns what lets the caller go on. */
export const learn = (
  { committed, resolve, reject }: WaitingCaller,
  answer: CallAnswer,
  condemn: (damage: StoreDamaged) => void,
): (() => void) => {
  if ('error' in answer) {
    const error = unpackError(answer.error);
    if (error instanceof StoreDamaged) condemn(error);
    return () => reject(error);
  }
  try {
    committed?.(answer.value as never);
  } catch (error) {
    return () => reject(error);
  }
  return () => resolve(answer.value as never);
};

/** Lets callers go on in their order: those with much to do in several turns of the event loop. */
export const createGoOn = () => {
  const turns = createTurns({ budgetMs: turnBudgetMs });
  return async (callers: readonly (() => void)[]): Promise<void> => {
    for (const goOn of callers) {
      const turn = turns.take();
      if (turn !== null) await turn;
      goOn();
      // What it does now makes the turn longer.
      await Promise.resolve();
    }
  };
};

/** A commit with something in it goes all the way to the disk; an empty one would not notice that it is full. */

const schema = ['CREATE TABLE IF NOT EXISTS store_check (id INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT'];

const create = ({ prepare }: Statements) => {
  const touch = prepare('INSERT INTO store_check VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1');
  return {
    touch: (): void => {
      touch.run();
    },
  };
};

export const storeCheckWrites: WriteModule<ReturnType<typeof create>> = { name: 'store check', schema, create };
