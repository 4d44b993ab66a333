/**
 * What is known of a file: as it should be, or damaged for good. The first damage is remembered and told once; from then
 * on nothing is read or written, so that nothing wrong is answered and nothing is acknowledged that would be lost.
 */
import { StoreDamaged } from '../../../eventsourcing/ports.ts';
import type { FileGuard } from './fileGuard.ts';
import { asUnavailable } from './sqliteErrors.ts';

export type Outcome = 'not_written' | 'unknown';

export interface Soundness {
  damage(): StoreDamaged | null;
  condemn(damage: StoreDamaged): void;
  /** Looks at the files. `outcome`: what became of the work that was just done. */
  look(outcome: Outcome): StoreDamaged | null;
  /** The error for callers. Damage that it tells of is remembered. */
  judge(error: unknown, outcome: Outcome): unknown;
}

export const createSoundness = (
  guard: FileGuard,
  onDamage: (damage: StoreDamaged) => void = () => undefined,
): Soundness => {
  let damage: StoreDamaged | null = null;

  const condemn = (found: StoreDamaged): void => {
    if (damage !== null) return;
    damage = found;
    onDamage(found);
  };

  return {
    damage: () => damage,
    condemn,
    look: (outcome) => {
      const wrong = damage === null ? guard() : null;
      if (wrong !== null) condemn(new StoreDamaged(`${wrong}.`, outcome));
      return damage;
    },
    judge: (error, outcome) => {
      const judged = asUnavailable(error, outcome);
      if (judged instanceof StoreDamaged) condemn(judged);
      return judged;
    },
  };
};
