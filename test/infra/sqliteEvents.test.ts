import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { type Database, openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { idsOf, newEvent, newStream } from '../contracts/eventSamples.ts';

let directory: string;
let db: Database;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-events-'));
  db = openDatabase(join(directory, 'a.db'));
});
afterEach(async () => {
  await db.close();
  await rm(directory, { recursive: true });
});

describe('the embedded event store', () => {
  it('writes an append whole or not at all when the disk is full, and recovers (R22.1)', async () => {
    const log = await createSqliteEvents(db, decodeStored);
    const pages = Number(db.prepare('PRAGMA page_count').get()?.page_count);
    db.prepare(`PRAGMA max_page_count=${pages + 40}`).get();
    const large = { name: 'x'.repeat(5_000) };
    const appends = Array.from({ length: 30 }, () => ({
      stream: newStream(),
      events: [newEvent(), newEvent('WarehouseDefined', large), newEvent('WarehouseDefined', large)],
    }));
    const results = await Promise.allSettled(
      appends.map(({ stream, events }) => log.append(stream, 'no_stream', events)),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const result of refused) expect(result).toMatchObject({ reason: { outcome: 'not_written' } });
    const whole = async (): Promise<string[]> => idsOf(await log.readAll(null, 'forwards', 1_000));
    const written = appends.filter((_, index) => results[index]?.status === 'fulfilled');
    expect(await whole()).toEqual(written.flatMap(({ events }) => idsOf(events)));
    db.prepare('PRAGMA max_page_count=1000000').get();
    for (const append of appends) {
      if (!written.includes(append)) await log.append(append.stream, 'no_stream', append.events);
    }
    expect((await whole()).toSorted()).toEqual(appends.flatMap(({ events }) => idsOf(events)).toSorted());
  });

  it('takes UUIDs in lower case only, as it would give back another text otherwise', async () => {
    const log = await createSqliteEvents(db, decodeStored);
    for (const id of ['not-a-uuid', newEvent().id.toUpperCase().replace(/\d/, 'A'), '']) {
      await expect(log.append(newStream(), 'no_stream', [{ ...newEvent(), id }])).rejects.toThrow(RangeError);
    }
    expect(await log.head()).toBeNull();
  });

  it('refuses the same id twice in one append', async () => {
    const log = await createSqliteEvents(db, decodeStored);
    const event = newEvent();
    await expect(log.append(newStream(), 'no_stream', [event, event])).rejects.toThrow(RangeError);
    expect(await log.readAll(null, 'forwards', 10)).toEqual([]);
  });
});
