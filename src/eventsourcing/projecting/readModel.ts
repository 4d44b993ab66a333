/** A projection at work: its runner, and the collection that answers queries just now. */
import { pause } from '../concurrency.ts';
import { createConsumer } from '../consumers/consumer.ts';
import type { ConsumerProgress, Progress } from '../consumers/consumerProgress.ts';
import { comparePositions, type Position } from '../message.ts';
import type { Checkpoints, EventSource, Generations, Leases } from '../ports.ts';
import type { Documents } from './documents.ts';
import { type AnyProjection, LostOwnership, partNames, partOf, projectBatch } from './projection.ts';

export interface ReadSide {
  readonly source: EventSource;
  readonly documents: Documents;
  /** The same for folding: it may give what was written last without asking. Absent: `documents`. */
  readonly foldedDocuments?: Documents | undefined;
  readonly checkpoints: Checkpoints;
  readonly generations: Generations;
  readonly leases: Leases;
  readonly consumerProgress: ConsumerProgress;
  /** How many processes can share the folding of one projection. Another number makes them read the log anew. */
  readonly parts: number;
  readonly onFailure: (name: string, error: unknown, delayMs: number) => void;
}

export interface ReadModel extends Progress {
  /** The collection that queries read; changes when a rebuild is switched in. */
  collection(): string;
  /** Creates the collection; must be awaited before the first query. */
  prepare(): Promise<void>;
  /** Folds until aborted, and answers from a build that is switched in. */
  run(signal: AbortSignal): Promise<void>;
  /** Folds nothing, as others do; only answers from a build that is switched in. */
  watch(signal: AbortSignal): Promise<void>;
}

/** Small enough to let requests in between two batches, large enough to fold a hot document many times per write. */
const liveBatchMax = 256;
const rebuildBatchMax = 2_000;
/** How soon a running service notices that a rebuild was switched in. */
const switchCheckMs = 250;
/** After the store could not say which build is active. */
const retryMs = 1_000;

/** Collection and checkpoint of one build. The first carries the bare name. */
export const buildName = (projection: string, generation: number): string =>
  generation === 1 ? projection : `${projection}_g${generation}`;

/** Runs all parts of one build, each where its lease is held. */
const runParts = async (
  projection: AnyProjection,
  collection: string,
  side: ReadSide,
  signal: AbortSignal,
): Promise<void> => {
  const { parts, source, checkpoints, leases, consumerProgress, onFailure } = side;
  const documents = side.foldedDocuments ?? side.documents;
  await Promise.all(
    partNames(collection, parts).map((name, part) => {
      const target = {
        documents,
        collection,
        ...(parts === 1 ? {} : { owns: (id: string) => partOf(id, parts) === part }),
      };
      return createConsumer({
        name,
        source,
        checkpoints,
        leases,
        consumerProgress,
        types: projection.handles,
        batchMax: liveBatchMax,
        ...(projection.everyMs === undefined ? {} : { everyMs: projection.everyMs }),
        handle: (events) => projectBatch(projection, target, events),
        onFailure,
      }).run(signal);
    }),
  );
};

export const createReadModel = (projection: AnyProjection, side: ReadSide): ReadModel => {
  const { generations, consumerProgress, parts } = side;
  const progressOf = (build: string): Progress => consumerProgress.progress(projection.name, partNames(build, parts));
  let collection = projection.name;
  let progress = progressOf(collection);

  const turnTo = async (generation: number): Promise<void> => {
    const next = buildName(projection.name, generation);
    await side.documents.ensure({ name: next, indexes: projection.indexes, lists: projection.lists });
    // Both in one turn: nobody may read one build and be told how far the other one is.
    collection = next;
    progress = progressOf(next);
  };

  /** Tells when another build than this one is active. */
  const untilSwitched = async (generation: number, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await pause(switchCheckMs, signal);
      // A store that does not answer has switched nothing that could be read.
      const active = await generations.active(projection.name).catch(() => generation);
      if (active !== generation) return;
    }
  };

  /** Does `work` for the active build until another one is active. */
  const workOnce = async (signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    const generation = await generations.active(projection.name);
    if (buildName(projection.name, generation) !== collection) await turnTo(generation);
    const stop = new AbortController();
    const active = AbortSignal.any([signal, stop.signal]);
    const end = (): void => {
      stop.abort();
    };
    const switched = untilSwitched(generation, active).then(end);
    const working = work(active);
    working.catch(end);
    await Promise.all([working, switched]);
  };

  const whileActive = async (signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    while (!signal.aborted) {
      try {
        await workOnce(signal, work);
      } catch (error) {
        side.onFailure(projection.name, error, retryMs);
        await pause(retryMs, signal);
      }
    }
  };

  return {
    name: projection.name,
    collection: () => collection,
    position: () => progress.position(),
    failure: () => progress.failure(),
    waitFor: (position, timeoutMs) => progress.waitFor(position, timeoutMs),
    prepare: async () => {
      await turnTo(await generations.active(projection.name));
    },
    run: (signal) => whileActive(signal, (active) => runParts(projection, collection, side, active)),
    watch: (signal) => whileActive(signal, () => Promise.resolve()),
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
): Promise<Position | null> => {
  const documents = side.foldedDocuments ?? side.documents;
  let head = await side.source.head();
  if (head === null) return null;
  const follow = { types: projection.handles, batchMax: rebuildBatchMax, signal: new AbortController().signal };
  for await (const { events, upTo, isCaughtUp } of side.source.follow(null, follow)) {
    await projectBatch(projection, { documents, collection }, events);
    // What was written meanwhile belongs to it too, or answers would go back in time at the switch.
    if (comparePositions(upTo, head) >= 0) head = (await side.source.head()) ?? head;
    onProgress({ handled: upTo.commit, head: head.commit });
    if (isCaughtUp || head.commit - upTo.commit <= BigInt(liveBatchMax)) return upTo;
  }
  return null;
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
  for (const name of partNames(collection, side.parts)) await side.checkpoints.reset(name);
  await side.documents.ensure({ name: collection, indexes: projection.indexes, lists: projection.lists });
  const upTo = await catchUp(projection, collection, side, onProgress);
  for (const name of partNames(collection, side.parts)) {
    if (upTo === null) break;
    const moved = await side.checkpoints.advance(name, { from: null, to: upTo, epoch: 0 });
    if (moved === 'lost') throw new LostOwnership(`${name}: another runner has taken the build that is being made`);
  }
  if ((await side.generations.activate(projection.name, active, generation)) === 'lost') {
    throw new Error(`${projection.name}: another rebuild was switched in meanwhile`);
  }
  if (active > 1) await side.documents.drop(buildName(projection.name, active - 1));
  return { generation, documents: await side.documents.count(collection) };
};
