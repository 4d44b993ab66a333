/** The commands that a stream has seen within the last days, eight bytes each: for a store that doesn't look for known ids. */

/**
 * Tells for certain that an id was not seen within the time for which keys are kept; that it was seen is then looked up
 * in the log.
 */
export interface Fingerprints {
  /** `atMs`: when it was recorded. */
  add(id: string, atMs: number): void;
  /** `false` is certain. */
  mayHave(id: string): boolean;
  bytes(): number;
  /** For a snapshot; `restoreFingerprints` takes it. */
  pack(): PackedFingerprints;
}

/** When the first of them was recorded, and their slots in base64. */
type PackedTable = readonly [fromMs: number, slots: string];
export type PackedFingerprints = readonly PackedTable[];

/** A day more than the answer to a key is kept (docs/openapi.json): a retry that comes later is a request of its own. */
export const fingerprintsKeptMs = 8 * 86_400_000;

const slotsMin = 16;
const bytesPerSlot = 8;
/** Hexadecimal digits of a UUID that are random in all the versions that come here (RFC 9562: 4, 5 and 7). */
const highDigits = [24, 32] as const;
const lowDigits = [28, 36] as const;

const parse = (id: string, [from, to]: readonly [number, number]): number => Number.parseInt(id.slice(from, to), 16);

const halvesOf = (id: string): readonly [number, number] => [Math.max(1, parse(id, highDigits)), parse(id, lowDigits)];

/** Index of the id, or of the free slot where it belongs. */
const slotOf = (slots: Uint32Array, high: number, low: number): number => {
  const last = slots.length - 2;
  for (let at = (2 * low) & last; ; at = (at + 2) & last) {
    if ((slots[at] === 0 && slots[at + 1] === 0) || (slots[at] === high && slots[at + 1] === low)) return at;
  }
};

const isTaken = (slots: Uint32Array, at: number): boolean => slots[at] !== 0 || slots[at + 1] !== 0;

/** Open addressing; two zeros mark a free slot, so an id of zeros is remembered as another one. */
interface Table {
  readonly fromMs: number;
  slots: Uint32Array;
  held: number;
}

const put = (slots: Uint32Array, high: number, low: number): boolean => {
  const at = slotOf(slots, high, low);
  if (isTaken(slots, at)) return false;
  slots[at] = high;
  slots[at + 1] = low;
  return true;
};

const addTo = (table: Table, [high, low]: readonly [number, number]): void => {
  if (!put(table.slots, high, low)) return;
  table.held += 1;
  if (4 * table.held <= table.slots.length) return;
  const larger = new Uint32Array(2 * table.slots.length);
  for (let at = 0; at < table.slots.length; at += 2) {
    if (isTaken(table.slots, at)) put(larger, table.slots[at] ?? 0, table.slots[at + 1] ?? 0);
  }
  table.slots = larger;
};

const newTable = (fromMs: number): Table => ({ fromMs, slots: new Uint32Array(2 * slotsMin), held: 0 });

const packTable = ({ fromMs, slots }: Table): PackedTable => [
  fromMs,
  Buffer.from(slots.buffer, slots.byteOffset, slots.byteLength).toString('base64'),
];

const unpackTable = ([fromMs, text]: PackedTable): Table => {
  const bytes = Buffer.from(text, 'base64');
  const slots = new Uint32Array(bytes.length / Uint32Array.BYTES_PER_ELEMENT);
  new Uint8Array(slots.buffer).set(bytes);
  let held = 0;
  for (let at = 0; at < slots.length; at += 2) if (isTaken(slots, at)) held += 1;
  return { fromMs, slots, held };
};

/** The newer of two tables takes what comes; once it is as old as they are kept, it becomes the older one. */
export const restoreFingerprints = (packed: PackedFingerprints): Fingerprints => {
  let [newer, older] = packed.map(unpackTable);
  const tables = (): readonly Table[] => [newer, older].filter((table) => table !== undefined);
  return {
    add: (id, atMs) => {
      if (newer !== undefined && atMs - newer.fromMs >= fingerprintsKeptMs) {
        older = newer;
        newer = undefined;
      }
      newer ??= newTable(atMs);
      addTo(newer, halvesOf(id));
    },
    mayHave: (id) => {
      const [high, low] = halvesOf(id);
      return tables().some(({ slots }) => isTaken(slots, slotOf(slots, high, low)));
    },
    bytes: () => tables().reduce((sum, { slots }) => sum + (slots.length / 2) * bytesPerSlot, 0),
    pack: () => tables().map(packTable),
  };
};

export const createFingerprints = (): Fingerprints => restoreFingerprints([]);
