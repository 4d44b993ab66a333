/** What goes between a database and the thread that writes it. */
import { StoreDamaged, StoreUnavailable } from '../../../eventsourcing/ports.ts';

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

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: PackedError };

/** An error between threads would lose its class and the fields of its own. */
export interface PackedError {
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
