/**
 * A Bloom filter over ids: says for sure that one was never added, and of one in a hundred strangers that it may have
 * been. Most keys are new, and this spares them the way to the file.
 */
export interface KeyFilter {
  /** A UUID that is a hash, such as version 5. */
  add(id: string): void;
  mayHave(id: string): boolean;
}

/** 8 MiB: some 7 million keys at about one false alarm in a hundred; beyond that there are more of them, and no harm. */
const bits = 2 ** 26;

/** Of more than these it says nothing that is worth the reading: of six strangers it takes one for known. */
export const keysMax = 16_000_000;

/** Such ids are evenly spread, so that their own digits serve as the hashes; those of version and variant are the same in all. */
const positionsOf = (id: string): readonly [number, number, number, number] => [
  Number.parseInt(id.slice(0, 8), 16) % bits,
  Number.parseInt(id.slice(28, 36), 16) % bits,
  Number.parseInt(id.slice(9, 13) + id.slice(15, 18), 16) % bits,
  Number.parseInt(id.slice(20, 23) + id.slice(24, 28), 16) % bits,
];

export const createKeyFilter = (): KeyFilter => {
  const words = new Uint32Array(bits / 32);
  const isSet = (at: number): boolean => ((words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  return {
    add: (id) => {
      for (const at of positionsOf(id)) words[at >>> 5] = (words[at >>> 5] ?? 0) | (1 << (at & 31));
    },
    mayHave: (id) => {
      const [a, b, c, d] = positionsOf(id);
      return isSet(a) && isSet(b) && isSet(c) && isSet(d);
    },
  };
};
