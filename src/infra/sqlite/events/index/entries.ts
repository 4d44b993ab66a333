/** Entries of the log's index: a key of two numbers and the position of an event, packed into 16 bytes in their order. */

/** Ordered by `major`, then by `minor`. */
export interface Key {
  /** Below 2^48. */
  readonly major: number;
  /** Below 2^32. */
  readonly minor: number;
}

export interface Entry extends Key {
  /** Below 2^48. */
  readonly position: number;
}

const majorBytes = 6;
const minorBytes = 4;
const positionBytes = 6;
export const entryBytes = majorBytes + minorBytes + positionBytes;

/** With its key, a chunk of so many lies on one page of 4 KiB with three others, without one of its own for its end. */
export const chunkEntries = 60;
export const minorMax = 2 ** 32 - 1;

export const compareKeys = (left: Key, right: Key): number =>
  left.major === right.major ? left.minor - right.minor : left.major - right.major;

/** Two ids with one key are told apart by what comes later in the log. */
export const compareEntries = (left: Entry, right: Entry): number => {
  const order = compareKeys(left, right);
  return order === 0 ? left.position - right.position : order;
};

export const pack = (entries: readonly Entry[]): Buffer => {
  const packed = Buffer.allocUnsafe(entries.length * entryBytes);
  let at = 0;
  for (const { major, minor, position } of entries) {
    at = packed.writeUIntBE(major, at, majorBytes);
    at = packed.writeUInt32BE(minor, at);
    at = packed.writeUIntBE(position, at, positionBytes);
  }
  return packed;
};

/** A chunk as the file has it. */
export interface Chunk {
  readonly length: number;
  at(index: number): Entry;
  /** Index of the last entry whose key is not above this one; -1 when there is none. */
  floor(key: Key): number;
}

export const openChunk = (bytes: Uint8Array): Chunk => {
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = packed.length / entryBytes;
  const at = (index: number): Entry => {
    const start = index * entryBytes;
    return {
      major: packed.readUIntBE(start, majorBytes),
      minor: packed.readUInt32BE(start + majorBytes),
      position: packed.readUIntBE(start + majorBytes + minorBytes, positionBytes),
    };
  };
  const floor: Chunk['floor'] = (key) => {
    let [low, high] = [-1, length - 1];
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2);
      if (compareKeys(at(middle), key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return { length, at, floor };
};
