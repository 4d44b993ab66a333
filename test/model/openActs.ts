/** Changes that left nothing in the log: each must have been right at some place between its question and its answer. */
import type { Act } from './acts.ts';
import type { Window } from './windows.ts';

interface Open extends Window {
  readonly act: Act;
}

/** `null`: it depends on more than what it changes, such as who may see the order that it reserves for. */
const keyOf = ({ ask }: Act): string | null => (ask.justBefore === undefined ? ask.about : null);

export const createOpenActs = (isRight: (act: Act) => boolean) => {
  const waiting = new Set<Open>();
  const byKey = new Map<string | null, Set<Open>>();
  let coming: Open[] = [];

  const settle = (open: Open): void => {
    if (!isRight(open.act)) return;
    waiting.delete(open);
    byKey.get(keyOf(open.act))?.delete(open);
  };

  /** Those whose time begins here. */
  const begin = (at: number): void => {
    for (let next = coming.at(-1); next !== undefined && next.from <= at; next = coming.at(-1)) {
      coming.pop();
      const key = keyOf(next.act);
      byKey.set(key, (byKey.get(key) ?? new Set()).add(next));
      settle(next);
    }
  };

  return {
    add: (act: Act, window: Window): void => {
      const open = { act, ...window };
      waiting.add(open);
      coming.push(open);
    },
    /** Before the first look. */
    sort: (): void => {
      coming = coming.toSorted((a, b) => b.from - a.from);
    },
    /** After the event at this place, which changed this thing. */
    look: (at: number, key: string | null): void => {
      // What depends on more than one thing is looked at after every event.
      for (const about of key === null ? [null] : [key, null]) {
        for (const open of byKey.get(about) ?? []) if (at <= open.to) settle(open);
      }
      begin(at);
    },
    left: (): readonly Act[] => [...waiting].map(({ act }) => act),
  };
};
