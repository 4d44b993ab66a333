/** Waiting for a position (B8): only for one that there is, and for no more requests at once than can be kept. */
import type { Progress } from '../../eventsourcing/consumers/consumerProgress.ts';
import type { Position } from '../../eventsourcing/message.ts';
import { comparePositions } from '../../eventsourcing/message.ts';
import type { EventSource } from '../../eventsourcing/ports.ts';
import { Problem } from '../problems/problem.ts';
import { createShares } from '../shares.ts';

/** A parked request is a socket and a timer; a read model that is behind has as many of them as its readers are quick. */
const waitsMax = 1_000;
const waitsPerCallerMax = 250;

export interface PositionGate {
  /** @throws Problem `INVALID_POSITION` for one that nothing was ever written at. */
  require(position: Position): Promise<void>;
  /** @returns whether all have reached it in time. @throws Problem */
  wait(caller: string, position: Position, models: readonly Progress[], timeoutMs: number): Promise<boolean>;
}

interface GatePorts {
  readonly live: Pick<Progress, 'position'>;
  readonly source: Pick<EventSource, 'head'>;
}

const hasReached = (at: Position | null, position: Position): boolean =>
  at !== null && comparePositions(at, position) >= 0;

export const createPositionGate = ({ live, source }: GatePorts): PositionGate => {
  const waits = createShares({ what: 'waits for a position', total: waitsMax, perCaller: waitsPerCallerMax });

  const requireIt: PositionGate['require'] = async (position) => {
    if (hasReached(live.position(), position)) return;
    // Another process may have written it just now, so the store is asked before it is refused.
    if (hasReached(await source.head(), position)) return;
    throw new Problem('INVALID_POSITION', 'The position lies beyond all there is.');
  };

  return {
    require: requireIt,
    wait: async (caller, position, models, timeoutMs) => {
      const behind = models.filter((model) => !hasReached(model.position(), position));
      if (behind.length === 0) return true;
      await requireIt(position);
      const share = waits.take(caller, 1);
      try {
        const reached = await Promise.all(behind.map((model) => model.waitFor(position, timeoutMs)));
        return !reached.includes(false);
      } finally {
        share.release();
      }
    },
  };
};
