/** Idempotency keys whose request is under way: the second one with the same key is told to wait (409). */

export interface KeysInUse {
  /** `false`: another request has it. */
  take(id: string): Promise<boolean>;
  /** Only by whoever took it. */
  release(id: string): void;
}

/** Of one process. */
export const createKeysInUse = (): KeysInUse => {
  const held = new Set<string>();
  return {
    take: async (id) => {
      if (held.has(id)) return false;
      held.add(id);
      return true;
    },
    release: (id) => {
      held.delete(id);
    },
  };
};
