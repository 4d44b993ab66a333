/** Two logs side by side. What is the same is told by the leaf of each event, its place in its stream included. */
import { createHash } from 'node:crypto';
import { merkleLeaf } from '../audit/merkleLeaf.ts';
import { asStored, decodeStored } from '../domain/events.ts';
import type { Position, RecordedEvent } from '../eventsourcing/message.ts';

/** Events after a position (exclusive) in global order, at most `limit`; fewer mean that the log ends there. */
export type ReadLog = (from: Position | null, limit: number) => Promise<readonly RecordedEvent[]>;

export interface Comparison {
  /** How the target ends: as the source does, before it, after it, or it holds something else at the place told. */
  readonly end: 'same' | 'shorter' | 'longer' | 'different';
  /** So many events, from the first on, are the same in both. */
  readonly events: number;
  /** Hex SHA-256, chained over their leaves in global order: hash(hash before ‖ leaf). Zeros for none. */
  readonly digest: string;
  /** The last revision of each of their streams: some 100 bytes a stream, and streams are the bound of what is held. */
  readonly revisions: ReadonlyMap<string, number>;
  /** Where both logs go on after them. */
  readonly sourceAt: Position | null;
  readonly targetAt: Position | null;
  /** What stands next in the source and in the target, for the operator who has to find out. */
  readonly next: { readonly source: RecordedEvent | null; readonly target: RecordedEvent | null };
}

/** Large enough that a server's answer time does not count, small enough to hold two of them. */
const pageEvents = 500;

export async function* eventsAfter(read: ReadLog, from: Position | null): AsyncGenerator<RecordedEvent, undefined> {
  for (let at = from; ; ) {
    const page = await read(at, pageEvents);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageEvents) return undefined;
    at = last.position;
  }
}

/** Of what is stored. @throws UnknownEvent for what this build could not read. */
export const leafOf = (event: RecordedEvent): string => merkleLeaf(asStored(decodeStored(event)));

const chain = (digest: string, leaf: string): string =>
  createHash('sha256').update(Buffer.from(digest, 'hex')).update(Buffer.from(leaf, 'hex')).digest('hex');

export const nothingCompared: Comparison = {
  end: 'same',
  events: 0,
  digest: '0'.repeat(64),
  revisions: new Map(),
  sourceAt: null,
  targetAt: null,
  next: { source: null, target: null },
};

const endOf = (source: RecordedEvent | null, target: RecordedEvent | null): Comparison['end'] => {
  if (source === null) return target === null ? 'same' : 'longer';
  return target === null ? 'shorter' : 'different';
};

/** Goes on where `before` has ended, up to the first event that is not the same, or the end of a log. */
export const compareLogs = async (
  source: ReadLog,
  target: ReadLog,
  before: Comparison,
  onProgress: (events: number) => void,
): Promise<Comparison> => {
  const ours = eventsAfter(source, before.sourceAt);
  const theirs = eventsAfter(target, before.targetAt);
  const revisions = new Map(before.revisions);
  let { events, digest, sourceAt, targetAt } = before;
  for (;;) {
    const [{ value: our = null }, { value: their = null }] = await Promise.all([ours.next(), theirs.next()]);
    const leaf = our === null || their === null ? null : leafOf(our);
    if (our === null || their === null || leaf === null || leafOf(their) !== leaf) {
      const next = { source: our, target: their };
      return { end: endOf(our, their), events, digest, revisions, sourceAt, targetAt, next };
    }
    events += 1;
    digest = chain(digest, leaf);
    revisions.set(our.stream, our.revision);
    sourceAt = our.position;
    targetAt = their.position;
    onProgress(events);
  }
};
