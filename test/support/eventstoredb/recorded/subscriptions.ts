/** Steps that subscribe. Each ends with an event of its own that it waits for, so none has to wait for silence. */
import { randomUUID } from 'node:crypto';
import {
  type AllStreamSubscription,
  eventTypeFilter,
  jsonEvent,
  type Position,
  type StreamSubscription,
  streamNameFilter,
} from '@eventstore/db-client';
import type { Answer, Checkpoints, Step, Subscribe } from './book.ts';
import { errorOf } from './errors.ts';
import type { World } from './world.ts';

/** Generous, as the server may be busy with others. */
const waitMaxMs = 15_000;
const largest = 2n ** 64n - 1n;

interface Watched {
  readonly events: string[];
  isCaughtUp: boolean;
  error: Answer | null;
  /** Called whenever something has come. */
  news: () => void;
}

const until = (watched: Watched, holds: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, waitMaxMs); // What is missing then is seen in the answer.
    const check = (): void => {
      if (!holds()) return;
      clearTimeout(timer);
      resolve();
    };
    watched.news = check;
    check();
  });

const open = async (world: World, { stream, from = 'start', types }: Subscribe) => {
  const { client, prefix } = world;
  if (stream !== undefined) {
    const fromRevision = from === 'start' || from === 'end' ? from : BigInt(from);
    return client.subscribeToStream(world.stream(stream), { fromRevision });
  }
  const filter =
    types === undefined ? streamNameFilter({ prefixes: [prefix] }) : eventTypeFilter({ prefixes: [...types] });
  return client.subscribeToAll({ fromPosition: await world.positionOf(from), filter });
};

const watch = (subscription: AllStreamSubscription | StreamSubscription, world: World): Watched => {
  const watched: Watched = { events: [], isCaughtUp: false, error: null, news: () => {} };
  // The two kinds of subscription have the same events; their types differ in what an event is.
  const source = subscription as AllStreamSubscription;
  source.on('data', ({ event }) => {
    if (event?.streamId.includes(world.prefix) === true) {
      watched.events.push(
        event.type.startsWith('$') ? event.type : `${world.plain(event.streamId)}@${event.revision.toString()}`,
      );
    }
    watched.news();
  });
  source.on('caughtUp', () => {
    watched.isCaughtUp = true;
    watched.news();
  });
  source.on('error', (error) => {
    watched.error ??= errorOf(error, world);
    watched.news();
  });
  return watched;
};

/** A last event that a filter lets pass; `null` for one stream, whose numbering a marker would change. */
const writeMarker = async (world: World, { stream, types }: Subscribe): Promise<string | null> => {
  if (stream !== undefined) return null;
  const name = `marker${randomUUID().slice(0, 8)}`;
  await world.client.appendToStream(world.stream(name), jsonEvent({ type: types?.[0] ?? 'T', data: {} }));
  return `${name}@0`;
};

export const subscribe = async (
  world: World,
  step: Subscribe,
  expected: Answer,
  play: (step: Step) => Promise<unknown>,
): Promise<Answer> => {
  const subscription = await open(world, step);
  const watched = watch(subscription, world);
  await until(watched, () => watched.isCaughtUp || watched.error !== null);
  for (const during of step.during ?? []) await play(during);
  const marker = await writeMarker(world, step);
  const count = (expected.events as readonly string[]).length;
  const isOver = (): boolean => (marker === null ? watched.events.length >= count : watched.events.includes(marker));
  await until(watched, () => isOver() && (expected.error === undefined || watched.error !== null));
  await subscription.unsubscribe().catch(() => {}); // One that has failed is over already.
  return {
    events: watched.events.filter((event) => !event.startsWith('marker')),
    caughtUp: watched.isCaughtUp,
    ...(watched.error === null ? {} : { error: watched.error }),
  };
};

interface Collected {
  readonly revisions: readonly bigint[];
  readonly checkpoints: readonly Position[];
}

/**
 * Hits after a position, and the checkpoints on the way, up to a marker. Each reader writes a marker of its own: one that
 * was written before lies behind a reader who begins at a late checkpoint.
 */
export const collect = async (world: World, from: Position, { window, interval }: Checkpoints): Promise<Collected> => {
  const revisions: bigint[] = [];
  const checkpoints: Position[] = [];
  const marker = world.stream(`marker${randomUUID().slice(0, 8)}`);
  await world.client.appendToStream(marker, jsonEvent({ type: `H${world.prefix}`, data: {} }));
  const subscription = world.client.subscribeToAll({
    fromPosition: from,
    filter: eventTypeFilter({
      prefixes: [`H${world.prefix}`],
      maxSearchWindow: window,
      checkpointInterval: interval,
      checkpointReached: async (_, position) => {
        checkpoints.push(position);
      },
    }),
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the marker did not come')), waitMaxMs);
    subscription.on('error', reject);
    subscription.on('data', ({ event }) => {
      if (event?.streamId === world.stream('n')) revisions.push(event.revision);
      if (event?.streamId !== marker) return;
      clearTimeout(timer);
      resolve();
    });
  });
  await subscription.unsubscribe();
  return { revisions, checkpoints };
};

const eventsPerAppend = 50;

const writeNoise = async ({ client, prefix, stream }: World, { noise, every }: Checkpoints): Promise<void> => {
  for (let first = 0; first < noise; first += eventsPerAppend) {
    const events = Array.from({ length: eventsPerAppend }, (_, index) => {
      const isHit = (first + index) % every === every - 1;
      return jsonEvent({ type: isHit ? `H${prefix}` : 'N', data: {} });
    });
    await client.appendToStream(stream('n'), events);
  }
};

/** Whether a reader who stops at any checkpoint and goes on from there has missed something. */
export const checkpoints = async (world: World, step: Checkpoints): Promise<Answer> => {
  await writeNoise(world, step);
  const { revisions, checkpoints: all } = await collect(world, world.began, step);
  const usable = all.filter(({ commit }) => commit !== largest);
  const commits = new Map((await world.ownForwards(world.began)).map(({ label, commit }) => [label, commit]));
  let lost = 0;
  for (const checkpoint of usable) {
    const resumed = new Set((await collect(world, checkpoint, step)).revisions);
    const due = revisions.filter((revision) => (commits.get(`n@${revision.toString()}`) ?? 0n) > checkpoint.commit);
    lost += due.filter((revision) => !resumed.has(revision)).length;
  }
  return {
    hits: revisions.length,
    someCheckpoints: usable.length > 0,
    everBackwards: usable.some(({ commit }, index) => commit < (usable[index - 1]?.commit ?? -1n)),
    lostOnResume: lost,
  };
};
