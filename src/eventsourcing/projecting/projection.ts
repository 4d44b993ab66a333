/** Projections, and how a batch of events is folded into their documents. */
import type { DomainEvent, RecordedEvent } from '../message.ts';
import type { Documents, DocumentWrite, StoredDocument } from './documents.ts';

/** An event as it stands in the log, with `type` and `data` tied together. */
export type Recorded<E extends DomainEvent> = RecordedEvent & E;

/**
 * A read model: data and one pure function (docs/architecture.md, "The way of an event"). New logic is a new name,
 * which is also its collection and its checkpoint: `stock_levels_v1` is built beside `stock_levels_v2` and then
 * dropped.
 */
export interface Projection<Document extends object, E extends DomainEvent> {
  readonly name: `${string}_v${number}`;
  readonly handles: readonly E['type'][];
  /** Fields of the document that queries filter or sort on. */
  readonly indexes: readonly (readonly string[])[];
  /** Fields that hold a list of strings and answer to `has`. */
  readonly lists?: readonly string[];
  /** How long events may gather before they are folded; for what nobody waits for. Absent: as for any consumer. */
  readonly everyMs?: number;
  /** The documents an event touches. */
  readonly idsOf: (event: Recorded<E>) => readonly string[];
  /** The document after the event; `null` removes it. Never throws for business reasons. */
  readonly apply: (document: Document | null, event: Recorded<E>, id: string) => Document | null;
  /** The same for all events of a batch, where making each document between them would cost more. Absent: one by one. */
  readonly applyAll?: (document: Document | null, events: readonly Recorded<E>[], id: string) => Document | null;
}

/** A projection whose types are not needed any more: what the runner and the list of all of them see. */
export interface AnyProjection {
  readonly name: string;
  readonly handles: readonly string[];
  readonly indexes: readonly (readonly string[])[];
  readonly lists: readonly string[];
  readonly everyMs?: number;
  readonly idsOf: (event: RecordedEvent) => readonly string[];
  /** The document after these events, in their order. */
  readonly applyAll: (document: object | null, events: readonly RecordedEvent[], id: string) => object | null;
}

/** The one place where the types of a projection are given up; `handles` guards at run time what they said. */
export const untyped = <Document extends object, E extends DomainEvent>(
  projection: Projection<Document, E>,
): AnyProjection => {
  const { apply } = projection;
  const oneByOne: NonNullable<typeof projection.applyAll> = (document, events, id) => {
    let folded = document;
    for (const event of events) folded = apply(folded, event, id);
    return folded;
  };
  const { applyAll = oneByOne } = projection;
  return {
    name: projection.name,
    handles: projection.handles,
    indexes: projection.indexes,
    lists: projection.lists ?? [],
    ...(projection.everyMs === undefined ? {} : { everyMs: projection.everyMs }),
    idsOf: (event) => projection.idsOf(event as Recorded<E>),
    applyAll: (document, events, id) => applyAll(document as Document | null, events as readonly Recorded<E>[], id),
  };
};

/** A projection is folded in parts, each by one process at a time, told apart by the ids of its documents. */

/** What one part is called: its checkpoint, and the lease of the process that folds it. */
const partName = (build: string, part: number, parts: number): string =>
  parts === 1 ? build : `${build}.${part + 1}of${parts}`;

export const partNames = (build: string, parts: number): readonly string[] =>
  Array.from({ length: parts }, (_, part) => partName(build, part, parts));

const fnvOffset = 0x81_1c_9d_c5;
const fnvPrime = 0x01_00_01_93;

/** FNV-1a over UTF-16 units: even enough, and the same on every machine. Never change it: parts would swap documents. */
export const partOf = (id: string, parts: number): number => {
  let hash = fnvOffset;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), fnvPrime);
  return (hash >>> 0) % parts;
};

/** Another runner wrote the document or moved the checkpoint: stop, and begin again from what is stored. */
export class LostOwnership extends Error {
  override readonly name = 'LostOwnership';
}

/** Position of a document that does not exist: below every event. */
const beforeAll = -1n;

/** The events of a batch that touch each document, in their order. */
const eventsById = (
  projection: AnyProjection,
  owns: ProjectionTarget['owns'],
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
interface ProjectionTarget {
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
  { documents, collection, owns }: ProjectionTarget,
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
