/**
 * What a store does to the file, as named writes that take and give plain values: so they can be asked for from another
 * thread. Each runs inside a group commit, may be run again when another write of its commit throws, and keeps nothing
 * outside the file.
 */
import type { StatementSync } from 'node:sqlite';

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
