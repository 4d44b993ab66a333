/** Answers a query over documents in steps that are bounded each, whatever it asks for and however many there are. */
import type { StatementSync } from 'node:sqlite';
import { createPacer } from '../../../eventsourcing/projecting/builtReadModels.ts';
import type { DocumentQuery, Documents, StoredDocument } from '../../../eventsourcing/projecting/documents.ts';
import type { Collection } from '../../collection.ts';
import type { Database } from '../file/database.ts';
import { type Driver, listCounts, querySteps, tableOf } from './documentQuery.ts';

/** So many documents are faster looked up and sorted than found on a walk along an index. */
const driverMax = 2_000;
/** Candidates of one step, each asked for its lists: some five milliseconds. */
const candidatesMax = 2_000;

type FoundRow = Record<string, unknown>;
type Decode = <T>(row: FoundRow) => StoredDocument<T>;

/** Where a step was cut; `null` when there is nothing more. */
type Cut = NonNullable<DocumentQuery['after']> | null;

/** Of a sort field: numbers are those of documents, which are no big ones. */
const placeOf = (value: unknown): NonNullable<Cut>['value'] =>
  typeof value === 'bigint' ? Number(value) : (value as NonNullable<Cut>['value']);

export interface Finding {
  readonly db: Database;
  readonly ensured: (name: string) => Collection;
  /** With big integers: positions of a server go beyond what a number can hold. */
  readonly select: (sql: string) => StatementSync;
  readonly toStored: Decode;
}

/** What a query has come to. */
interface DocumentPage<T> {
  readonly found: readonly StoredDocument<T>[];
  readonly chars: number;
}

export const createFind = ({ db, ensured, select, toStored }: Finding): Documents['find'] => {
  /** Long walks go on one after another. */
  const pace = createPacer();

  /**
   * The list that narrows a query down most. It must be few documents, unless they are wanted in the order of the list.
   */
  const driverOf = (collection: Collection, { where, orderBy }: DocumentQuery): Driver | null => {
    let driver: Driver | null = null;
    for (const { field, count } of listCounts(collection, where)) {
      const limit = driver?.count ?? driverMax + 1;
      const n = db.prepare(count.sql).get(...count.values, limit)?.n as number;
      if (n < limit || (orderBy === undefined && driver === null)) driver = { field, count: n };
    }
    return driver;
  };

  const isFull = ({ found, chars }: DocumentPage<unknown>, { limit, charsMax }: DocumentQuery): boolean =>
    found.length >= limit || (charsMax !== undefined && chars >= charsMax);

  /** What was found before stays as it is: a read that finds the file locked is done again. */
  const step = <T>(collection: Collection, query: DocumentQuery, driver: Driver | null, before: DocumentPage<T>) => {
    const body = select(`SELECT id, position, body FROM ${tableOf(collection.name)} WHERE rowid = ?`);
    const found = [...before.found];
    let { chars } = before;
    const ending = (cut: Cut) => ({ page: { found, chars }, cut });
    let left = candidatesMax;
    for (const { sql, values } of querySteps(collection, query, driver)) {
      const rows: Iterable<FoundRow> = select(sql).iterate(...values, left);
      for (const { row, id, value, isMet } of rows) {
        left -= 1;
        if (isMet === 1n) {
          const stored = body.get(row as bigint) as FoundRow;
          const size = (stored.body as string).length;
          found.push({ ...toStored<T>(stored), chars: size });
          chars += size;
          if (isFull({ found, chars }, query)) return ending(null);
        }
        if (left === 0) return ending({ value: placeOf(value), id: id as string });
      }
    }
    return ending(null);
  };

  return async <T>(name: string, query: DocumentQuery) => {
    const collection = ensured(name);
    if (query.limit < 1) return [];
    let page: DocumentPage<T> = { found: [], chars: 0 };
    const driver = await db.read(() => driverOf(collection, query));
    if (driver?.count === 0) return [];
    let after = query.after;
    for (;;) {
      const onward = after === undefined ? query : { ...query, after };
      const before = page;
      const next = await db.read(() => step(collection, onward, driver, before));
      ({ page } = next);
      if (next.cut === null) return page.found;
      after = next.cut;
      await pace();
    }
  };
};
