/** Damage of the log: a changed digit, an end that is missing, and the tool that reads everything. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import { StoreDamaged } from '../../src/eventsourcing/ports.ts';
import { verifyStore } from '../../src/infra/backup/verifyStore.ts';
import { openEmbeddedEngines } from '../../src/infra/embedded.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { fillChecksums } from '../../src/infra/sqlite/events/logIntegrity.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { newEvents } from '../contracts/eventSamples.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-damage-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const log = (): string => join(directory, 'stockledger.db');
const clock = { now: () => new Date().toISOString() };
const open = (damages: string[] = []) =>
  openEmbeddedEngines({
    dataDir: directory,
    keyEncryptionKey: undefined,
    clock,
    onDamage: ({ message }) => damages.push(message),
  });

/** As no client of ours could: beside everything that guards it. */
const change = (sql: string): void => {
  const db = new DatabaseSync(log());
  db.exec(sql);
  db.close();
};

const makeStore = async (count: number): Promise<void> => {
  const engines = await open();
  await engines.personalData.seal('customer:1', 'order-1/contact', { name: 'Ada' });
  await engines.events.append('warehouse-BER', 'no_stream', newEvents(count));
  await engines.close();
};
const verify = () => verifyStore({ dataDir: directory, keyEncryptionKey: undefined, onProgress: () => undefined });
/** SQLite's default. */
const pageBytes = 4_096;
const changeDigit = "UPDATE events SET data = replace(data, '10115', '10116') WHERE position = 3";

describe('a changed digit', () => {
  it('is found when the event is read, and from then on nothing is read or written (18)', async () => {
    await makeStore(2_000);
    change("UPDATE events SET occurredAt = replace(occurredAt, '2', '3') WHERE position = 3");
    const damages: string[] = [];
    const engines = await open(damages);
    await expect(engines.events.readStream('warehouse-BER', 0, 10)).rejects.toThrow(StoreDamaged);
    await expect(engines.events.readStream('warehouse-BER', 100, 1)).rejects.toThrow(StoreDamaged);
    await expect(engines.events.append('warehouse-PAR', 'no_stream', newEvents(1))).rejects.toThrow(StoreDamaged);
    expect(damages).toEqual(['The event at position 3 is not what was written.']);
    expect(await engines.checkEngines()).toMatchObject([{ failure: damages[0] }]);
    await engines.close();
  });

  it('stops the keys beside the log as well (18)', async () => {
    await makeStore(2_000);
    change("UPDATE events SET occurredAt = replace(occurredAt, '2', '3') WHERE position = 3");
    const engines = await open();
    await expect(engines.events.readStream('warehouse-BER', 0, 10)).rejects.toThrow(StoreDamaged);
    await expect(engines.personalData.seal('customer:2', 'order-2/contact', {})).rejects.toThrow(StoreDamaged);
    await engines.close();
  });

  it.each(['occurredAt', 'recordedAt', 'data', 'metadata', 'type'])(
    'among the newest events keeps the service from starting: %s (18)',
    async (column) => {
      await makeStore(5);
      change(`UPDATE events SET ${column} = substr(${column}, 1, length(${column}) - 1) || '~' WHERE position = 3`);
      await expect(open()).rejects.toThrow('The event at position 3 is not what was written.');
    },
  );
});

it('keys that are removed stop the log beside them: nothing that could not be read is acknowledged (17)', async () => {
  await makeStore(1);
  const engines = await open();
  await rm(join(directory, 'keys.db'));
  expect(await engines.checkEngines()).toMatchObject([{ failure: 'keys.db was removed while it was in use.' }]);
  await expect(engines.events.append('warehouse-PAR', 'no_stream', newEvents(1))).rejects.toThrow(StoreDamaged);
  await engines.close();
});

describe('an end of the log that is missing', () => {
  it('keeps the service from starting, until the mark is removed on purpose (18)', async () => {
    await makeStore(5);
    change('DELETE FROM events WHERE position > 3');
    await expect(open()).rejects.toThrow(
      /stockledger\.db ends at event 3, and event 5 was acknowledged \(log\.mark\)\. Restore .*To go on without/,
    );
    await rm(join(directory, 'log.mark'));
    await (await open()).close();
  });

  it('is noticed in an older copy of the whole file as well, and in another log of the same length (18)', async () => {
    await makeStore(5);
    await copyFile(log(), join(directory, 'older'));
    const engines = await open();
    await engines.events.append('warehouse-PAR', 'no_stream', newEvents(2));
    await engines.close();
    await copyFile(join(directory, 'older'), log());
    await expect(open()).rejects.toThrow('ends at event 5, and event 7 was acknowledged');
    const db = openDatabase(log());
    await (await createSqliteEvents(db, decodeStored)).append('warehouse-LYS', 'no_stream', newEvents(2));
    await db.close();
    await expect(open()).rejects.toThrow('event 7 is not the one that was acknowledged');
  });

  it('is not looked for by the mark of another store: the start says so (18)', async () => {
    await makeStore(5);
    const path = join(directory, 'log.mark');
    const mark = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...mark, store: 'another' }));
    await expect(open()).rejects.toThrow('log.mark is of another store. Remove it if stockledger.db is the right one.');
    await rm(path);
    await (await open()).close();
  });

  it('is told apart from a gap among the newest events, which keeps the service from starting as well (18)', async () => {
    await makeStore(5);
    change('DELETE FROM events WHERE position = 3');
    await expect(open()).rejects.toThrow('the log has a gap after event 2.');
  });

  it('is marked within a moment while the service runs', async () => {
    const engines = await open();
    await engines.events.append('warehouse-BER', 'no_stream', newEvents(3));
    const marked = async (): Promise<unknown> =>
      JSON.parse(await readFile(join(directory, 'log.mark'), 'utf8')).position;
    await expect.poll(marked).toBe(3);
    await engines.close();
  });
});

