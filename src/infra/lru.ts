/** A map that holds entries up to a weight, and lets go of those that were not asked for longest. */
export interface Lru<Key, Value> {
  get(key: Key): Value | undefined;
  /** One that is heavier than all that may be held is not kept. */
  set(key: Key, value: Value): void;
  delete(key: Key): void;
}

interface Entry<Value> {
  readonly value: Value;
  readonly weight: number;
  /** Asked for since it was last up for removal. */
  isWanted: boolean;
}

/** Where all are wanted, a walk over all of them would hold the event loop. */
const chancesMax = 32;

/**
 * Without `weigh`, each entry weighs 1. Being asked for sets a mark; who bears one is passed over once (second chance),
 * which costs less for each `get` than to keep an exact order.
 */
export const createLru = <Key, Value>(
  weightMax: number,
  weigh: (value: Value) => number = () => 1,
): Lru<Key, Value> => {
  // A Map keeps the order of insertion, so the first key is the oldest one.
  const entries = new Map<Key, Entry<Value>>();
  let held = 0;

  const remove = (key: Key): void => {
    held -= entries.get(key)?.weight ?? 0;
    entries.delete(key);
  };

  const makeRoom = (heldMax: number): void => {
    // A Map keeps holes where keys were deleted, and to find its first key walks over them.
    if (held <= heldMax) return;
    let chances = chancesMax;
    // An entry that is passed over goes to the end without its mark, and is met again at most once.
    for (const [oldest, entry] of entries) {
      if (held <= heldMax) return;
      entries.delete(oldest);
      if (entry.isWanted && chances > 0) {
        chances -= 1;
        entries.set(oldest, Object.assign(entry, { isWanted: false }));
      } else held -= entry.weight;
    }
  };

  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entry.isWanted = true;
      return entry.value;
    },
    set: (key, value) => {
      remove(key);
      const weight = weigh(value);
      if (weight > weightMax) return;
      makeRoom(weightMax - weight);
      entries.set(key, { value, weight, isWanted: false });
      held += weight;
    },
    delete: remove,
  };
};
