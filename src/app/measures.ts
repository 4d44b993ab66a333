/** What the service measures of itself, as Prometheus reads it (text format 0.0.4). */
import type { LapseWatch } from '../processManagers/ports.ts';
import { type DriftKind, type DriftWatch, driftKinds } from '../processManagers/ports.ts';

export interface Measures {
  readonly lapses: LapseWatch;
  readonly drift: DriftWatch;
  /** Lines of `GET /metrics`. */
  readonly lines: () => readonly string[];
}

/** Seconds after its time that a reservation may end; the promise is 5 s for 99 of 100. */
const latenessBounds = [0.5, 1, 2, 5, 10, 30, 60, 300];

const titled = (name: string, type: 'gauge' | 'histogram', help: string): readonly string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
];

const createHistogram = (name: string, help: string, bounds: readonly number[]) => {
  const counts = bounds.map(() => 0);
  let sum = 0;
  let count = 0;
  return {
    observe: (value: number): void => {
      sum += value;
      count += 1;
      for (const [index, bound] of bounds.entries()) if (value <= bound) counts[index] = (counts[index] ?? 0) + 1;
    },
    lines: (): readonly string[] => [
      ...titled(name, 'histogram', help),
      ...bounds.map((bound, index) => `${name}_bucket{le="${bound}"} ${counts[index]}`),
      `${name}_bucket{le="+Inf"} ${count}`,
      `${name}_sum ${sum}`,
      `${name}_count ${count}`,
    ],
  };
};

/** What is mended a moment later is shown for longer than a scraper's interval. */
const driftShownMs = 5 * 60_000;

const createDrift = (nowMs: () => number) => {
  const name = 'stockledger_reservation_drift';
  const found = new Map<DriftKind, { readonly atMs: number; readonly count: number }[]>();
  const countOf = (kind: DriftKind): number => {
    const shown = (found.get(kind) ?? []).filter(({ atMs }) => nowMs() - atMs < driftShownMs);
    found.set(kind, shown);
    return shown.reduce((sum, { count }) => sum + count, 0);
  };
  return {
    watch: {
      found: (kind: DriftKind, count: number): void => {
        if (count > 0) found.set(kind, [...(found.get(kind) ?? []), { atMs: nowMs(), count }]);
      },
    },
    lines: (): readonly string[] => [
      ...titled(name, 'gauge', 'Claims of orders and reservations of stocks that did not agree in the last 5 minutes.'),
      ...driftKinds.map((kind) => `${name}{kind="${kind}"} ${countOf(kind)}`),
    ],
  };
};

/** @param policiesBehindMs as it is when it is called. */
export const createMeasures = (policiesBehindMs: () => number, nowMs = () => performance.now()): Measures => {
  const lateness = createHistogram(
    'stockledger_reservation_lapse_late_seconds',
    'How long after their time reservations ended.',
    latenessBounds,
  );
  const oldest = 'stockledger_reservation_oldest_due_seconds';
  const behind = 'stockledger_policies_behind_seconds';
  const drift = createDrift(nowMs);
  let oldestDueMs = 0;
  return {
    lapses: {
      ended: (lateMs) => lateness.observe(lateMs / 1_000),
      oldestDue: (dueForMs) => {
        oldestDueMs = dueForMs;
      },
    },
    drift: drift.watch,
    lines: () => [
      ...lateness.lines(),
      ...drift.lines(),
      ...titled(oldest, 'gauge', 'How long the oldest reservation that is due had been due at the latest sweep.'),
      `${oldest} ${oldestDueMs / 1_000}`,
      ...titled(behind, 'gauge', 'How long ago the oldest event was recorded that policies have not handled.'),
      `${behind} ${policiesBehindMs() / 1_000}`,
    ],
  };
};
