/**
 * The whole log, from where the last reading ended: all events as an auditor reads them, in the order in which the live
 * stream delivered them. Audit pages are in the order of time, to a tenth of a second; the stream is in that of the log.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from './client.ts';
import type { Journal } from './journal.ts';
import { keyOf, type LogEvent } from './log.ts';
import type { Listener } from './stream.ts';

export interface LogReader {
  /** What was recorded since the last call and is for readers. To be called at rest. */
  readOn(): Promise<readonly LogEvent[]>;
}

const pageMax = 500;
const streamMaxMs = 30_000;
const pollMs = 20;

const createPages = (auditor: Client) => {
  let cursor: string | null = null;
  /** Events of the page at the cursor that were read before. */
  let read = 0;
  return async (): Promise<readonly LogEvent[]> => {
    const events: LogEvent[] = [];
    for (;;) {
      const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { status, body } = await auditor.ask({ method: 'GET', path: `/v1/audit/events?limit=${pageMax}${from}` });
      if (status !== 200) throw new Error(`The log can't be read: ${status} ${JSON.stringify(body)}`);
      const { items, nextCursor } = body as { items: readonly LogEvent[]; nextCursor: string | null };
      events.push(...items.slice(read));
      read = items.length;
      if (nextCursor === null) return events;
      cursor = nextCursor;
      read = 0;
    }
  };
};

/** Hears all events, and must have been listening before the first was recorded. */
export const createLogReader = (auditor: Client, { ids }: Listener, journal: Journal): LogReader => {
  const readPages = createPages(auditor);
  let delivered = 0;

  const arrival = async (count: number): Promise<void> => {
    const untilMs = performance.now() + streamMaxMs;
    while (ids.length < count && performance.now() < untilMs) await pause(pollMs);
  };

  return {
    readOn: async () => {
      const events = (await readPages()).filter((event) => keyOf(event) !== null);
      await arrival(delivered + events.length);
      // What was recorded after the pages were read is for the next call.
      const heard = ids.slice(delivered, delivered + events.length);
      const place = new Map(heard.map((id, index) => [id, index]));
      delivered += heard.length;
      if (place.size < events.length) {
        journal.differ(`the stream delivered ${place.size} different events of ${events.length} that the log has`);
      }
      for (const event of events) {
        if (!place.has(event.id))
          journal.differ(`the stream did not deliver ${event.type} ${event.id}`, [keyOf(event)]);
      }
      return events.toSorted((a, b) => (place.get(a.id) ?? heard.length) - (place.get(b.id) ?? heard.length));
    },
  };
};
