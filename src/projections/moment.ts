/**
 * A look back on two time axes (B2). `asOf` asks what had happened by then (`occurredAt`); `knownAt` asks what the ledger
 * had been told by then (`recordedAt`). A delivery of Monday that is typed in on Wednesday belongs to "as of Tuesday" from
 * Wednesday on, and to "as of Tuesday, as known on Tuesday" never: so an old report can be printed again as it was, and
 * also as it should have been.
 */
import type { DomainEvent } from '../eventsourcing/message.ts';
import type { EventSource } from '../eventsourcing/ports.ts';
import type { Recorded } from '../eventsourcing/projecting/projection.ts';

/** ISO 8601 UTC with milliseconds, both inclusive. Absent: no limit on that axis. */
export interface Moment {
  readonly asOf?: string;
  readonly knownAt?: string;
}

/** A moment with what was given of it. */
export const momentOf = (given: {
  readonly asOf?: string | undefined;
  readonly knownAt?: string | undefined;
}): Moment => ({
  ...(given.asOf === undefined ? {} : { asOf: given.asOf }),
  ...(given.knownAt === undefined ? {} : { knownAt: given.knownAt }),
});

interface Times {
  readonly occurredAt: string;
  readonly recordedAt: string;
}

export const countsAt = ({ occurredAt, recordedAt }: Times, { asOf, knownAt }: Moment): boolean =>
  (asOf === undefined || occurredAt <= asOf) && (knownAt === undefined || recordedAt <= knownAt);

/** Of all times that a moment may name. */
export const latest = '9999-12-31T23:59:59.999Z';

/** A time moved by so much, within the times that there are. */
export const movedBy = (time: string, ms: number): string =>
  new Date(Math.min(Math.max(0, Date.parse(time) + ms), Date.parse(latest))).toISOString();

export const earlierTime = (a: string, b: string): string => (a < b ? a : b);

/** All that a look back needs of the log. Each read takes its turn among the long ones (`createPacer`). */
export type PacedStreamReader = Pick<EventSource, 'readStream'>;

/** A slice is read and decoded within some five milliseconds, and is all that a fold holds of a stream. */
const eventsPerSlice = 250;

/**
 * From a revision (inclusive) to the end, in slices that are never empty. A stream holds events of its category only. Who needs
 * few of them says how many the first slice has; those after it grow.
 */
export async function* slicesOf<E extends DomainEvent>(
  source: PacedStreamReader,
  stream: string,
  fromRevision: number,
  firstSlice = eventsPerSlice,
): AsyncGenerator<readonly Recorded<E>[]> {
  for (let [from, size] = [fromRevision, firstSlice]; ; ) {
    const slice = (await source.readStream(stream, from, size)) as readonly Recorded<E>[];
    if (slice.length > 0) yield slice;
    if (slice.length < size) return;
    from += size;
    size = Math.min(4 * size, eventsPerSlice);
  }
}
