/** A projection rebuilt, against a plain SQLite loop over the same events that upserts the same rows. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { readSideOf } from '../src/app/readModels.ts';
import { untyped } from '../src/eventsourcing/projecting/projection.ts';
import { rebuild } from '../src/eventsourcing/projecting/readModel.ts';
import { openReadEngines } from '../src/infra/embedded.ts';
import { stockLevels } from '../src/projections/stockLevels/projection.ts';

const fileName = 'stockledger.db';
const rowsPerCommit = 2_000;

interface Figures {
  readonly warehouseId: string;
  readonly sku: string;
  readonly after: object;
}

/** Reads each event of the projection, parses it, upserts its row; commits as often as a rebuild does. */
const plainLoop = (path: string, types: readonly string[]): { readonly events: number; readonly seconds: number } => {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32768');
  db.exec('CREATE TABLE plain (id TEXT PRIMARY KEY, position INTEGER NOT NULL, body TEXT NOT NULL) STRICT');
  const startedAt = performance.now();
  const select = db.prepare(
    `SELECT position, data FROM events WHERE type IN (${types.map(() => '?').join(', ')}) ORDER BY position`,
  );
  const upsert = db.prepare(
    'INSERT INTO plain VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET position = excluded.position, body = excluded.body',
  );
  let events = 0;
  db.exec('BEGIN');
  for (const row of select.iterate(...types)) {
    const { warehouseId, sku, after } = JSON.parse(row.data as string) as Figures;
    upsert.run(`${warehouseId}.${sku}`, row.position as number, JSON.stringify({ warehouseId, sku, ...after }));
    events += 1;
    if (events % rowsPerCommit === 0) db.exec('COMMIT; BEGIN');
  }
  db.exec('COMMIT');
  const seconds = (performance.now() - startedAt) / 1_000;
  db.close();
  return { events, seconds };
};

export interface RebuildFigures {
  readonly events: number;
  readonly rebuildPerSecond: number;
  readonly plainPerSecond: number;
}

/** The service must have been stopped: its file is copied. */
export const compareRebuild = async (dataDir: string): Promise<RebuildFigures> => {
  const copy = join(dataDir, 'plain.db');
  copyFileSync(join(dataDir, fileName), copy);
  const { events, seconds } = plainLoop(copy, stockLevels.handles);
  const { engines, close } = await openReadEngines(dataDir);
  const startedAt = performance.now();
  await rebuild(untyped(stockLevels), readSideOf({ ...engines, logger: pino({ level: 'warn' }) }, 1), () => undefined);
  const rebuildSeconds = (performance.now() - startedAt) / 1_000;
  await close();
  return { events, rebuildPerSecond: events / rebuildSeconds, plainPerSecond: events / seconds };
};
