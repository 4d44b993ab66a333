import type { Position } from '../../eventsourcing/message.ts';
import { comparePositions } from '../../eventsourcing/message.ts';

/** The furthest position of the log that this process has heard of. */
export interface Horizon {
  at(): Position | null;
  reach(position: Position): void;
}

export const createHorizon = (): Horizon => {
  let furthest: Position | null = null;
  return {
    at: () => furthest,
    reach: (position) => {
      if (furthest === null || comparePositions(position, furthest) > 0) furthest = position;
    },
  };
};
