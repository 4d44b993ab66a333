/**
 * The log: bytes in slabs, one frame after the other. A position is the byte at which a frame begins, so positions
 * have gaps as on a real server, and finding one is a binary search.
 */
/** Takes the largest message that the server receives; memory is only touched as it fills. */
const slabBytes = 32 * 1024 * 1024;
/** A real record carries more than its payload, so the next position is never just the length away. */
const recordOverheadBytes = 24;
const capacityAtStart = 1024;

export interface Entry {
  readonly stream: number;
  readonly type: number;
  readonly createdAtMs: number;
}

export interface Log {
  readonly length: () => number;
  /** Where the next event begins if `bytes` fit there. */
  readonly nextPosition: (bytes: number) => number;
  /** Leaves a gap, as a record does that is no event. */
  readonly skip: () => void;
  readonly add: (position: number, frame: Buffer, entry: Entry) => number;
  readonly frame: (index: number) => Buffer;
  readonly position: (index: number) => number;
  readonly stream: (index: number) => number;
  readonly type: (index: number) => number;
  readonly createdAtMs: (index: number) => number;
  /** The first event at this position or after it; the length of the log when there is none. */
  readonly indexFrom: (position: number) => number;
}

/** A list of numbers that grows by doubling. */
const createColumn = (make: (length: number) => Float64Array | Uint32Array) => {
  let values = make(capacityAtStart);
  return {
    set: (index: number, value: number): void => {
      if (index >= values.length) {
        const longer = make(values.length * 2);
        longer.set(values);
        values = longer;
      }
      values[index] = value;
    },
    get: (index: number): number => values[index] ?? 0,
  };
};

const floats = () => createColumn((length) => new Float64Array(length));
const integers = () => createColumn((length) => new Uint32Array(length));

export const createLog = (): Log => {
  const slabs: Buffer[] = [];
  const [positions, times] = [floats(), floats()];
  const [lengths, streams, types] = [integers(), integers(), integers()];
  let count = 0;
  let end = 0;

  const nextPosition = (bytes: number): number => {
    const used = end % slabBytes;
    return used + bytes > slabBytes ? end - used + slabBytes : end;
  };

  const slabAt = (position: number): Buffer => {
    const index = Math.floor(position / slabBytes);
    slabs[index] ??= Buffer.allocUnsafeSlow(slabBytes);
    return slabs[index];
  };

  return {
    length: () => count,
    nextPosition,
    skip: () => {
      end += recordOverheadBytes;
    },
    add: (position, frame, { stream, type, createdAtMs }) => {
      slabAt(position).set(frame, position % slabBytes);
      const index = count;
      positions.set(index, position);
      lengths.set(index, frame.length);
      streams.set(index, stream);
      types.set(index, type);
      times.set(index, createdAtMs);
      count += 1;
      end = position + frame.length + recordOverheadBytes;
      return index;
    },
    frame: (index) => {
      const position = positions.get(index);
      const start = position % slabBytes;
      return slabAt(position).subarray(start, start + lengths.get(index));
    },
    position: positions.get,
    stream: streams.get,
    type: types.get,
    createdAtMs: times.get,
    indexFrom: (position) => {
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (positions.get(middle) < position) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
};
