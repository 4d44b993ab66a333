/**
 * Documents that are asked for one by one within one turn of the event loop are read in one go: the policies look at the
 * SKUs of a hundred orders side by side, and a question costs this process and the server more than what it finds.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Filter } from 'mongodb';

/** Small servers compare each id found with each id asked for. */
export const idsPerRead = 100;

interface Identified {
  readonly _id: string;
}

type Read<Row> = (filter: Filter<Row>) => Promise<readonly Row[]>;

/** All of these, at most `idsPerRead` in one question. */
export const readByIds = async <Row extends Identified>(
  read: Read<Row>,
  ids: readonly string[],
): Promise<readonly Row[]> => {
  const slices = Array.from({ length: Math.ceil(ids.length / idsPerRead) }, (_, index) =>
    ids.slice(index * idsPerRead, (index + 1) * idsPerRead),
  );
  const found = await Promise.all(slices.map((slice) => read({ _id: { $in: slice } } as Filter<Row>)));
  return found.flat();
};

/** @returns what reads one by its id, `null` where there is none. The read begins after it was asked for. */
export const createGathered = <Row extends Identified>(read: Read<Row>): ((id: string) => Promise<Row | null>) => {
  let asked = new Set<string>();
  let answer: Promise<ReadonlyMap<string, Row>> | null = null;

  const readAsked = async (): Promise<ReadonlyMap<string, Row>> => {
    await nextTurn();
    const ids = [...asked];
    [asked, answer] = [new Set(), null];
    return new Map((await readByIds(read, ids)).map((row) => [row._id, row]));
  };

  return async (id) => {
    asked.add(id);
    answer ??= readAsked();
    return (await answer).get(id) ?? null;
  };
};
