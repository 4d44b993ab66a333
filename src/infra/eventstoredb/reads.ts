/** Reads with an end: each with a timer of its own, as the client has none, and none left before its end. */
import {
  type AllStreamResolvedEvent,
  BACKWARDS,
  END,
  FORWARDS,
  START,
  type StreamingRead,
  StreamNotFoundError,
} from '@eventstore/db-client';
import { createSlots, pause } from '../../eventsourcing/concurrency.ts';
import { comparePositions, type DecodeStored, type Position, type RecordedEvent } from '../../eventsourcing/message.ts';
import { type EventSource, StoreUnavailable } from '../../eventsourcing/ports.ts';
import { createBackoff, NoAnswer } from '../waits.ts';
import type { ServerBreaker } from './circuitBreaker.ts';
import { type Clients, describeFailure, type EventStoreClient, isFinalForReading } from './clients.ts';
import type { Timing } from './connection.ts';
import { decodeResolved, positionOf } from './records.ts';

export type Reads = Pick<EventSource, 'readStream' | 'readAll' | 'scan' | 'head'>;

export interface ReadsOptions {
  readonly timing: Timing;
  readonly clients: Clients;
  readonly breaker: ServerBreaker;
  readonly decode: DecodeStored;
  readonly random: () => number;
  readonly stopped: AbortSignal;
}

/** A connection carries 100 calls; these leave room for appends and subscriptions. */
const readsAtOnce = 16;
/** Reads may be repeated; a server that restarts is back within this many. */
const attemptsMax = 3;
/** What a page of the log asks for at least and at most, as events of others come in between. */
const pageMin = 64;
const pageMax = 1_000;

/** Events of one step of a scan; a large one has half a megabyte. */
const scanEvents = 128;

/** All that a bounded read has. @throws NoAnswer */
const collect = <Event>(read: StreamingRead<Event>, timeoutMs: number): Promise<Event[]> =>
  new Promise((resolve, reject) => {
    const events: Event[] = [];
    const timer = setTimeout(() => {
      read.cancel().catch(() => undefined);
      reject(new NoAnswer(`a read was not answered within ${timeoutMs} ms`));
    }, timeoutMs);
    read
      .on('data', (event) => events.push(event))
      .on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      })
      .on('end', () => {
        clearTimeout(timer);
        resolve(events);
      });
  });

/** An absent stream is empty. */
const orNothing = async <Event>(events: Promise<Event[]>): Promise<Event[]> => {
  try {
    return await events;
  } catch (error) {
    if (error instanceof StreamNotFoundError) return [];
    throw error;
  }
};

/** @throws StoreUnavailable from each of its functions; a read writes nothing, so that is its outcome. */
export const createReads = ({ clients, breaker, timing, decode, random, stopped }: ReadsOptions): Reads => {
  const inLine = createSlots(readsAtOnce);

  const read = async <Event>(open: (client: EventStoreClient) => StreamingRead<Event>): Promise<Event[]> => {
    const backoff = createBackoff(timing.retryFirstMs, timing.retryMaxMs, random);
    const once = (): Promise<Event[]> =>
      inLine(() => breaker.through(() => clients.use((client) => orNothing(collect(open(client), timing.readMaxMs)))));
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once();
      } catch (error) {
        if (attempt === attemptsMax || isFinalForReading(error) || error instanceof NoAnswer || stopped.aborted) {
          throw new StoreUnavailable(`the event store can't be read: ${describeFailure(error)}`, 'not_written', error);
        }
      }
      await pause(backoff.nextMs(), stopped);
    }
  };

  const readStream: Reads['readStream'] = async (stream, fromRevision, limit) => {
    const found: RecordedEvent[] = [];
    let next = BigInt(fromRevision);
    while (found.length < limit) {
      const [fromRevision, maxCount] = [next, limit - found.length];
      const page = await read((client) =>
        client.readStream(stream, { fromRevision, maxCount, direction: FORWARDS, requiresLeader: true }),
      );
      for (const resolved of page) {
        const event = decodeResolved(resolved, decode);
        if (event !== null) found.push(event);
      }
      next = (page.at(-1)?.event?.revision ?? next) + 1n;
      if (page.length < maxCount) break;
    }
    return found;
  };

  const readLog = (from: Position | null, direction: 'forwards' | 'backwards', maxCount: number) => {
    const fromPosition = from ?? (direction === 'forwards' ? START : END);
    return read((client) =>
      client.readAll({
        // A copy, as the client's type of a position can be written to.
        fromPosition: typeof fromPosition === 'string' ? fromPosition : { ...fromPosition },
        direction: direction === 'forwards' ? FORWARDS : BACKWARDS,
        maxCount,
        requiresLeader: true,
      }),
    );
  };

  const readAll: Reads['readAll'] = async (from, direction, limit) => {
    const found: RecordedEvent[] = [];
    let at = from;
    /** The server begins with the event at `from` when it goes forwards, and before it when it goes backwards. */
    const isBeyond = (resolved: AllStreamResolvedEvent): boolean => {
      const position = positionOf(resolved);
      return position !== null && (at === null || direction === 'backwards' || comparePositions(position, at) > 0);
    };
    while (found.length < limit) {
      const maxCount = Math.min(pageMax, Math.max(pageMin, limit - found.length + 1));
      const page = await readLog(at, direction, maxCount);
      for (const resolved of page.filter(isBeyond)) {
        const event = decodeResolved(resolved, decode);
        if (event !== null) found.push(event);
        if (found.length === limit) return found;
      }
      const last = page.at(-1);
      at = last === undefined ? at : (positionOf(last) ?? at);
      if (page.length < maxCount) break;
    }
    return found;
  };

  /** The server finds the events; what is not wanted is cheap to leave to the caller. */
  const scan: Reads['scan'] = async (from) => {
    const events = await readAll(from, 'forwards', scanEvents);
    return { events, upTo: events.at(-1)?.position ?? from, isCaughtUp: events.length < scanEvents };
  };

  const head: Reads['head'] = async () => {
    const [last] = await readLog(null, 'backwards', 1);
    return last === undefined ? null : positionOf(last);
  };

  return { readStream, readAll, scan, head };
};
