import { createRandom } from '../crash/seeded.ts';

/** Random choices that are the same for the same seed. */
export interface Dice {
  /** From 0, below `count`. */
  below(count: number): number;
  /** Both inclusive. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** One of the newest. */
  pickLate<T>(list: readonly T[]): T | undefined;
  weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T;
  uuid(): string;
}

const lateOnes = 40;

export const createDice = (seed: number): Dice => {
  const random = createRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const hex = (digits: number): string => Array.from({ length: digits }, () => below(16).toString(16)).join('');
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (probability) => random() < probability,
    pick,
    pickLate: (list) => (list.length === 0 ? undefined : pick(list.slice(-lateOnes))),
    weighted: (choices) => {
      let left = random() * choices.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, choice] of choices) {
        left -= weight;
        if (left < 0) return choice;
      }
      return pick(choices)[1];
    },
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
  };
};
