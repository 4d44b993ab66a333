/** Tests of projections as sentences: after these events, when this one, the document is that; and again: unchanged. */
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/domain/events.ts';
import { projectBatch } from '../../src/projections/project.ts';
import { erase, type Projection } from '../../src/projections/projection.ts';
import { logOf, projected } from './stockLog.ts';

export interface Story<D extends object, E extends LedgerEvent> {
  readonly title: string;
  /** The last one is the event that is told of. */
  readonly events: readonly E[];
  /** The document that the last event touches; `null`: there is none. */
  readonly document: D | null;
}

/** At least one story for each type that the projection handles: `Record` leaves none out, and a test checks it. */
export const projectionSpec = <D extends object, E extends LedgerEvent>(
  projection: Projection<D, E>,
  stories: Readonly<Record<E['type'], readonly [Story<D, E>, ...Story<D, E>[]]>>,
): void => {
  const { name } = projection;
  const erased = erase(projection);
  const all = Object.entries<readonly Story<D, E>[]>(stories).flatMap(([type, list]) =>
    list.map((story) => ({ type, ...story })),
  );

  describe(name, () => {
    it('has a test for every type it handles', () => {
      expect(Object.keys(stories).sort()).toEqual(projection.handles.toSorted());
      expect(all.filter(({ type, events }) => events.at(-1)?.type !== type)).toEqual([]);
    });

    it.each(all)('$type: $title', async ({ events, document }) => {
      const log = logOf(...events);
      const last = log.at(-1)!;
      const [id = ''] = projection.idsOf(last);
      const documents = await projected(projection, log.slice(0, -1));
      await projectBatch(erased, name, documents, [last]);
      const stored = await documents.get<D>(name, id);
      expect(stored?.document ?? null).toEqual(document);

      const written = documents.written();
      await projectBatch(erased, name, documents, [last]);
      expect(documents.written(), 'written when the event comes again').toBe(written);
      expect(await documents.get<D>(name, id)).toEqual(stored);

      const atOnce = await projected(projection, log);
      expect((await atOnce.get<D>(name, id))?.document ?? null, 'in one batch').toEqual(document);
    });
  });
};
