/** What writers can ask for: append, delete, tombstone. */
import { randomUUID } from 'node:crypto';
import { checkAppend, type Expected } from './check.ts';
import type { ProposedEvent } from './frames.ts';
import { metadataType, type Store, tombstoneType } from './store.ts';
import {
  deletedRevision,
  headOf,
  isMetastream,
  isSoftDeleted,
  metastreamOf,
  type Stream,
  streamOfMetastream,
  withTruncation,
} from './streams.ts';

/** One append: data only, without metadata (24.6), the limit itself included. */
export const appendBytesMax = 1024 * 1024;
export type Appended =
  | {
      readonly kind: 'success';
      readonly revision: number;
      /** Null for a repeat of what can't be read any more. */
      readonly position: number | null;
      /** To be called when the write is known everywhere: from then on its repeats are answered. */
      readonly settle?: () => void;
    }
  /** A repeat that came while the first was being written: the server says nothing until it times out. */
  | { readonly kind: 'unsettled' }
  | { readonly kind: 'tooLarge' }
  | Refused;

/** `head` is -1 when there is no stream. */
export type Refused = { readonly kind: 'wrong'; readonly head: number } | { readonly kind: 'deleted' };

export type Deleted = { readonly kind: 'success'; readonly position: number } | Refused;

export interface Writes {
  readonly append: (name: string, expected: Expected, events: readonly ProposedEvent[]) => Appended;
  readonly softDelete: (name: string, expected: Expected) => Deleted;
  readonly tombstone: (name: string, expected: Expected) => Deleted;
}

const systemEvent = (type: string, data: string): ProposedEvent => ({
  id: randomUUID(),
  type,
  contentType: 'application/json',
  data: Buffer.from(data),
  metadata: Buffer.alloc(0),
});

export const createWrites = (store: Store): Writes => {
  const { log, recentIds, idAt } = store;

  const truncate = (stream: Stream, before: bigint): number =>
    store.write(store.stream(metastreamOf(stream.name)), [
      systemEvent(metadataType, withTruncation(stream.metadata, before)),
    ]);

  /** A deleted stream that is written to again, or whose metadata is, begins after its last event. */
  const revived = (stream: Stream): (() => void) => {
    const deleted = isMetastream(stream.name) ? store.stream(streamOfMetastream(stream.name)) : stream;
    if (!isSoftDeleted(deleted)) return () => {};
    const begins = BigInt(deleted.events.length);
    return () => truncate(deleted, begins);
  };

  const repeated = (stream: Stream, revision: number): Appended => {
    if (revision > stream.settledRevision) return { kind: 'unsettled' };
    const index = stream.events[revision];
    const isVisible = index !== undefined && revision >= store.firstVisible(stream);
    return { kind: 'success', revision, position: isVisible ? log.position(index) : null };
  };

  /** Answered as if event 0 had been written, though the stream is not there. */
  const appendNothing = (stream: Stream): Appended => {
    const position = log.nextPosition(0);
    log.skip();
    return { kind: 'success', revision: Math.max(headOf(stream), 0), position };
  };

  const append: Writes['append'] = (name, expected, events) => {
    const stream = store.stream(name);
    if (events.reduce((sum, { data }) => sum + data.length, 0) > appendBytesMax) return { kind: 'tooLarge' };
    const verdict = checkAppend({ stream, expected, ids: events.map(({ id }) => id) }, { recentIds, idAt });
    if (verdict.kind === 'known') return repeated(stream, verdict.revision);
    if (verdict.kind === 'deleted') return verdict;
    if (verdict.kind === 'wrong') return { kind: 'wrong', head: headOf(stream) };
    if (events.length === 0) return appendNothing(stream);
    const revive = revived(stream);
    const position = store.write(stream, events);
    const revision = headOf(stream);
    revive();
    const settle = (): void => {
      stream.settledRevision = Math.max(stream.settledRevision, revision);
    };
    return { kind: 'success', revision, position, settle };
  };

  const removed = (name: string, expected: Expected, remove: (stream: Stream) => number): Deleted => {
    const stream = store.stream(name);
    const verdict = checkAppend({ stream, expected, ids: [] }, { recentIds, idAt });
    if (verdict.kind === 'deleted') return verdict;
    if (verdict.kind !== 'write') return { kind: 'wrong', head: headOf(stream) };
    return { kind: 'success', position: remove(stream) };
  };

  return {
    append,
    softDelete: (name, expected) =>
      headOf(store.stream(name)) < 0 && store.stream(name).tombstone === null
        ? { kind: 'wrong', head: -1 }
        : removed(name, expected, (stream) => truncate(stream, deletedRevision)),
    tombstone: (name, expected) =>
      removed(name, expected, (stream) => store.write(stream, [systemEvent(tombstoneType, '{}')])),
  };
};
