/** The end of the run: what was asked for is done in the background, so wait until nothing moves any more. */
import { setTimeout as pause } from 'node:timers/promises';
import { UnexpectedAnswer } from './answers.ts';

/** The samples of a metric by their labels, as they stand in the Prometheus text format. */
const samplesOf = (metrics: string, name: string): readonly (readonly [labels: string, value: number])[] =>
  [...metrics.matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)`, 'gm'))].map(([, labels = '', value]) => [
    labels,
    Number(value),
  ]);

const readMetrics = async (origin: string): Promise<string> => {
  const answer = await fetch(`${origin}/metrics`);
  if (!answer.ok) throw new UnexpectedAnswer(`/metrics: HTTP ${answer.status}`);
  return answer.text();
};

/** How many events the service has stored. */
export const eventsStored = async (origin: string): Promise<number> => {
  const value = samplesOf(await readMetrics(origin), 'stockledger_events_total')[0]?.[1];
  if (value === undefined || !Number.isFinite(value)) {
    throw new UnexpectedAnswer('/metrics has no stockledger_events_total.');
  }
  return value;
};

export interface Pulse {
  /** Something that changes as long as there is progress. */
  readonly beat: string;
  /** Nothing is left to do: as long as it is false, standing still means that the machine is busy. */
  readonly isAtRest: boolean;
}

/** The service is at rest when each consumer has handled the whole log. */
export const pulseOf = async (origin: string): Promise<Pulse> => {
  const metrics = await readMetrics(origin);
  const lags = samplesOf(metrics, 'stockledger_consumer_lag_positions');
  return {
    beat: JSON.stringify([samplesOf(metrics, 'stockledger_events_total'), lags]),
    isAtRest: lags.length > 0 && lags.every(([, lag]) => lag === 0),
  };
};

interface Watch<T> {
  /** Looks once. */
  readonly look: () => Promise<T>;
  /** True when there is nothing more to wait for. */
  readonly isDone: (seen: T) => boolean;
  readonly pulse: () => Promise<Pulse>;
  readonly everyMs: number;
  /** How long the pulse stands still, at rest, before the last look counts. */
  readonly quietMs: number;
  readonly timeoutMs: number;
}

/** Looks until it is done, or until nothing is left to do and nothing has moved for a while. Returns the last look. */
export const watch = async <T>({ look, isDone, pulse, everyMs, quietMs, timeoutMs }: Watch<T>): Promise<T> => {
  const started = Date.now();
  let last = '';
  let movedAt = started;
  for (;;) {
    const { beat, isAtRest } = await pulse();
    const seen = await look();
    if (isDone(seen)) return seen;
    const now = Date.now();
    if (beat !== last || !isAtRest) movedAt = now;
    last = beat;
    if (now - movedAt >= quietMs || now - started >= timeoutMs) return seen;
    await pause(everyMs);
  }
};
