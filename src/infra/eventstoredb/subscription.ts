/**
 * A subscription of the client that is pulled: what has come waits here, and holds back the server when it is too much, by
 * count or by weight. Checkpoints keep their place among the events.
 */
import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  eventTypeFilter,
  type Filter,
  START,
} from '@eventstore/db-client';
import { comparePositions, type Position } from '../../eventsourcing/message.ts';
import { within } from '../waits.ts';
import type { EventStoreClient } from './clients.ts';
import { positionOf, weightOf } from './records.ts';

export interface SubscriptionOptions {
  readonly from: Position | null;
  /** Prefixes of the types wanted; `null`: everything. */
  readonly types: readonly string[] | null;
  /** Called when there may be something to take, and when it has ended. */
  readonly onChange: () => void;
}

export interface TakenEvents {
  readonly resolved: readonly AllStreamResolvedEvent[];
  /** Everything up to here was taken or filtered out by the server. */
  readonly upTo: Position | null;
  /** All that was in the log when it began has been taken. */
  readonly isPastBeginning: boolean;
  /** Nothing waits to be taken. */
  readonly isEmpty: boolean;
}

export interface Subscription {
  /** What is there now, at most `max` events. Does not wait. */
  take(max: number): TakenEvents;
  /** `undefined` while it runs. */
  failure(): Error | undefined;
  /** When anything was last heard of the server, by `performance.now()`. */
  heardAtMs(): number;
  /** When it began, by the same clock. */
  readonly begunAtMs: number;
  close(): Promise<void>;
}

export class SubscriptionEnded extends Error {
  override readonly name = 'SubscriptionEnded';
}

/** How many events the server looks at before it reports where it is; its default of 32 makes rare types slow. */
const searchWindowMax = 2_000;
/** Events that wait here at most; the server waits when they are not taken. */
const heldMax = 64;
/**
 * What they may weigh together, in characters, beside the one that goes over it: four of the largest. A process that starts
 * behind the log has some twenty subscriptions at once.
 */
export const heldCharactersMax = 4 * 1_048_576;
/** Events on either side of the client's conversion, whatever they weigh; gRPC reads 16 more ahead. */
export const convertedMax = 2;
/** The client may be looking for a server and answers only then. */
const closeMaxMs = 2_000;
/** In place of "nowhere", which resuming from would skip the whole log. */
const nowhere = 2n ** 64n - 1n;

interface HeldEvents {
  readonly resolved: AllStreamResolvedEvent;
  readonly weight: number;
}

interface LastSeen {
  /** Counts once so many events were taken. */
  readonly after: number;
  readonly position: Position | null;
  readonly isCaughtUp: boolean;
}

const later = (a: Position | null, b: Position | null): Position | null =>
  a === null || (b !== null && comparePositions(b, a) > 0) ? b : a;

const filterOf = (types: readonly string[], checkpointReached: (position: Position) => void): Filter =>
  eventTypeFilter({
    prefixes: [...types],
    maxSearchWindow: searchWindowMax,
    checkpointInterval: 1,
    checkpointReached: (_, position) => {
      checkpointReached(position);
    },
  });

const end = async (source: AllStreamSubscription): Promise<void> => {
  await within(source.unsubscribe(), closeMaxMs).catch(() => undefined);
  // What is still in the buffers would keep the call from ending.
  source.removeAllListeners('data');
  source.resume();
};

export const subscribe = (client: EventStoreClient, { from, types, onChange }: SubscriptionOptions): Subscription => {
  const begunAtMs = performance.now();
  let heardAtMs = begunAtMs;
  let failure: Error | undefined;
  let upTo = from;
  let isPastBeginning = false;
  let taken = 0;
  const held: HeldEvents[] = [];
  let characters = 0;
  const marks: LastSeen[] = [];

  const news = (): void => {
    heardAtMs = performance.now();
    onChange();
  };

  /** The client tells it ahead of the events in its buffer, so it waits until those were taken. */
  const mark = (position: Position | null, isCaughtUp: boolean): void => {
    const after = taken + held.length + source.readableLength;
    const last = marks.at(-1);
    if (last?.after === after) {
      marks.pop();
      marks.push({ after, position: later(last.position, position), isCaughtUp: last.isCaughtUp || isCaughtUp });
    } else {
      marks.push({ after, position, isCaughtUp });
    }
    news();
  };

  const checkpointReached = ({ commit, prepare }: Position): void => {
    if (commit !== nowhere && prepare !== nowhere) mark({ commit, prepare }, false);
  };
  const source = client.subscribeToAll(
    {
      fromPosition: from === null ? START : { ...from },
      requiresLeader: true,
      ...(types === null ? {} : { filter: filterOf(types, checkpointReached) }),
    },
    { highWaterMark: convertedMax },
  );
  const isFull = (): boolean => held.length >= heldMax || characters >= heldCharactersMax;
  const hold = (resolved: AllStreamResolvedEvent): void => {
    const weight = weightOf(resolved.event?.data) + weightOf(resolved.event?.metadata);
    held.push({ resolved, weight });
    characters += weight;
    if (isFull()) source.pause();
    news();
  };
  const ended = (error: Error): void => {
    failure ??= error;
    onChange();
  };
  source
    .on('data', hold)
    .on('confirmation', news)
    .on('error', ended)
    .on('end', () => ended(new SubscriptionEnded('the server ended the subscription')))
    .on('close', () => ended(new SubscriptionEnded('the subscription was closed')));
  source.on('caughtUp', () => mark(null, true));

  const passMarks = (): void => {
    for (let next = marks[0]; next !== undefined && next.after <= taken; next = marks[0]) {
      marks.shift();
      upTo = later(upTo, next.position);
      isPastBeginning ||= next.isCaughtUp;
    }
  };

  const take: Subscription['take'] = (max) => {
    const resolved: AllStreamResolvedEvent[] = [];
    passMarks();
    for (const { resolved: next, weight } of held.splice(0, max)) {
      taken += 1;
      characters -= weight;
      resolved.push(next);
      upTo = later(upTo, positionOf(next));
      passMarks();
    }
    if (source.isPaused() && !isFull()) source.resume();
    return { resolved, upTo, isPastBeginning, isEmpty: held.length + source.readableLength === 0 };
  };

  return {
    take,
    failure: () => failure,
    heardAtMs: () => heardAtMs,
    begunAtMs,
    close: () => end(source),
  };
};
