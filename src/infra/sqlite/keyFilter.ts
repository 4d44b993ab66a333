/**
 * A Bloom filter over digests: says for sure that one was never added, and of one in a hundred strangers that it may
 * have been. Most keys are new, and this spares them the way to the file.
 */
export interface KeyFilter {
  add(digest: Uint8Array): void;
  mayHave(digest: Uint8Array): boolean;
}

/** 8 MiB: some 7 million keys at about one false alarm in a hundred; beyond that there are more of them, and no harm. */
const bits = 2 ** 26;
const probes = 4;
const bytesPerProbe = 4;

/** Digests are evenly spread, so that their own bytes serve as the hashes of the filter. At least 16 bytes each. */
export const createKeyFilter = (): KeyFilter => {
  const words = new Uint32Array(bits / 32);
  const positionsOf = (digest: Uint8Array): readonly number[] => {
    const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
    return Array.from({ length: probes }, (_, probe) => view.getUint32(probe * bytesPerProbe) % bits);
  };
  return {
    add: (digest) => {
      for (const at of positionsOf(digest)) words[at >>> 5] = (words[at >>> 5] ?? 0) | (1 << (at & 31));
    },
    mayHave: (digest) => positionsOf(digest).every((at) => ((words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0),
  };
};
