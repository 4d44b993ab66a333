/** Appends whose outcome is always told: written, not written, or not known. */
import { NO_STREAM } from '@eventstore/db-client';
import { createKeyedQueue, createSlots, pause } from '../../eventsourcing/concurrency.ts';
import {
  comparePositions,
  type EventEnvelope,
  type Position,
  type RecordedEvent,
} from '../../eventsourcing/message.ts';
import {
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  StoreUnavailable,
} from '../../eventsourcing/ports.ts';
import { createBackoff, within } from '../waits.ts';
import { CircuitOpen, type ServerBreaker } from './circuitBreaker.ts';
import { type AppendFailure, type Clients, classifyAppend, describeFailure } from './clients.ts';
import type { Credentials, Timing } from './connection.ts';
import type { Reads } from './reads.ts';
import { type Encoded, encodeEvents } from './records.ts';

/** The furthest position of the log that this process has heard of. */
export interface HighWaterMark {
  at(): Position | null;
  reach(position: Position): void;
}

export const createHighWaterMark = (): HighWaterMark => {
  let furthest: Position | null = null;
  return {
    at: () => furthest,
    reach: (position) => {
      if (furthest === null || comparePositions(position, furthest) > 0) furthest = position;
    },
  };
};

interface AppendsOptions {
  readonly clients: Clients;
  readonly credentials: Credentials;
  readonly breaker: ServerBreaker;
  readonly reads: Pick<Reads, 'readStream'>;
  readonly highWaterMark: HighWaterMark;
  readonly timing: Timing;
  readonly random: () => number;
  readonly stopped: AbortSignal;
}

/** Thousands of calls at once have been seen to drop the connection, and some of those were written all the same. */
const appendsAtOnce = 48;
/** What a server takes in one append unless it was configured otherwise (1 MiB, inclusive). */
const bytesMax = 1_048_576;
const attemptsMax = 4;

interface WrittenEvents {
  readonly kind: 'written';
  readonly lastRevision: number;
  readonly position: Position | null;
}

interface Task {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly envelopes: readonly EventEnvelope[];
  readonly encoded: Encoded;
}

const checkExpected = (expected: ExpectedRevision): void => {
  if (expected === 'no_stream' || (Number.isSafeInteger(expected) && expected >= 0)) return;
  throw new RangeError(`not a revision: ${expected}`);
};

const encode = (stream: string, envelopes: readonly EventEnvelope[]): Encoded => {
  if (envelopes.length === 0) throw new RangeError('an append needs at least one event');
  const encoded = encodeEvents(envelopes);
  if (encoded.bytes <= bytesMax) return encoded;
  throw new RangeError(`${stream}: an append of ${encoded.bytes} bytes, more than the ${bytesMax} that can be stored`);
};

/** Whether these are the same facts, told at the same time: not those of another attempt at the same command. */
const isSame = (stored: readonly RecordedEvent[], envelopes: readonly EventEnvelope[]): boolean =>
  stored.length === envelopes.length &&
  stored.every((event, index) => {
    const ours = envelopes[index];
    return (
      ours !== undefined &&
      event.id === ours.id &&
      event.recordedAt === ours.recordedAt &&
      JSON.stringify(event.data) === JSON.stringify(ours.data)
    );
  });

export const createAppend = (options: AppendsOptions): EventStore['append'] => {
  const { clients, credentials, breaker, reads, highWaterMark, timing, random, stopped } = options;
  const inLine = createSlots(appendsAtOnce);
  const inTurn = createKeyedQueue();

  const send = ({ stream, expected, encoded }: Task): Promise<WrittenEvents> =>
    clients.use(async (client) => {
      const call = client.appendToStream(stream, encoded.events, {
        expectedRevision: expected === 'no_stream' ? NO_STREAM : BigInt(expected),
        credentials: { ...credentials },
        deadline: timing.deadlineMs,
        requiresLeader: true,
      });
      const { nextExpectedRevision, position } = await within(call, timing.deadlineMs + timing.deadlineSlackMs);
      return { kind: 'written', lastRevision: Number(nextExpectedRevision), position: position ?? null };
    });

  const attempt = async (task: Task): Promise<WrittenEvents | AppendFailure> => {
    try {
      return await inLine(() => breaker.through(() => send(task)));
    } catch (error) {
      return error instanceof CircuitOpen ? { kind: 'not_written', error } : classifyAppend(task.stream, error);
    }
  };

  /**
   * The server answered for events that were in the log before they were sent: an earlier attempt wrote them, maybe that
   * of another process, which may have decided otherwise. Then the caller must read what is there.
   */
  const answerFor = async ({ stream, envelopes }: Task, firstRevision: number): Promise<AppendResult> => {
    const stored = await reads.readStream(stream, firstRevision, envelopes.length);
    if (isSame(stored, envelopes)) return { kind: 'appended', events: stored };
    const last = stored.at(-1);
    if (last === undefined) throw new Error(`${stream}: the server answers for events that it no longer has`);
    return { kind: 'conflict', actual: last.revision };
  };

  const answer = async (task: Task, written: WrittenEvents, before: Position | null): Promise<AppendResult> => {
    const { lastRevision, position } = written;
    const firstRevision = lastRevision - task.envelopes.length + 1;
    if (position === null || (before !== null && comparePositions(position, before) <= 0)) {
      return answerFor(task, firstRevision);
    }
    highWaterMark.reach(position);
    // The server tells the position of the last event; those of the others are below it and not known.
    const events = task.envelopes.map((event, index): RecordedEvent => {
      return { ...event, stream: task.stream, revision: firstRevision + index, position };
    });
    return { kind: 'appended', events };
  };

  const run = async (task: Task): Promise<AppendResult> => {
    const before = highWaterMark.at();
    const backoff = createBackoff(timing.retryFirstMs, timing.retryMaxMs, random);
    let outcome: StoreUnavailable['outcome'] = 'not_written';
    for (let attempts = 1; ; attempts += 1) {
      const result = await attempt(task);
      if (result.kind === 'written') return answer(task, result, before);
      // Also after an unknown outcome: if that had been written, the server would have known the ids.
      if (result.kind === 'conflict') return result;
      if (result.kind === 'refused') throw result.error;
      if (result.kind === 'unknown') outcome = 'unknown';
      if (result.kind === 'denied' || attempts === attemptsMax || stopped.aborted) {
        const text = `${task.stream}: append failed: ${describeFailure(result.error)}`;
        throw new StoreUnavailable(text, outcome, result.error);
      }
      await pause(backoff.nextMs(), stopped);
    }
  };

  return async (stream, expected, envelopes) => {
    checkExpected(expected);
    const task = { stream, expected, envelopes, encoded: encode(stream, envelopes) };
    return inTurn(stream, () => run(task));
  };
};
