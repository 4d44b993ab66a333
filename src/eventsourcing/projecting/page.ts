/**
 * Lists in pages (docs/openapi.json): the cursor is the sort value and the id of the last item of the page before, so
 * that a page begins where the last one ended, whatever was written in between, and costs the same however far in it
 * is.
 */
import type { DocumentQuery, Documents, StoredDocument } from './documents.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** For `cursor` of the next page; `null` when this is the last one. */
  readonly nextCursor: string | null;
}

export interface PageRequest {
  /** At least 1. */
  readonly limit: number;
  /** `nextCursor` of the page before; absent: from the beginning. */
  readonly cursor?: string;
}

/** Where a page ended. `value` is `null` for lists that are sorted by id alone. */
export interface PageEnd {
  readonly value: string | number | null;
  readonly id: string;
}

/** An answer of a list has so many characters of JSON, and what its last item takes beyond; the rest is on the next page. */
export const pageCharsMax = 512 * 1_024;

/** How many of these fit on a page: at least one. */
export const countWithin = <T>(items: readonly T[], charsOf: (item: T) => number): number => {
  let chars = 0;
  for (const [index, item] of items.entries()) {
    chars += charsOf(item);
    if (chars >= pageCharsMax) return index + 1;
  }
  return items.length;
};

/** The text is no cursor of ours, or not one of this list. Maps to 400. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor';
}

/** An id (two names of 64 characters and an escaped SKU of 800) and a sort value (an SKU of 400 bytes) in base 64. */
export const cursorLengthMax = 2_048;

const encode = ({ value, id }: PageEnd): string => Buffer.from(JSON.stringify([value, id])).toString('base64url');

/** @throws RangeError when the sort value or the id is too long to come back: sort by something shorter. */
export const formatCursor = (end: PageEnd): string => {
  const cursor = encode(end);
  if (cursor.length > cursorLengthMax) throw new RangeError(`a cursor of ${cursor.length} characters`);
  return cursor;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isSortValue = (value: unknown): value is PageEnd['value'] =>
  value === null || typeof value === 'string' || typeof value === 'number';

const decode = (cursor: string): PageEnd | null => {
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString());
  if (!Array.isArray(parsed)) return null;
  const [value, id] = parsed as readonly unknown[];
  return isSortValue(value) && typeof id === 'string' ? { value, id } : null;
};

/** @throws InvalidCursor for any text that `formatCursor` would not have made. */
export const parseCursor = (cursor: string): PageEnd => {
  const end = cursor.length > cursorLengthMax ? null : decode(cursor);
  // Both decoders forgive a lot. A cursor of ours comes back as the very same text.
  if (end === null || encode(end) !== cursor) throw new InvalidCursor('not a cursor of this list');
  return end;
};

const endOf = <T>({ id, document }: StoredDocument<T>, orderBy: DocumentQuery['orderBy']): PageEnd => {
  if (orderBy === undefined) return { value: null, id };
  const value: unknown = (document as Readonly<Record<string, unknown>>)[orderBy.field];
  return { value: isSortValue(value) ? value : null, id };
};

/**
 * One page of a query over documents, shorter than `limit` where they are large. Asks for one more than `limit`, which tells whether there is a next page.
 * @throws InvalidCursor
 */
export const pageOf = async <T>(
  documents: Documents,
  collection: string,
  query: Omit<DocumentQuery, 'limit' | 'after'>,
  { limit, cursor }: PageRequest,
): Promise<Page<T>> => {
  const after = cursor === undefined ? {} : { after: parseCursor(cursor) };
  const found = await documents.find<T>(collection, { ...query, ...after, limit: limit + 1, charsMax: pageCharsMax });
  const page = found.slice(
    0,
    Math.min(
      limit,
      countWithin(found, ({ chars = 0 }) => chars),
    ),
  );
  const last = page.at(-1);
  // What was cut short by its size has most likely more.
  const isCut = found.reduce((sum, { chars = 0 }) => sum + chars, 0) >= pageCharsMax;
  const hasMore = (found.length > page.length || isCut) && last !== undefined;
  return {
    items: page.map(({ document }) => document),
    nextCursor: hasMore ? formatCursor(endOf(last, query.orderBy)) : null,
  };
};

/** One page of the documents of these ids, by id. They are few enough to be read in one go. @throws InvalidCursor */
export const pageOfIds = async <T>(
  documents: Documents,
  collection: string,
  ids: readonly string[],
  { limit, cursor }: PageRequest,
): Promise<Page<T>> => {
  const after = cursor === undefined ? '' : parseCursor(cursor).id;
  const wanted = [...new Set(ids)].filter((id) => id > after).sort();
  const stored = await documents.getMany<T>(collection, wanted);
  const found = wanted.filter((id) => stored.has(id));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.flatMap((id) => stored.get(id)?.document ?? []),
    nextCursor: found.length > limit && last !== undefined ? formatCursor({ value: null, id: last }) : null,
  };
};
