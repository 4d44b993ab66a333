/** Tests of projections as sentences: after these events, when this one, the document is that; and again: unchanged. */
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/domain/events.ts';
import {
  type Projection,
  projectBatch,
  type Recorded,
  untyped,
} from '../../src/eventsourcing/projecting/projection.ts';
import { projected } from './stockLog.ts';

/** The document that the last event touches, whole or in part; `null`: there is none. */
type Outcome<D extends object> = { readonly document: D | null } | { readonly becomes: Partial<D> | null };

export type Story<D extends object, E extends LedgerEvent> = Outcome<D> & {
  readonly title: string;
  /** The last one is the event that is told of. */
  readonly events: readonly E[];
};

const check = <D extends object>(outcome: Outcome<D>, stored: D | null, when: string): void => {
  if ('document' in outcome) expect(stored, when).toEqual(outcome.document);
  else if (outcome.becomes === null) expect(stored, when).toBeNull();
  else expect(stored, when).toMatchObject(outcome.becomes);
};

/** At least one story for each type that the projection handles: `Record` leaves none out, and a test checks it. */
export const projectionSpec = <D extends object, E extends LedgerEvent>(
  projection: Projection<D, E>,
  /** Makes a log that begins with these events. */
  logOf: (...events: readonly E[]) => readonly Recorded<E>[],
  stories: Readonly<Record<E['type'], readonly [Story<D, E>, ...Story<D, E>[]]>>,
): void => {
  const { name } = projection;
  const erased = untyped(projection);
  const all = Object.entries<readonly Story<D, E>[]>(stories).flatMap(([type, list]) =>
    list.map((story) => ({ type, ...story })),
  );

  describe(name, () => {
    it('has a test for every type it handles', () => {
      expect(Object.keys(stories).sort()).toEqual(projection.handles.toSorted());
      expect(all.filter(({ type, events }) => events.at(-1)?.type !== type)).toEqual([]);
    });

    it.each(all)('$type: $title', async (story) => {
      const log = logOf(...story.events);
      const last = log.at(-1)!;
      const [id = ''] = projection.idsOf(last);
      const documents = await projected(projection, log.slice(0, -1));
      await projectBatch(erased, { documents, collection: name }, [last]);
      const stored = await documents.get<D>(name, id);
      check<D>(story, stored?.document ?? null, 'event by event');

      const written = documents.written();
      await projectBatch(erased, { documents, collection: name }, [last]);
      expect(documents.written(), 'written when the event comes again').toBe(written);
      expect(await documents.get<D>(name, id)).toEqual(stored);

      const atOnce = await projected(projection, log);
      check<D>(story, (await atOnce.get<D>(name, id))?.document ?? null, 'in one batch');
    });
  });
};
