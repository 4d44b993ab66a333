/**
 * Which keys are new for sure, without a look into the file: a Bloom filter says for sure that one was never added, and of one
 * in a hundred strangers that it may have been. Most keys are new.
 */

interface Filter<Key> {
  add(key: Key): void;
  mayHave(key: Key): boolean;
}

/** `placesOf` a key: four numbers below `bits`, evenly spread. */
export const createFilter = <Key>(bits: number, placesOf: (key: Key) => readonly number[]): Filter<Key> => {
  const words = new Uint32Array(bits / 32);
  const isSet = (at: number): boolean => ((words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  return {
    add: (key) => {
      for (const at of placesOf(key)) words[at >>> 5] = (words[at >>> 5] ?? 0) | (1 << (at & 31));
    },
    mayHave: (key) => placesOf(key).every(isSet),
  };
};

/** 8 MiB: some 7 million keys at about one false alarm in a hundred; beyond that there are more of them, and no harm. */
const bits = 2 ** 26;

/** Of more than these it says nothing that is worth the reading: of six strangers it takes one for known. */
export const keysMax = 16_000_000;

/** Such ids are evenly spread, so that their own digits serve as the hashes; those of version and variant are the same in all. */
const placesOfId = (id: string): readonly [number, number, number, number] => [
  Number.parseInt(id.slice(0, 8), 16) % bits,
  Number.parseInt(id.slice(28, 36), 16) % bits,
  Number.parseInt(id.slice(9, 13) + id.slice(15, 18), 16) % bits,
  Number.parseInt(id.slice(20, 23) + id.slice(24, 28), 16) % bits,
];

export type KeyFilter = Filter<string>;

/** Of UUIDs that are hashes, such as version 5. */
export const createKeyFilter = (): KeyFilter => createFilter(bits, placesOfId);
