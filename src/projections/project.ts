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

/**
 * Folds one batch: load the touched documents at once, fold, write them back in one compare-and-set that carries the
 * position. An event that a document has seen is skipped, so that a batch may be handed over twice.
 * @throws LostOwnership
 */
export const projectBatch = async (
  projection: AnyProjection,
  collection: string,
  documents: Documents,
  events: readonly RecordedEvent[],
): Promise<void> => {
  const touched = events.map((event) => projection.idsOf(event));
  const ids = [...new Set(touched.flat())];
  if (ids.length === 0) return;
  const found = await documents.getMany<object>(collection, ids);
  const working = new Map<string, Working>();
  for (const id of ids) {
    const stored = found.get(id) ?? null;
    working.set(id, { stored, document: stored?.document ?? null, position: stored?.position ?? beforeAll });
  }
  for (const [index, event] of events.entries()) {
    for (const id of touched[index] ?? []) {
      const current = working.get(id);
      if (current === undefined || event.position.commit <= current.position) continue;
      current.document = projection.apply(current.document, event, id);
      current.position = event.position.commit;
    }
  }
  const writes: DocumentWrite[] = [];
  for (const [id, { stored, document, position }] of working) {
    if (position === (stored?.position ?? beforeAll) || (document === null && stored === null)) continue;
    writes.push({ id, document, position, expected: stored?.position ?? null });
  }
  if (writes.length === 0) return;
  const outcomes = await documents.write(collection, writes);
  const lost = outcomes.indexOf('lost');
  if (lost >= 0) throw new LostOwnership(`${collection}/${writes[lost]?.id ?? ''} was written by another runner`);
};
