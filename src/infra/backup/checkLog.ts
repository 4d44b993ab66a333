/** Whether a file holds a whole log, and nothing that is ahead of it. */
import type { DatabaseSync } from 'node:sqlite';
import { BackupBroken } from './manifest.ts';

const one = (db: DatabaseSync, sql: string): Record<string, unknown> => db.prepare(sql).get() ?? {};

/**
 * Positions are 1, 2, 3 … and revisions of each stream 0, 1, 2 …, as nothing is ever deleted. Read models lie in the same
 * file and were copied at the same moment, so none may know more than the log.
 * @returns position of the newest event. @throws BackupBroken that says what is wrong.
 */
export const checkLog = (db: DatabaseSync): number => {
  const { quick_check: verdict } = one(db, 'PRAGMA quick_check(1)');
  if (verdict !== 'ok') throw new BackupBroken(`The file is damaged: ${verdict as string}`);
  const { count, first, last } = one(
    db,
    'SELECT count(*) AS count, min(position) AS first, max(position) AS last FROM events',
  );
  const head = Number(last ?? 0);
  if (count !== head || Number(first ?? 0) !== Math.min(1, head)) throw new BackupBroken('The log has gaps.');
  const { name } = one(
    db,
    `SELECT s.name FROM events e JOIN streams s ON s.id = e.stream GROUP BY e.stream
     HAVING min(e.revision) <> 0 OR max(e.revision) + 1 <> count(*) LIMIT 1`,
  );
  if (name !== undefined) throw new BackupBroken(`The stream ${name as string} has gaps.`);
  const ahead = db.prepare('SELECT name FROM checkpoints WHERE commitAt > ? LIMIT 1').get(head);
  if (ahead !== undefined) throw new BackupBroken(`The checkpoint of ${ahead.name as string} is ahead of the log.`);
  return head;
};
