/** Lines that wait to be written, as bytes: objects that wait would be moved by the collector again and again. */
export interface Pending {
  readonly bytes: Uint8Array;
  /** Number of its last line. */
  readonly last: number;
  /** Lines that found no room. */
  readonly lost: number;
}

export interface PendingLines {
  /** Counts it as lost where there is no room. */
  add(line: string): void;
  /** Number of the next line. */
  next(): number;
  /** All that waits, which is then the caller's; `null`: nothing. */
  take(): Pending | null;
}

const startBytes = 64 * 1_024;
/** While the disk takes nothing: some 50,000 lines. */
const bytesMax = 16 * 1_024 * 1_024;
/** Of one UTF-16 unit in UTF-8. */
const bytesPerUnit = 3;

/** @param last number of the last line that was written. */
export const createPendingLines = (last: number): PendingLines => {
  let number = last;
  let buffer = Buffer.allocUnsafe(startBytes);
  let used = 0;
  let lost = 0;

  const makeRoom = (bytes: number): boolean => {
    if (used + bytes <= buffer.length) return true;
    const size = Math.max(2 * buffer.length, used + bytes);
    if (size > bytesMax) return false;
    const larger = Buffer.allocUnsafe(size);
    buffer.copy(larger, 0, 0, used);
    buffer = larger;
    return true;
  };

  return {
    add: (line) => {
      if (!makeRoom(bytesPerUnit * line.length)) {
        lost += 1;
        return;
      }
      used += buffer.write(line, used);
      number += 1;
    },
    next: () => number + 1,
    take: () => {
      if (used === 0 && lost === 0) return null;
      const taken = { bytes: Uint8Array.prototype.slice.call(buffer, 0, used), last: number, lost };
      [used, lost] = [0, 0];
      return taken;
    },
  };
};
