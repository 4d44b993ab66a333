/**
 * Clients are turned away while what follows from their changes is far behind (back-pressure): whoever sends without end
 * would otherwise make everybody's order wait. Bulk first. Policies and sweeps send no requests and are never refused.
 */
import { Problem } from '../problems/problem.ts';

/** An order gets its sources within a few seconds beside bulk clients. */
export const bulkBehindMaxMs = 2_000;
/** What people and scanners do waits for longer: a take-over of the policies by another process passes unnoticed. */
export const behindMaxMs = 10_000;
const retryAfterMaxSeconds = 30;

export interface Admission {
  /** @throws Problem `POLICIES_BEHIND` */
  admit(isBulk: boolean): void;
}

/** @param behindMs how long policies are behind, in ms. */
export const createAdmission = (behindMs: () => number): Admission => ({
  admit: (isBulk) => {
    const behind = behindMs();
    if (behind <= (isBulk ? bulkBehindMaxMs : behindMaxMs)) return;
    const seconds = Math.min(retryAfterMaxSeconds, Math.ceil(behind / 1_000));
    throw new Problem('POLICIES_BEHIND', `What was recorded before is not worked off yet. Try again in ${seconds} s.`, {
      headers: { 'retry-after': String(seconds) },
    });
  },
});
