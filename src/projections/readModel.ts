/** A projection at work: its runner, and the collection that answers queries just now. */
import type { Position } from '../domain/message.ts';
import { comparePositions } from '../domain/position.ts';
import { type Consumer, createConsumer, type Progress } from './consumer.ts';
import type { Checkpoints, Documents, EventSource, Generations } from './ports.ts';
import { projectBatch } from './project.ts';
import type { AnyProjection } from './projection.ts';

export interface ReadSide {
  readonly source: EventSource;
  readonly documents: Documents;
  readonly checkpoints: Checkpoints;
  readonly generations: Generations;
  readonly onFailure: (name: string, error: unknown, delayMs: number) => void;
}

export interface ReadModel extends Progress {
  /** The collection that queries read; changes when a rebuild is switched in. */
  collection(): string;
  /** Creates the collection; must be awaited before the first query. */
  prepare(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

/** Small enough to let requests in between two batches, large enough to fold a hot document many times per write. */
const liveBatchMax = 256;
const rebuildBatchMax = 4_000;
/** How soon a running service notices that a rebuild was switched in. */
const switchCheckMs = 250;

/** Collection and checkpoint of one build. The first carries the bare name. */
export const buildName = (projection: string, generation: number): string =>
  generation === 1 ? projection : `${projection}_g${generation}`;

const consumerOf = (projection: AnyProjection, collection: string, batchMax: number, side: ReadSide): Consumer =>
  createConsumer({
    name: collection,
    source: side.source,
    checkpoints: side.checkpoints,
    types: projection.handles,
    batchMax,
    ...(projection.everyMs === undefined ? {} : { everyMs: projection.everyMs }),
    handle: (events) => projectBatch(projection, collection, side.documents, events),
    onFailure: side.onFailure,
  });

export const createReadModel = (projection: AnyProjection, side: ReadSide): ReadModel => {
  let collection = projection.name;
  let consumer = consumerOf(projection, collection, liveBatchMax, side);

  const turnTo = async (generation: number): Promise<void> => {
    collection = buildName(projection.name, generation);
    await side.documents.ensure({ name: collection, indexes: projection.indexes, lists: projection.lists });
    consumer = consumerOf(projection, collection, liveBatchMax, side);
  };

  /** Runs one build until a newer one is active. */
  const runBuild = async (generation: number, signal: AbortSignal): Promise<void> => {
    const stop = new AbortController();
    const abort = (): void => {
      stop.abort();
    };
    signal.addEventListener('abort', abort);
    const check = setInterval(() => {
      side.generations.active(projection.name).then(
        (active) => {
          if (active !== generation) stop.abort();
        },
        () => undefined,
      );
    }, switchCheckMs);
    await consumer.run(stop.signal);
    clearInterval(check);
    signal.removeEventListener('abort', abort);
  };

  return {
    name: projection.name,
    collection: () => collection,
    position: () => consumer.position(),
    failure: () => consumer.failure(),
    waitFor: (position, timeoutMs) => consumer.waitFor(position, timeoutMs),
    prepare: async () => {
      await turnTo(await side.generations.active(projection.name));
    },
    run: async (signal) => {
      while (!signal.aborted) {
        const generation = await side.generations.active(projection.name);
        if (buildName(projection.name, generation) !== collection) await turnTo(generation);
        await runBuild(generation, signal);
      }
    },
  };
};

export interface RebuildProgress {
  readonly handled: bigint;
  readonly head: bigint;
}

/** Folds the log into one build until it is no further behind than a running service is. */
const catchUp = async (
  projection: AnyProjection,
  collection: string,
  side: ReadSide,
  onProgress: (progress: RebuildProgress) => void,
): Promise<void> => {
  let head = await side.source.head();
  if (head === null) return;
  let stored: Position | null = null;
  const follow = { types: projection.handles, batchMax: rebuildBatchMax, signal: new AbortController().signal };
  for await (const { events, upTo, isCaughtUp } of side.source.follow(null, follow)) {
    await projectBatch(projection, collection, side.documents, events);
    await side.checkpoints.advance(collection, { from: stored, to: upTo, epoch: 0 });
    stored = upTo;
    // What was written meanwhile belongs to it too, or answers would go back in time at the switch.
    if (comparePositions(upTo, head) >= 0) head = (await side.source.head()) ?? head;
    onProgress({ handled: upTo.commit, head: head.commit });
    if (isCaughtUp || head.commit - upTo.commit <= BigInt(liveBatchMax)) return;
  }
};

/**
 * Builds the next generation beside the active one, switches when it has caught up, and keeps the one before as the way
 * back; older ones are dropped. May run while the service runs.
 */
export const rebuild = async (
  projection: AnyProjection,
  side: ReadSide,
  onProgress: (progress: RebuildProgress) => void,
): Promise<{ readonly generation: number; readonly documents: number }> => {
  const active = await side.generations.active(projection.name);
  const generation = active + 1;
  const collection = buildName(projection.name, generation);
  await side.documents.drop(collection);
  await side.checkpoints.reset(collection);
  await side.documents.ensure({ name: collection, indexes: projection.indexes, lists: projection.lists });
  await catchUp(projection, collection, side, onProgress);
  if ((await side.generations.activate(projection.name, active, generation)) === 'lost') {
    throw new Error(`${projection.name}: another rebuild was switched in meanwhile`);
  }
  if (active > 1) await side.documents.drop(buildName(projection.name, active - 1));
  return { generation, documents: await side.documents.count(collection) };
};
