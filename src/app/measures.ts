/** What the service measures of itself: figures for Prometheus (text format 0.0.4), and how far the policies are behind. */
import { pause } from '../eventsourcing/concurrency.ts';
import type { ConsumerProgress } from '../eventsourcing/consumers/consumerProgress.ts';
import { comparePositions, type Position } from '../eventsourcing/message.ts';
import { type DriftKind, type DriftWatch, driftKinds, type LapseWatch } from '../processManagers/ports.ts';
import type { ReadModels } from '../projections/index.ts';

interface Measures {
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

// How long the policies are behind what was recorded. They wait for no read model, so none counts.

interface LagOptions {
  /** Position of the newest event, as far as this process knows. */
  readonly head: () => Position | null;
  /** How far each follower has come. */
  readonly followers: readonly { position(): Position | null }[];
  /** Learns how far followers in other processes have come; news of it may be lost. */
  readonly lookAgain: () => Promise<void>;
  /** Monotonic. */
  readonly nowMs: () => number;
}

export interface LagMeter {
  /** How long ago the oldest event was recorded that a follower has not handled; 0 when none is, or all stand still. */
  behindMs(): number;
  sample(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

/** Fine enough to tell half a second from none. */
const sampleEveryMs = 200;
/** Minutes of samples; when that is not enough, the newest are left out. */
const samplesMax = 2_000;
/** From here on the checkpoints are asked. */
const doubtAboveMs = 1_000;
/**
 * Followers that have not moved for so long are stopped or broken, which has an alarm of its own: turning clients away
 * would not help them, and would make one outage two.
 */
const standsStillAfterMs = 30_000;

const isBehind = (position: Position | null, than: Position): boolean =>
  position === null || comparePositions(position, than) < 0;

export const createLagMeter = ({ head, followers, lookAgain, nowMs }: LagOptions): LagMeter => {
  /** When the head was first seen there; from the oldest that is not handled yet. */
  let seen: { readonly atMs: number; readonly position: Position }[] = [];
  let movedAtMs = nowMs();

  const forgetHandled = (): void => {
    const left = seen.findIndex(({ position }) =>
      followers.some((follower) => isBehind(follower.position(), position)),
    );
    if (left !== 0 && seen.length > 0) movedAtMs = nowMs();
    seen = left < 0 ? [] : seen.slice(left);
  };

  const behindMs = (): number => {
    forgetHandled();
    const [oldest] = seen;
    if (oldest === undefined) return 0;
    const now = nowMs();
    return now - movedAtMs > standsStillAfterMs ? 0 : now - oldest.atMs;
  };

  const sample = async (): Promise<void> => {
    forgetHandled();
    const position = head();
    const last = seen.at(-1)?.position;
    const isNews = position !== null && (last === undefined || comparePositions(position, last) > 0);
    if (isNews && followers.some((follower) => isBehind(follower.position(), position)) && seen.length < samplesMax) {
      // Nothing to do is no standing still.
      if (seen.length === 0) movedAtMs = nowMs();
      seen.push({ atMs: nowMs(), position });
    }
    // A store that does not answer fails the requests that need it.
    if (behindMs() > doubtAboveMs) await lookAgain().catch(() => undefined);
  };

  return {
    behindMs,
    sample,
    run: async (signal) => {
      while (!signal.aborted) {
        await sample();
        await pause(sampleEveryMs, signal);
      }
    },
  };
};

/** Also the name of the policies' checkpoint. */
export const reactionsName = 'reactions_v1';

/** Of this service: the live events of the process know its head. */
export const createPolicyLag = (live: ReadModels['live'], consumerProgress: ConsumerProgress): LagMeter =>
  createLagMeter({
    head: live.position,
    followers: [consumerProgress.progress(reactionsName)],
    lookAgain: consumerProgress.lookOnce,
    nowMs: () => performance.now(),
  });
