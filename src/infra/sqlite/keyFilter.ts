/**
 * Which keys are new for sure, without a look into the file: a Bloom filter says for sure that one was never added, and of one
 * in a hundred strangers that it may have been. Most keys are new.
 */

interface Filter<Key> {
  /** @returns whether it may have been added before. */
  add(key: Key): boolean;
  mayHave(key: Key): boolean;
}

/** Two numbers below 2^53 of a key, evenly spread and independent of each other. */
interface Hashes<Key> {
  readonly first: (key: Key) => number;
  readonly second: (key: Key) => number;
}

/** Places of a key: both hashes, and sums of them, which tell keys apart as well as hashes of their own (Kirsch, Mitzenmacher). */
export const createFilter = <Key>(bits: number, { first, second }: Hashes<Key>): Filter<Key> => {
  const words = new Uint32Array(bits / 32);
  const isSet = (at: number): boolean => ((words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  const set = (at: number): void => {
    words[at >>> 5] = (words[at >>> 5] ?? 0) | (1 << (at & 31));
  };
  const mayHave = (a: number, b: number): boolean =>
    isSet(a) && isSet(b) && isSet((a + b) % bits) && isSet((a + 2 * b) % bits);
  return {
    add: (key) => {
      const [a, b] = [first(key) % bits, second(key) % bits];
      const isKnown = mayHave(a, b);
      if (!isKnown) for (const at of [a, b, (a + b) % bits, (a + 2 * b) % bits]) set(at);
      return isKnown;
    },
    mayHave: (key) => mayHave(first(key) % bits, second(key) % bits),
  };
};

/** 8 MiB: some 7 million keys at about one false alarm in a hundred; beyond that there are more of them, and no harm. */
const bits = 2 ** 26;

/** Of more than these it says nothing that is worth the reading: of six strangers it takes one for known. */
export const keysMax = 16_000_000;

/** Such ids are evenly spread, so that their own digits serve as the hashes; those of version and variant are the same in all. */
const hashesOfId: Hashes<string> = {
  first: (id) => Number.parseInt(id.slice(0, 8), 16),
  second: (id) => Number.parseInt(id.slice(28, 36), 16),
};

export type KeyFilter = Filter<string>;

/** Of UUIDs that are hashes, such as version 5. */
export const createKeyFilter = (): KeyFilter => createFilter(bits, hashesOfId);