describe('verifying a store', () => {
  it('finds nothing wrong with a sound one, whether it is open or not (18)', async () => {
    await makeStore(5);
    expect(await verify()).toEqual({ events: 5, unchecked: 0, keys: 1, faults: [] });
    const engines = await open();
    await engines.events.append('warehouse-PAR', 'no_stream', newEvents(1));
    expect(await verify()).toMatchObject({ events: 6, faults: [] });
    await engines.close();
  });

  it.each([
    [
      'a changed digit',
      changeDigit.replace("data, '10115', '10116'", "recordedAt, '2', '3'").replace('SET data', 'SET recordedAt'),
      /event at position 3/,
    ],
    [
      'an event that is missing',
      'DELETE FROM events WHERE position = 2',
      /the log has gaps: 4 events, and the newest is at 5/,
    ],
    ['the stream that misses it', 'DELETE FROM events WHERE position = 2', /the stream warehouse-BER has gaps/],
    ['keys of another store', "UPDATE store SET id = 'another'", /the log and the keys are of two stores/],
    ['a stream that is missing', 'UPDATE streams SET name = name || 1', /event at position 1 is not what was written/],
    [
      'a checkpoint ahead',
      "INSERT INTO checkpoints VALUES ('reactions_v1', 9, 9)",
      /checkpoint of reactions_v1 \(9\) is ahead/,
    ],
    ['an end that is missing', 'DELETE FROM events WHERE position > 3', /ends at event 3/],
    [
      'an id that is there twice',
      'UPDATE events SET id = (SELECT id FROM events WHERE position = 1) WHERE position = 3',
      /^the id of the event at position 1 is there twice$/m,
    ],
    [
      'an index that lacks an event',
      'DELETE FROM event_tail WHERE kind = 2 AND position = 3',
      /^the index of the log does not say what the log says: back the store up and restore it$/,
    ],
  ])('tells of %s (18)', async (_, sql, fault) => {
    await makeStore(5);
    change(sql);
    const { faults } = await verify();
    expect(faults.join('\n')).toMatch(fault);
  });

  it('tells of a damaged key, and of a damaged page (18)', async () => {
    await makeStore(500);
    const keys = new DatabaseSync(join(directory, 'keys.db'));
    keys.exec('UPDATE subjectKeys SET wrapped = zeroblob(length(wrapped))');
    keys.close();
    expect((await verify()).faults).toEqual(['1 of 1 keys are damaged']);
    const bytes = await readFile(log());
    bytes.fill(7, bytes.length - 30_000, bytes.length - 20_000);
    await writeFile(log(), bytes);
    expect((await verify()).faults.join('\n')).toMatch(/^stockledger\.db: /);
  });

  it.each(['stockledger.db', 'keys.db'])('tells of a damaged page of %s, whichever it is (18)', async (name) => {
    await makeStore(5);
    const path = join(directory, name);
    const sound = await readFile(path);
    // A file without its first page is none of SQLite's.
    for (let page = 1; page < sound.length / pageBytes; page += 1) {
      const bytes = Buffer.from(sound).fill(7, page * pageBytes, (page + 1) * pageBytes);
      await writeFile(path, bytes);
      const { faults } = await verify();
      expect(faults.join('\n'), `page ${page + 1}`).toMatch(new RegExp(`^${name}: `));
    }
  });
});

describe('a log of an earlier release', () => {
  it('gets its checksums while the service runs, from the newest to the oldest, and goes on where it ended (18)', async () => {
    await makeStore(1_200);
    change('ALTER TABLE events DROP COLUMN checksum');
    const db = openDatabase(log());
    const events = await createSqliteEvents(db, decodeStored);
    const lacking = (): unknown =>
      db.prepare('SELECT count(*) AS count, max(position) AS newest FROM events WHERE checksum IS NULL').get();
    expect(lacking()).toEqual({ count: 1_200, newest: 1_200 });
    await events.append('warehouse-PAR', 'no_stream', newEvents(1));
    let looks = 0;
    const afterOneStep = {
      get aborted() {
        looks += 1;
        return looks > 1;
      },
    } as AbortSignal;
    await fillChecksums(db, afterOneStep);
    expect(lacking()).toEqual({ count: 700, newest: 700 });
    await fillChecksums(db, new AbortController().signal);
    expect(lacking()).toEqual({ count: 0, newest: null });
    await db.close();
    expect(await verify()).toMatchObject({ events: 1_201, unchecked: 0, faults: [] });
  });
});
