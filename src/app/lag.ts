/** How long the policies, and the read models that they wait for, are behind what was recorded. */
import type { Board } from '../eventsourcing/consumers/consumerProgress.ts';
import { pause } from '../eventsourcing/consumers/pause.ts';
import type { Position } from '../eventsourcing/message.ts';
import { comparePositions } from '../eventsourcing/position.ts';
import type { ReadModels } from '../projections/index.ts';

export interface LagOptions {
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
    // A store that does not answer tells whoever asks it for more.
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
export const createPolicyLag = ({ live, orders, stockLevels }: ReadModels, board: Board): LagMeter =>
  createLagMeter({
    head: live.position,
    followers: [board.progress(reactionsName), orders.model, stockLevels.model],
    lookAgain: board.lookOnce,
    nowMs: () => performance.now(),
  });
