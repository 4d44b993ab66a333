/** The end of the run: what was asked for is done in the background, so wait until nothing moves any more. */
import { setTimeout as pause } from 'node:timers/promises';
import { UnexpectedAnswer } from './answers.ts';

/** How many events the service has stored: a gauge of `GET /metrics` (Prometheus text format). */
export const eventsStored = async (origin: string): Promise<number> => {
  const answer = await fetch(`${origin}/metrics`);
  const found = /^stockledger_events_total(?:\{[^}]*\})? (\S+)/m.exec(await answer.text());
  const value = Number(found?.[1] ?? Number.NaN);
  if (!Number.isFinite(value)) throw new UnexpectedAnswer('/metrics has no stockledger_events_total.');
  return value;
};

interface Watch<T> {
  /** Looks once. */
  readonly look: () => Promise<T>;
  /** True when there is nothing more to wait for. */
  readonly isDone: (seen: T) => boolean;
  /** Something that changes as long as there is progress. */
  readonly pulse: () => Promise<number>;
  readonly everyMs: number;
  /** How long the pulse may stand still before the last look counts. */
  readonly quietMs: number;
  readonly timeoutMs: number;
}

/** Looks until it is done, or until nothing has moved for a while. Returns the last look. */
export const watch = async <T>({ look, isDone, pulse, everyMs, quietMs, timeoutMs }: Watch<T>): Promise<T> => {
  const started = Date.now();
  let last = await pulse();
  let movedAt = started;
  for (;;) {
    const seen = await look();
    if (isDone(seen)) return seen;
    const beat = await pulse();
    if (beat !== last) movedAt = Date.now();
    last = beat;
    const now = Date.now();
    if (now - movedAt >= quietMs || now - started >= timeoutMs) return seen;
    await pause(everyMs);
  }
};
