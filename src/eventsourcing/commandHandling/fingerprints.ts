/**
 * Every command id that a stream ever saw, eight bytes each: for a store that doesn't look for known ids itself. Tells
 * for certain that an id is new; that it is known is then looked up in the log.
 */
export interface Fingerprints {
  add(id: string): void;
  /** `false` is certain. */
  mayHave(id: string): boolean;
  bytes(): number;
}

const slotsMin = 16;
const bytesPerSlot = 8;
/** Hexadecimal digits of a UUID that are random in all the versions that come here (RFC 9562: 4, 5 and 7). */
const highDigits = [24, 32] as const;
const lowDigits = [28, 36] as const;

const parse = (id: string, [from, to]: readonly [number, number]): number => Number.parseInt(id.slice(from, to), 16);

/** Open addressing; two zeros mark a free slot, so an id of zeros is remembered as another one. */
export const createFingerprints = (): Fingerprints => {
  let slots = new Uint32Array(2 * slotsMin);
  let held = 0;

  /** Index of the id, or of the free slot where it belongs. */
  const slotOf = (table: Uint32Array, high: number, low: number): number => {
    const last = table.length - 2;
    for (let at = (2 * low) & last; ; at = (at + 2) & last) {
      if ((table[at] === 0 && table[at + 1] === 0) || (table[at] === high && table[at + 1] === low)) return at;
    }
  };

  const put = (table: Uint32Array, high: number, low: number): boolean => {
    const at = slotOf(table, high, low);
    if (table[at] !== 0 || table[at + 1] !== 0) return false;
    table[at] = high;
    table[at + 1] = low;
    return true;
  };

  const grow = (): void => {
    const larger = new Uint32Array(2 * slots.length);
    for (let at = 0; at < slots.length; at += 2) {
      const [high = 0, low = 0] = [slots[at], slots[at + 1]];
      if (high !== 0 || low !== 0) put(larger, high, low);
    }
    slots = larger;
  };

  const halvesOf = (id: string): readonly [number, number] => [
    Math.max(1, parse(id, highDigits)),
    parse(id, lowDigits),
  ];

  return {
    add: (id) => {
      if (!put(slots, ...halvesOf(id))) return;
      held += 1;
      if (4 * held > slots.length) grow();
    },
    mayHave: (id) => {
      const at = slotOf(slots, ...halvesOf(id));
      return slots[at] !== 0 || slots[at + 1] !== 0;
    },
    bytes: () => (slots.length / 2) * bytesPerSlot,
  };
};
