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
}

/** Without `weigh`, each entry weighs 1. */
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

  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set: (key, value) => {
      remove(key);
      const weight = weigh(value);
      entries.set(key, { value, weight });
      held += weight;
      for (const oldest of entries.keys()) {
        if (held <= weightMax) return;
        remove(oldest);
      }
    },
    delete: remove,
  };
};
