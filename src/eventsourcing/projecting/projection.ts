import type { DomainEvent, RecordedEvent } from '../message.ts';

/** An event as it stands in the log, with `type` and `data` tied together. */
export type Recorded<E extends DomainEvent> = RecordedEvent & E;

/**
 * A read model: data and one pure function (DESIGN §7). New logic is a new name, which is also its collection and its
 * checkpoint: `stock_levels_v1` is built beside `stock_levels_v2` and then dropped.
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
export const erase = <Document extends object, E extends DomainEvent>(
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
