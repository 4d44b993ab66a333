/** How a document stands in its collection, and what becomes of it when it is deleted. */
import type { Collection as MongoCollection } from 'mongodb';
import type { StoredDocument } from '../../eventsourcing/projecting/documents.ts';
import { decodeDocument } from './documentCodec.ts';

export interface Row {
  readonly _id: string;
  /** Of the last event folded in; of a tombstone, the complement, so that no guard of a living document meets it. */
  readonly position: bigint;
  /** Who wrote it: a new one for each call, so that the call can find out afterwards which writes were its own. */
  readonly writer: string;
  /** `null` in a tombstone. */
  readonly document: object | null;
  /** Of a tombstone only. */
  readonly deletedAt?: Date;
}

export type Rows = MongoCollection<Row>;

/**
 * How long a tombstone stays: far longer than any runner sleeps between reading and writing, so that one that wakes up
 * late can't bring back what another one deleted.
 */
export const tombstoneKeptSeconds = 24 * 3_600;

/** The complement of a position, and back: below zero for a tombstone, as positions begin at 0. */
export const buried = (position: bigint): bigint => -1n - position;

export const isTombstone = ({ position }: Pick<Row, 'position'>): boolean => position < 0n;

/** The condition that leaves tombstones out. */
export const isAlive = { position: { $gte: 0n } } as const;

/** The only cast: who asks for `T` has written it. */
export const toStored = <T>({ _id, document, position }: Row): StoredDocument<T> => ({
  id: _id,
  document: decodeDocument(document ?? {}) as T,
  position,
});
