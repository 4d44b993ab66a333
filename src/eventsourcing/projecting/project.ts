import type { RecordedEvent } from '../message.ts';
import type { Documents, DocumentWrite, StoredDocument } from './documents.ts';
import type { AnyProjection } from './projection.ts';

/** Another runner wrote the document or moved the checkpoint: stop, and begin again from what is stored. */
export class LostOwnership extends Error {
  override readonly name = 'LostOwnership';
}

/** Position of a document that does not exist: below every event. */
const beforeAll = -1n;

/** The events of a batch that touch each document, in their order. */
const eventsById = (
  projection: AnyProjection,
  owns: Target['owns'],
  events: readonly RecordedEvent[],
): Map<string, RecordedEvent[]> => {
  const touches = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    for (const id of projection.idsOf(event)) {
      if (owns !== undefined && !owns(id)) continue;
      const known = touches.get(id);
      if (known === undefined) touches.set(id, [event]);
      else known.push(event);
    }
  }
  return touches;
};

/** An event that the document has seen is skipped, so that a batch may be handed over twice. */
const unseen = (events: readonly RecordedEvent[], after: bigint): readonly RecordedEvent[] => {
  let at = after;
  return events.filter(({ position }) => {
    if (position.commit <= at) return false;
    at = position.commit;
    return true;
  });
};

/** `null` when there is nothing new, or when what came and went within the batch was never stored. */
const writeOf = (
  projection: AnyProjection,
  id: string,
  stored: StoredDocument<object> | undefined,
  events: readonly RecordedEvent[],
): DocumentWrite | null => {
  const fresh = unseen(events, stored?.position ?? beforeAll);
  const last = fresh.at(-1);
  if (last === undefined) return null;
  const document = projection.applyAll(stored?.document ?? null, fresh, id);
  if (document === null && stored === undefined) return null;
  return { id, document, position: last.position.commit, expected: stored?.position ?? null };
};

/** Where a batch is folded to: a collection, or the part of it whose ids are owned. */
export interface Target {
  readonly documents: Documents;
  readonly collection: string;
  readonly owns?: (id: string) => boolean;
}

/**
 * Folds one batch: load the touched documents at once, fold, write them back in one compare-and-set that carries the
 * position.
 * @throws LostOwnership
 */
export const projectBatch = async (
  projection: AnyProjection,
  { documents, collection, owns }: Target,
  events: readonly RecordedEvent[],
): Promise<void> => {
  const touches = eventsById(projection, owns, events);
  if (touches.size === 0) return;
  const found = await documents.getMany<object>(collection, [...touches.keys()]);
  const writes: DocumentWrite[] = [];
  for (const [id, touching] of touches) {
    const write = writeOf(projection, id, found.get(id), touching);
    if (write !== null) writes.push(write);
  }
  if (writes.length === 0) return;
  const outcomes = await documents.write(collection, writes);
  const lost = outcomes.indexOf('lost');
  if (lost >= 0) throw new LostOwnership(`${collection}/${writes[lost]?.id ?? ''} was written by another runner`);
};
