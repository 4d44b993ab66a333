/** The stream of one stock, read in slices, and the cursor that marks a revision in it. */
import type { StockEvent } from '../../domain/stock/events.ts';
import type { EventSource } from '../../eventsourcing/ports.ts';
import { formatCursor, InvalidCursor, parseCursor } from '../../eventsourcing/projecting/page.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';

export type RecordedStockEvent = Recorded<StockEvent>;

/** All that history needs of the log. Each read takes its turn among the long ones (`pacer.ts`). */
export type StreamReader = Pick<EventSource, 'readStream'>;

/** A slice is read and decoded within some five milliseconds, and is all that a fold holds of a stream. */
const eventsPerSlice = 250;

/** From a revision (inclusive) to the end, in slices that are never empty. A stream holds events of its category only. */
export async function* slicesOf(
  source: StreamReader,
  stream: string,
  fromRevision: number,
): AsyncGenerator<readonly RecordedStockEvent[]> {
  for (let from = fromRevision; ; from += eventsPerSlice) {
    const slice = (await source.readStream(stream, from, eventsPerSlice)) as readonly RecordedStockEvent[];
    if (slice.length > 0) yield slice;
    if (slice.length < eventsPerSlice) return;
  }
}

/** The cursor names the stream too, so that it fits no other. */
export const revisionCursor = (stream: string, revision: number): string =>
  formatCursor({ value: revision, id: stream });

/** The revision after which to go on; `null` at the beginning. @throws InvalidCursor */
export const revisionAfter = (stream: string, cursor: string | undefined): number | null => {
  if (cursor === undefined) return null;
  const { value, id } = parseCursor(cursor);
  if (id !== stream || typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidCursor('a cursor of another list');
  }
  return value;
};
