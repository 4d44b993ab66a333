/** Stream names and event types as small numbers, so that a filter is asked once a name and not once an event. */
export interface Names {
  readonly idOf: (name: string) => number;
  readonly nameOf: (id: number) => string;
}

export const createNames = (): Names => {
  const ids = new Map<string, number>();
  const names: string[] = [];
  return {
    idOf: (name) => {
      const known = ids.get(name);
      if (known !== undefined) return known;
      ids.set(name, names.length);
      return names.push(name) - 1;
    },
    nameOf: (id) => names[id] ?? '',
  };
};
