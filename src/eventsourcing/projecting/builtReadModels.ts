/** Read models with their queries, built alike: a runner for each, and answers that an acknowledged event is in. */
import type { RecordedEvent } from '../message.ts';
import type { EventSource } from '../ports.ts';
import type { Documents } from './documents.ts';
import type { AnyProjection } from './projection.ts';
import { createReadModel, type ReadModel, type ReadSide } from './readModel.ts';

const foldPageEvents = 500;

/** One stream folded by a projection as of this moment, for answers that can't wait for the read model. */
export const createFold =
  ({ source }: ReadSide) =>
  async <T extends object>(projection: AnyProjection, stream: string, id: string): Promise<T | null> => {
    let document: object | null = null;
    for (let from = 0; ; from += foldPageEvents) {
      const events: readonly RecordedEvent[] = await source.readStream(stream, from, foldPageEvents);
      const handled = events.filter(({ type }) => projection.handles.includes(type));
      document = projection.applyAll(document, handled, id);
      if (events.length < foldPageEvents) return document as T | null;
    }
  };

/**
 * What was acknowledged is never "not found": where the read model has no document yet, its stream is folded. A document
 * that is there may lag; a caller who must see its own write names the position (B8).
 */
export const orFolded = <Ids extends readonly string[], T, Q extends { get(...ids: Ids): Promise<T | null> }>(
  queries: Q,
  fold: (...ids: Ids) => Promise<T | null>,
): Q => ({ ...queries, get: async (...ids: Ids) => (await queries.get(...ids)) ?? fold(...ids) });

/** Builds read models one by one; `all` has those that were built, each with a runner of its own. */
export const createReadModelBuilder = (side: ReadSide) => {
  const all: ReadModel[] = [];
  return {
    all: all as readonly ReadModel[],
    build: <Q>(projection: AnyProjection, queriesOf: (documents: Documents, collection: () => string) => Q) => {
      const model = createReadModel(projection, side);
      all.push(model);
      return { model, queries: queriesOf(side.documents, model.collection) };
    },
  };
};

// * Long reads take turns: one slice in each turn of the event loop, of all of them together, so that a hundred of them
// hold no other up for longer than one does.

/** Resolves when it is the caller's turn. What it does at once should take some ten milliseconds. */
export type Pace = () => Promise<void>;

export const createPacer = (): Pace => {
  const waiting: (() => void)[] = [];
  const letNextIn = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(letNextIn);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(letNextIn);
    });
};

/** Of a source: each read waits for its turn first. */
export const pacedReads = (source: Pick<EventSource, 'readStream'>, pace: Pace): Pick<EventSource, 'readStream'> => ({
  readStream: async (stream, fromRevision, limit) => {
    await pace();
    return source.readStream(stream, fromRevision, limit);
  },
});
