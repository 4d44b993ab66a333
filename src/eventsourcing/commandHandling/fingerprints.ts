/** The commands that a stream has seen, eight bytes each: for a store that doesn't look for known ids. */

/**
 * Tells for certain that an id was not seen; that it was is then looked up in the log. Commands of clients are forgotten
 * after some days. Those of ours never are: they follow from events, and an event may be handed over again at any time.
 */
export interface Fingerprints {
  /** `atMs`: when it was recorded. `isOurs`: it is kept for ever. */
  add(id: string, atMs: number, isOurs: boolean): void;
  /** `false` is certain. */
  mayHave(id: string): boolean;
  bytes(): number;
  /** For a snapshot, in pieces of a bounded size; `restoreFingerprints` takes them. */
  pack(): Generator<PackedFingerprints>;
}

/** Which table, when the first of it was recorded, and some of its slots in base64. */
export type PackedFingerprints = readonly [table: number, fromMs: number, slots: string];

/** A day more than the answer to a key is kept (docs/openapi.json): a retry that comes later is a request of its own. */
export const fingerprintsKeptMs = 8 * 86_400_000;

/** Of one piece: 87,000 characters. */
const packedBytes = 65_536;

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

const bytesIn = ({ slots }: Table): Uint8Array => new Uint8Array(slots.buffer, slots.byteOffset, slots.byteLength);

const unpackTable = (pieces: readonly PackedFingerprints[]): Table | undefined => {
  const [first] = pieces;
  if (first === undefined) return undefined;
  const bytes = Buffer.concat(pieces.map(([, , slots]) => Buffer.from(slots, 'base64')));
  const slots = new Uint32Array(bytes.length / Uint32Array.BYTES_PER_ELEMENT);
  new Uint8Array(slots.buffer).set(bytes);
  let held = 0;
  for (let at = 0; at < slots.length; at += 2) if (isTaken(slots, at)) held += 1;
  return { fromMs: first[1], slots, held };
};

/** Of clients, the newer of two tables takes what comes; once it is as old as they are kept, it becomes the older one. */
export const restoreFingerprints = (packed: readonly PackedFingerprints[]): Fingerprints => {
  const tableAt = (index: number): Table | undefined => unpackTable(packed.filter(([table]) => table === index));
  let [ours, newer, older] = [tableAt(0), tableAt(1), tableAt(2)];
  const tables = (): readonly (Table | undefined)[] => [ours, newer, older];
  return {
    add: (id, atMs, isOurs) => {
      if (isOurs) {
        ours ??= newTable(atMs);
        addTo(ours, halvesOf(id));
        return;
      }
      if (newer !== undefined && atMs - newer.fromMs >= fingerprintsKeptMs) {
        older = newer;
        newer = undefined;
      }
      newer ??= newTable(atMs);
      addTo(newer, halvesOf(id));
    },
    mayHave: (id) => {
      const [high, low] = halvesOf(id);
      return tables().some((table) => table !== undefined && isTaken(table.slots, slotOf(table.slots, high, low)));
    },
    bytes: () => tables().reduce((sum, table) => sum + ((table?.slots.length ?? 0) / 2) * bytesPerSlot, 0),
    *pack() {
      for (const [index, table] of tables().entries()) {
        if (table === undefined) continue;
        const bytes = bytesIn(table);
        for (let from = 0; from < bytes.length; from += packedBytes) {
          yield [index, table.fromMs, Buffer.from(bytes.subarray(from, from + packedBytes)).toString('base64')];
        }
      }
    },
  };
};

export const createFingerprints = (): Fingerprints => restoreFingerprints([]);
