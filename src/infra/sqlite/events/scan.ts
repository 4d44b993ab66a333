/** One bounded step through the log: rows that can't be meant are passed over inside SQLite, without being parsed. */
import type { SQLInputValue } from 'node:sqlite';
import type { EventSource, ScanHint } from '../../../eventsourcing/ports.ts';
import type { Database } from '../file/database.ts';
import { type EventSelect, eventColumns, positionOf, selectEvents } from './eventRows.ts';

/** Passed over in some five milliseconds. */
const positionsMax = 2_000;
/** Read and parsed in some ten. */
const charsMax = 1_000_000;
const eventsMax = 512;

const conditionsOf = ({ types, texts = [], either }: ScanHint) => [
  ...(types === undefined
    ? []
    : [{ sql: 'e.type IN (SELECT value FROM json_each(?))', values: [JSON.stringify(types)] }]),
  ...texts.map((text) => ({ sql: 'instr(e.data, ?) > 0', values: [text] })),
  ...(either === undefined
    ? []
    : [{ sql: '(s.name = ? OR instr(e.data, ?) > 0)', values: [either.stream, either.text] }]),
];

export const createScan = (db: Database, readHead: () => number): EventSource['scan'] => {
  const selects = new Map<string, EventSelect>();
  const selectOf = (where: string): EventSelect => {
    const known = selects.get(where);
    if (known !== undefined) return known;
    const select = selectEvents(
      db,
      `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream
       WHERE e.position > ? AND e.position <= ?${where} ORDER BY e.position LIMIT ?`,
    );
    selects.set(where, select);
    return select;
  };

  return (from, hint) =>
    db.read(() => {
      const at = Number(from?.commit ?? 0n);
      const head = readHead();
      const to = Math.min(head, at + positionsMax);
      const conditions = conditionsOf(hint);
      const values: SQLInputValue[] = conditions.flatMap((each) => each.values);
      const select = selectOf(conditions.map(({ sql }) => ` AND ${sql}`).join(''));
      const { events, isCut } = select.within(charsMax, at, to, ...values, eventsMax);
      const last = isCut || events.length === eventsMax ? events.at(-1)?.position : undefined;
      const upTo = last ?? (to > at ? positionOf(to) : from);
      return { events, upTo, isCaughtUp: Number(upTo?.commit ?? 0n) >= head };
    });
};
