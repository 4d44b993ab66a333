/**
 * A log that answers as EventStoreDB was measured to: ids are compared only with what stands after the expected revision,
 * never at the head, so whoever guesses a revision writes twice. Its faults come from the test.
 */
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { type EventSource, type EventStore, StoreUnavailable } from '../../src/eventsourcing/ports.ts';

/** The process that would have gone on is gone. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

export type Fault = 'none' | 'refused' | 'lost before' | 'lost after' | 'killed before' | 'killed after';

export interface BlindEvents {
  readonly log: RecordedEvent[];
  readonly store: EventStore & Pick<EventSource, 'readAll'>;
}

/** Far apart, as a server's are, which is why nobody may count with them. */
const positionStep = 137n;

export const createBlindEvents = (nextFault: () => Fault = () => 'none'): BlindEvents => {
  const log: RecordedEvent[] = [];
  const ofStream = (stream: string): RecordedEvent[] => log.filter((event) => event.stream === stream);

  const write: EventStore['append'] = async (stream, expected, events) => {
    const known = ofStream(stream);
    const next = expected === 'no_stream' ? 0 : expected + 1;
    if (next === known.length) {
      const recorded = events.map((event, index): RecordedEvent => {
        const at = BigInt(log.length + index + 1) * positionStep;
        return { ...event, stream, revision: next + index, position: { commit: at, prepare: at } };
      });
      log.push(...recorded);
      return { kind: 'appended', events: recorded };
    }
    const there = known.slice(next, next + events.length);
    const isRepeat = there.length === events.length && there.every(({ id }, index) => id === events[index]?.id);
    if (isRepeat) return { kind: 'appended', events: there };
    return { kind: 'conflict', actual: known.length === 0 ? 'no_stream' : known.length - 1 };
  };

  const append: EventStore['append'] = async (stream, expected, events) => {
    const fault = nextFault();
    if (fault === 'refused') throw new StoreUnavailable('busy', 'not_written');
    if (fault === 'lost before') throw new StoreUnavailable('timed out', 'unknown');
    if (fault === 'killed before') throw new Killed();
    const result = await write(stream, expected, events);
    if (fault === 'lost after') throw new StoreUnavailable('timed out', 'unknown');
    if (fault === 'killed after') throw new Killed();
    return result;
  };

  return {
    log,
    store: {
      isBlindToKnownIds: true,
      append,
      readStream: async (stream, fromRevision, limit) => ofStream(stream).slice(fromRevision, fromRevision + limit),
      head: async () => log.at(-1)?.position ?? null,
      readAll: async (from, _direction, limit) => {
        const start = log.findIndex(({ position }) => position.commit > (from?.commit ?? 0n));
        return start < 0 ? [] : log.slice(start, start + limit);
      },
    },
  };
};
