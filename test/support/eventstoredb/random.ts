/** Numbers from 0 up to 1, the same for the same seed. A linear congruential generator with the constants of MMIX. */
export const createRandom = (seed: number): (() => number) => {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 11n) / 2 ** 53; // The low bits repeat soon.
  };
};
