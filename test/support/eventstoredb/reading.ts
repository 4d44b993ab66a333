/** Bounded reads: of one stream, and of `$all` in both directions. */
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { type Failure, invalidArgument, streamDeleted } from './failures.ts';
import { filterOf } from './filters.ts';
import { fail, type ReadCall, send, streamNotFound } from './sending.ts';
import type { Store } from './store.ts';
import { headOf, isSoftDeleted } from './streams.ts';

type Options = streamsPb.ReadReq.Options;
export type Indexes = Iterable<number>;
export type Answer =
  | { readonly kind: 'events'; readonly indexes: Indexes }
  | { readonly kind: 'notFound'; readonly name: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export const nameOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

const failed = (details: string): Answer => ({ kind: 'failed', failure: invalidArgument(details) });
const isBackwards = (options: Options): boolean =>
  options.getReadDirection() === streamsPb.ReadReq.Options.ReadDirection.BACKWARDS;
/** A client that names no bound asks for more than a number holds exactly. */
const countOf = (options: Options): number => Number(options.getCount());

function* steps(from: number, to: number, by: 1 | -1): Generator<number> {
  for (let at = from; by === 1 ? at <= to : at >= to; at += by) yield at;
}

function* mapped(indexes: Indexes, to: (index: number) => number): Generator<number> {
  for (const index of indexes) yield to(index);
}

function* filtered(indexes: Indexes, matches: (index: number) => boolean): Generator<number> {
  for (const index of indexes) if (matches(index)) yield index;
}

function* taken(indexes: Indexes, max: number): Generator<number> {
  let left = max;
  for (const index of indexes) {
    yield index;
    left -= 1;
    if (left <= 0) return;
  }
}

const revisionsOf = (options: Options, store: Store): Answer | { readonly from: number; readonly to: number } => {
  const asked = options.getStream();
  const stream = store.stream(nameOf(asked?.getStreamIdentifier()?.getStreamName_asU8()));
  if (stream.tombstone !== null) return { kind: 'failed', failure: streamDeleted(stream.name) };
  if (headOf(stream) < 0 || isSoftDeleted(stream)) return { kind: 'notFound', name: stream.name };
  const head = headOf(stream);
  const first = store.firstVisible(stream);
  const revision = asked?.hasRevision() === true ? Number(asked.getRevision()) : 0;
  if (!isBackwards(options)) return { from: Math.max(revision, first), to: head };
  return { from: asked?.hasEnd() === true ? head : Math.min(revision, head), to: first };
};

const readStream = (options: Options, store: Store): Answer => {
  const asked = options.getStream();
  if (asked?.hasEnd() === true && !isBackwards(options)) return failed('forwards from the end');
  const stream = store.stream(nameOf(asked?.getStreamIdentifier()?.getStreamName_asU8()));
  const range = revisionsOf(options, store);
  if ('kind' in range) return range;
  const by = isBackwards(options) ? -1 : 1;
  const indexes = mapped(steps(range.from, range.to, by), (revision) => stream.events[revision] ?? 0);
  return { kind: 'events', indexes: taken(indexes, countOf(options)) };
};

/** The index of the record at a position; null where there is none. */
export const indexAt = (store: Store, position: bigint): number | null => {
  const index = store.log.indexFrom(Number(position));
  return index < store.log.length() && BigInt(store.log.position(index)) === position ? index : null;
};

const allForwards = (options: Options, store: Store): Answer => {
  const { log } = store;
  const all = options.getAll();
  const position = all?.getPosition();
  if (all?.hasEnd() === true) return { kind: 'events', indexes: [] };
  if (position === undefined) return { kind: 'events', indexes: steps(0, log.length() - 1, 1) };
  const commit = BigInt(position.getCommitPosition());
  if (commit === 0n) return { kind: 'events', indexes: steps(0, log.length() - 1, 1) };
  if (commit >= BigInt(log.nextPosition(0))) return { kind: 'events', indexes: [] };
  const index = indexAt(store, commit);
  return index === null
    ? failed('no record at this position')
    : { kind: 'events', indexes: steps(index, log.length() - 1, 1) };
};

const allBackwards = (options: Options, store: Store): Answer => {
  const { log } = store;
  const all = options.getAll();
  const position = all?.getPosition();
  if (all?.hasEnd() === true) return { kind: 'events', indexes: steps(log.length() - 1, 0, -1) };
  if (position === undefined) return { kind: 'events', indexes: [] };
  const commit = BigInt(position.getCommitPosition());
  const end = BigInt(log.nextPosition(0));
  const index = commit === end ? log.length() : indexAt(store, commit);
  return index === null ? failed('no record at this position') : { kind: 'events', indexes: steps(index - 1, 0, -1) };
};

const answerRead = (options: Options, store: Store): Answer => {
  if (countOf(options) === 0) return failed('a count of zero');
  if (options.hasStream()) return readStream(options, store);
  const answer = isBackwards(options) ? allBackwards(options, store) : allForwards(options, store);
  if (answer.kind !== 'events') return answer;
  const filter = filterOf(options, store);
  const wanted = filter === null ? answer.indexes : filtered(answer.indexes, filter.matches);
  return { kind: 'events', indexes: taken(wanted, countOf(options)) };
};

export const runRead = async (call: ReadCall, options: Options, store: Store): Promise<void> => {
  const answer = answerRead(options, store);
  if (answer.kind === 'failed') {
    fail(call, answer.failure);
    return;
  }
  if (answer.kind === 'notFound') await send(call, streamNotFound(answer.name));
  else for (const index of answer.indexes) if (!(await send(call, store.log.frame(index)))) return;
  call.end();
};
