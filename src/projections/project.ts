import type { RecordedEvent } from '../domain/message.ts';
import type { Documents, DocumentWrite, StoredDocument } from './ports.ts';
import type { AnyProjection } from './projection.ts';

/** Another runner wrote the document or moved the checkpoint: stop, and begin again from what is stored. */
export class LostOwnership extends Error {
  override readonly name = 'LostOwnership';
}

interface Working {
  readonly stored: StoredDocument<object> | null;
  document: object | null;
  position: bigint;
}

/** Position of a document that does not exist: below every event. */
const beforeAll = -1n;

const begin = (stored: StoredDocument<object> | null): Working => ({
  stored,
  document: stored?.document ?? null,
  position: stored?.position ?? beforeAll,
});

/** An event that the document has seen is skipped, so that a batch may be handed over twice. */
const fold = (projection: AnyProjection, working: Working, event: RecordedEvent, id: string): void => {
  if (event.position.commit <= working.position) return;
  working.document = projection.apply(working.document, event, id);
  working.position = event.position.commit;
};

/** `null` when nothing changed, or when what came and went within the batch was never stored. */
const writeOf = (id: string, { stored, document, position }: Working): DocumentWrite | null => {
  const before = stored?.position ?? beforeAll;
  if (position === before || (document === null && stored === null)) return null;
  return { id, document, position, expected: stored?.position ?? null };
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
  const touches = events.flatMap((event) =>
    projection.idsOf(event).flatMap((id) => (owns === undefined || owns(id) ? [{ id, event }] : [])),
  );
  const ids = [...new Set(touches.map(({ id }) => id))];
  if (ids.length === 0) return;
  const found = await documents.getMany<object>(collection, ids);
  const working = new Map(ids.map((id) => [id, begin(found.get(id) ?? null)]));
  for (const { id, event } of touches) {
    const document = working.get(id);
    if (document !== undefined) fold(projection, document, event, id);
  }
  const writes = [...working].flatMap(([id, document]) => writeOf(id, document) ?? []);
  if (writes.length === 0) return;
  const outcomes = await documents.write(collection, writes);
  const lost = outcomes.indexOf('lost');
  if (lost >= 0) throw new LostOwnership(`${collection}/${writes[lost]?.id ?? ''} was written by another runner`);
};
