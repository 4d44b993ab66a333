/**
 * Compare-and-set by position without transactions: one unordered bulk write, in which each write is guarded by itself
 * and goes to the one shard that has its id.
 */
import { randomUUID } from 'node:crypto';
import type { AnyBulkWriteOperation } from 'mongodb';
import type { DocumentWrite } from '../../eventsourcing/projecting/documents.ts';
import { buried, bytesOf, encodeDocument, isTombstone, type MongoRow, type Rows } from './documentRows.ts';
import { isPartlyDuplicate } from './driver.ts';

export type BulkOutcome = 'applied' | 'lost';

/** What must be there, as it stands in the row: a position, or `null` for nothing at all. */
interface Guarded {
  readonly write: DocumentWrite;
  readonly guard: bigint | null;
}

type Standing = Pick<MongoRow, '_id' | 'position' | 'writer'>;

/** A part keeps the server for some 50 ms at most, so that others get their turn. */
const writesPerPart = 500;
/** Far below the 48 MB that a message may have. */
const bytesPerPart = 4 * 1_024 * 1_024;
/** While the server works on one part, the next is made ready; more would crowd out other requests. */
const partsAtOnce = 4;

/** Parts bounded in count and bytes, in groups that hold each id at most once: within a group there is no order. */
function* groupsOf(writes: readonly DocumentWrite[]): Generator<readonly (readonly DocumentWrite[])[]> {
  let group: DocumentWrite[][] = [];
  let ids = new Set<string>();
  let part: DocumentWrite[] = [];
  let bytes = 0;
  for (const write of writes) {
    const size = bytesOf(write.document);
    const isFull = group.length === 0 || part.length >= writesPerPart || bytes + size > bytesPerPart;
    const mustWait = ids.has(write.id) || (isFull && group.length >= partsAtOnce);
    if (mustWait) {
      yield group;
      [group, ids] = [[], new Set()];
    }
    if (isFull || mustWait) {
      [part, bytes] = [[], 0];
      group.push(part);
    }
    part.push(write);
    ids.add(write.id);
    bytes += size;
  }
  if (group.length > 0) yield group;
}

const rowOf = ({ id, document, position }: DocumentWrite, writer: string): MongoRow =>
  document === null
    ? { _id: id, position: buried(position), writer, document, deletedAt: new Date() }
    : { _id: id, position, writer, document: encodeDocument(document) };

const operationOf = ({ write, guard }: Guarded, writer: string): AnyBulkWriteOperation<MongoRow> => {
  const row = rowOf(write, writer);
  return guard === null
    ? { insertOne: { document: row } }
    : { replaceOne: { filter: { _id: write.id, position: guard }, replacement: row } };
};

/** How many of them took place. */
const send = async (rows: Rows, guarded: readonly Guarded[], writer: string): Promise<number> => {
  const operations = guarded.map((each) => operationOf(each, writer));
  const insertions = guarded.filter(({ guard }) => guard === null).length;
  try {
    return insertions + (await rows.bulkWrite(operations, { ordered: false })).matchedCount;
  } catch (error) {
    if (!isPartlyDuplicate(error)) throw error;
    // Not every server leaves the refused ones out when it counts what it inserted.
    return insertions - [error.writeErrors].flat().length + error.matchedCount;
  }
};

const standing = async (rows: Rows, guarded: readonly Guarded[]): Promise<ReadonlyMap<string, Standing>> => {
  const filter = { _id: { $in: guarded.map(({ write }) => write.id) } };
  const found = await rows.find<Standing>(filter, { projection: { position: 1, writer: 1 } }).toArray();
  return new Map(found.map((row) => [row._id, row]));
};

/** What was deleted before may be made again, by what came later in the log. */
const mayReplace = (row: Standing | undefined, { write, guard }: Guarded): row is Standing =>
  guard === null && row !== undefined && isTombstone(row) && buried(row.position) < write.position;

/**
 * The server counts, but does not say which. Only when some were lost is it asked what stands there now. One that was
 * applied and at once written again by another runner then counts as lost, which that runner's owner is about to learn
 * anyhow.
 */
const perform = async (rows: Rows, guarded: readonly Guarded[], writer: string): Promise<readonly BulkOutcome[]> => {
  const done = await send(rows, guarded, writer);
  if (done === guarded.length) return guarded.map(() => 'applied');
  const found = await standing(rows, guarded);
  const again = guarded.flatMap((each): readonly Guarded[] => {
    const row = found.get(each.write.id);
    return mayReplace(row, each) ? [{ write: each.write, guard: row.position }] : [];
  });
  const outcomes = again.length === 0 ? [] : await perform(rows, again, writer);
  const appliedAgain = new Set(again.flatMap(({ write }, index) => (outcomes[index] === 'applied' ? [write.id] : [])));
  return guarded.map(({ write: { id } }) =>
    found.get(id)?.writer === writer || appliedAgain.has(id) ? 'applied' : 'lost',
  );
};

/** Removing what must not be there needs no write; a look tells whether it is there. */
const performAll = async (
  rows: Rows,
  writes: readonly DocumentWrite[],
  writer: string,
): Promise<readonly BulkOutcome[]> => {
  const guarded = writes.map((write) => ({ write, guard: write.expected }));
  const absent = guarded.filter(({ write, guard }) => write.document === null && guard === null);
  const others = guarded.filter((each) => !absent.includes(each));
  const found = absent.length === 0 ? new Map<string, Standing>() : await standing(rows, absent);
  const outcomes = others.length === 0 ? [] : await perform(rows, others, writer);
  const byId = new Map(others.map(({ write }, index) => [write.id, outcomes[index] ?? 'lost']));
  return writes.map(({ id }) => {
    const row = found.get(id);
    return byId.get(id) ?? (row === undefined || isTombstone(row) ? 'applied' : 'lost');
  });
};

export type WriteDocuments = (rows: Rows, writes: readonly DocumentWrite[]) => Promise<readonly BulkOutcome[]>;

/** Waits for all of them, so that a failure leaves none behind that is still on its way. */
const allDone = async <T>(works: readonly Promise<T>[]): Promise<readonly T[]> => {
  await Promise.allSettled(works);
  return Promise.all(works);
};

export const createDocumentWrites = (): WriteDocuments => {
  const process = randomUUID();
  let calls = 0;
  return async (rows, writes) => {
    const outcomes: BulkOutcome[] = [];
    for (const group of groupsOf(writes)) {
      calls += 1;
      const writer = `${process}.${calls}`;
      outcomes.push(...(await allDone(group.map((part) => performAll(rows, part, writer)))).flat());
    }
    return outcomes;
  };
};
