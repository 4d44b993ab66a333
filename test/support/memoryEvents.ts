/** A log in memory, for tests that need thousands of worlds. It runs the contract of the event store like any adapter. */
import { comparePositions, type RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { AppendResult, EventSource, EventStore, ExpectedRevision } from '../../src/eventsourcing/ports.ts';

export type Log = EventStore & Pick<EventSource, 'readAll' | 'scan'>;

/** `isBlindToKnownIds`: writes an id again, as EventStoreDB does at the head of a stream. */
export const createMemoryEvents = ({ isBlindToKnownIds = false } = {}): Log => {
  const log: RecordedEvent[] = [];
  const streams = new Map<string, RecordedEvent[]>();
  const ids = new Set<string>();
  const locate: EventStore['locate'] = async (eventIds) =>
    log.filter(({ id }) => eventIds.includes(id)).map(({ id, stream, revision }) => ({ id, stream, revision }));
  return {
    isBlindToKnownIds,
    ...(isBlindToKnownIds ? {} : { locate }),
    append: async (stream, expected, events): Promise<AppendResult> => {
      const known = streams.get(stream) ?? [];
      const actual: ExpectedRevision = known.length === 0 ? 'no_stream' : known.length - 1;
      if (actual !== expected) return { kind: 'conflict', actual };
      const eventIds = isBlindToKnownIds ? [] : events.map(({ id }) => id).filter((id) => ids.has(id));
      if (eventIds.length > 0) return { kind: 'duplicate', eventIds };
      if (new Set(events.map(({ id }) => id)).size !== events.length) throw new RangeError('the same event id twice');
      const recorded = events.map((event, index): RecordedEvent => {
        const at = BigInt(log.length + index + 1);
        return { ...event, stream, revision: known.length + index, position: { commit: at, prepare: at } };
      });
      streams.set(stream, [...known, ...recorded]);
      log.push(...recorded);
      for (const { id } of events) ids.add(id);
      return { kind: 'appended', events: recorded };
    },
    readStream: async (stream, fromRevision, limit) =>
      (streams.get(stream) ?? []).slice(fromRevision, Math.min(fromRevision + limit, Number.MAX_SAFE_INTEGER)),
    head: async () => log.at(-1)?.position ?? null,
    scan: async (from) => ({
      events: log.slice(Number(from?.commit ?? 0n)),
      upTo: log.at(-1)?.position ?? null,
      isCaughtUp: true,
    }),
    readAll: async (from, direction, limit) => {
      if (direction === 'forwards') {
        const next = from === null ? 0 : Number(from.commit);
        return log.slice(next, next + limit);
      }
      return log
        .filter(({ position }) => from === null || comparePositions(position, from) < 0)
        .reverse()
        .slice(0, limit);
    },
  };
};
