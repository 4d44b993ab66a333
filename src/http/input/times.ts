import { futureToleranceMs } from '../../domain/values.ts';
import { Problem } from '../problems/problem.ts';

/** Business time of a command. @throws Problem when it lies further ahead than clocks differ (API.md "Times"). */
export const businessTime = (time: string | undefined, now: string): string => {
  if (time === undefined) return now;
  if (Date.parse(time) > Date.parse(now) + futureToleranceMs) {
    throw new Problem('OCCURRED_IN_FUTURE', 'A time may be at most 5 minutes ahead of ours.');
  }
  return time;
};
