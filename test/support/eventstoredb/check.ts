/**
 * Whether an append may be written: the expected revision, and whether its events are there already. The table is
 * that of the reference, measured on EventStoreDB 24.6; event data is never compared.
 */
import type { RecentIds } from './recentIds.ts';
import { headOf, isSoftDeleted, type Stream } from './streams.ts';

export type Expected = 'any' | 'no_stream' | 'stream_exists' | bigint;

export type Verdict =
  | { readonly kind: 'write' }
  /** Written before, up to this revision. */
  | { readonly kind: 'known'; readonly revision: number }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'deleted' };

interface Question {
  readonly stream: Stream;
  readonly expected: Expected;
  readonly ids: readonly string[];
}

interface Memory {
  readonly recentIds: RecentIds;
  /** Undefined where the stream has no such revision. */
  readonly idAt: (stream: Stream, revision: number) => string | undefined;
}

/** `any` and `stream_exists` look ids up in memory only: old ones are written again. */
const checkByIds = ({ stream, ids }: Question, { recentIds }: Memory): Verdict => {
  const found = ids.map((id) => recentIds.find(id)).map((at) => (at?.stream === stream.name ? at.revision : undefined));
  const last = found.at(-1);
  if (found[0] === undefined) return { kind: 'write' };
  return last === undefined || found.includes(undefined) ? { kind: 'wrong' } : { kind: 'known', revision: last };
};

/** An older exact revision compares the events after it, which works after a restart too. */
const checkByRevision = ({ stream, expected, ids }: Question, { idAt }: Memory): Verdict => {
  const head = headOf(stream);
  const after = expected === 'no_stream' ? -1 : Number(expected);
  if (after > head) return { kind: 'wrong' };
  if (after === head || ids.length === 0) return after === head ? { kind: 'write' } : { kind: 'wrong' };
  const differs = ids.findIndex((id, index) => idAt(stream, after + 1 + index) !== id);
  if (differs < 0) return { kind: 'known', revision: after + ids.length };
  return differs === 0 && after === -1 && isSoftDeleted(stream) ? { kind: 'write' } : { kind: 'wrong' };
};

export const checkAppend = (question: Question, memory: Memory): Verdict => {
  const { stream, expected } = question;
  if (stream.tombstone !== null) return { kind: 'deleted' };
  if (expected === 'stream_exists') {
    if (headOf(stream) < 0) return { kind: 'wrong' };
    if (isSoftDeleted(stream)) return { kind: 'deleted' };
  }
  return expected === 'any' || expected === 'stream_exists'
    ? checkByIds(question, memory)
    : checkByRevision(question, memory);
};
