/** Who deletes too much is stopped before it is done (R13.2): counted when it is asked for, and given back where it was refused. */
import { LRUCache } from 'lru-cache';
import type { Principal } from '../../domain/access/principal.ts';
import { isFresh } from '../../domain/access/stepUp.ts';
import { callerKey } from '../limits.ts';
import { Problem } from '../problems/problem.ts';
import { createSlidingWindow } from '../slidingWindow.ts';
import { type About, type DetectionPorts, type Finding, rememberedMax } from './alerts.ts';
import { clientLeft, deletionLimit, type Observed } from './rules.ts';

/** Of somebody who may do it. */
export interface Deletion {
  readonly principal: Principal;
  readonly requestId: string;
}

export interface DeletionStop {
  /**
   * Counts what is about to be deleted. Whether the caller has asked for too much lately, and not signed in again since.
   * @throws Problem `RATE_LIMITED` where it is a client, which can't
   */
  isStopped(asked: Deletion): Promise<boolean>;
  /** How it ended. */
  observe(observed: Pick<Observed, 'entry'>): void;
}

/** A refusal: nothing was deleted. Of a client who has left nobody knows. */
const hasFailed = ({ status }: Observed['entry']): boolean => status >= 400 && status !== clientLeft;

export const createDeletionStop = (
  { clock, sharedCounts }: DetectionPorts,
  onOver: (finding: Finding, about: About) => void,
): DeletionStop => {
  const { name: rule, limit, windowMs } = deletionLimit;
  const nowMsOf = (): number => Date.parse(clock.now());
  const window = createSlidingWindow({
    quota: limit,
    lengthMs: windowMs,
    nowMs: nowMsOf,
    shared: sharedCounts,
  });
  /** Since when. */
  const stoppedMs = new LRUCache<string, number>({ max: rememberedMax });
  /** By request, until it has ended. One whose client left while it was counted never ends here: it is forgotten in time. */
  const counted = new LRUCache<string, string>({ max: rememberedMax });

  const isStopped: DeletionStop['isStopped'] = async ({ principal, requestId }) => {
    const key = `${rule}:${callerKey({ principal })}`;
    const { retryAfterMs } = await window.take(key, 1);
    if (retryAfterMs === 0) {
      stoppedMs.delete(key);
      counted.set(requestId, key);
      return false;
    }
    const sinceMs = stoppedMs.get(key) ?? nowMsOf();
    stoppedMs.set(key, sinceMs);
    onOver({ rule, key, limit, windowMs, isNameless: false }, { requestId, principal });
    const isSince = (principal.authTime ?? 0) * 1_000 > sinceMs;
    if (isSince && isFresh(principal, nowMsOf() / 1_000)) return false;
    if (principal.acr !== undefined || principal.kind === 'person') return true;
    const seconds = Math.ceil(retryAfterMs / 1_000);
    const headers = { 'retry-after': String(seconds) };
    throw new Problem('RATE_LIMITED', `Much was deleted lately. Try again in ${seconds} s.`, { headers });
  };

  const observe: DeletionStop['observe'] = ({ entry }) => {
    const key = counted.get(entry.requestId);
    if (key === undefined) return;
    counted.delete(entry.requestId);
    if (hasFailed(entry)) window.giveBack(key, 1);
  };

  return { isStopped, observe };
};
