/** Lists of what meets any of several conditions, the newest first. A document may meet more than one. */
import type { Pace } from './builtReadModels.ts';
import type { DocumentQuery } from './documents.ts';
import { formatCursor, type Page, type PageRequest } from './page.ts';

type Condition = DocumentQuery['where'];

interface NewestOfAny<T> {
  readonly conditions: readonly Condition[];
  /** A page of what meets one, descending by time, then by id. */
  readonly newest: (where: Condition, page: PageRequest) => Promise<Page<T>>;
  /** What they are sorted by. */
  readonly placeOf: (document: T) => { readonly time: string; readonly id: string };
  readonly pace: Pace;
}

/**
 * One page for each of the conditions, merged. All of them are in the same order and go on after the same place, so the first
 * `limit` of the union are among the first `limit` of each, and its end is where each of them goes on. One after
 * another, each in its turn, so that no more than two pages are held, however many there are.
 */
export const newestOfAny = async <T>(
  { conditions, newest, placeOf, pace }: NewestOfAny<T>,
  page: PageRequest,
): Promise<Page<T>> => {
  const byNewest = (first: T, second: T): number => {
    const [a, b] = [placeOf(first), placeOf(second)];
    if (a.time !== b.time) return a.time > b.time ? -1 : 1;
    return a.id > b.id ? -1 : 1;
  };
  let items: readonly T[] = [];
  let hasMore = false;
  for (const where of conditions) {
    await pace();
    const found = await newest(where, page);
    const known = new Map([...items, ...found.items].map((document) => [placeOf(document).id, document]));
    const merged = [...known.values()].sort(byNewest);
    hasMore ||= merged.length > page.limit || found.nextCursor !== null;
    items = merged.slice(0, page.limit);
  }
  const last = items.at(-1);
  if (!hasMore || last === undefined) return { items, nextCursor: null };
  const { time, id } = placeOf(last);
  return { items, nextCursor: formatCursor({ value: time, id }) };
};
