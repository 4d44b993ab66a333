/**
 * `npm run migrate` into EventStoreDB, through its real client. The log there must be empty, so a server of its own is
 * started, whatever `EVENTSTORE_URL` names.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { createEventStoreEvents, type EventStoreEvents } from '../../src/infra/eventstoredb/events.ts';
import { openPersonalData } from '../../src/infra/keys/sqliteKeyStore.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { newEvent, newEvents } from '../contracts/eventSamples.ts';
import { createRandom } from '../crash/seeded.ts';
import { type RunningEventStore, startEventStoreServer } from '../support/engines/eventstoredb.ts';
import { makeDirectory, removeDirectory } from '../support/process.ts';
import { killTool, runToolBeside, type ToolRun } from '../support/tools.ts';

const length = 1_500;

let root: string;
let server: RunningEventStore;
let store: EventStoreEvents;
beforeEach(async () => {
  root = await makeDirectory();
  server = await startEventStoreServer({ where: 'process', file: join(root, 'server.log') });
  store = createEventStoreEvents({
    decode: decodeStored,
    url: server.url,
    logger: { warn: () => undefined, info: () => undefined },
  });
});
afterEach(async () => {
  await store.close();
  await server.stop();
  await removeDirectory(root);
});

const withoutPosition = (events: readonly RecordedEvent[]): object[] =>
  events.map(({ position: _, ...event }) => event);

/** @returns what was written, in order. */
const fill = async (): Promise<readonly RecordedEvent[]> => {
  const directory = join(root, 'old');
  await (await openPersonalData({ directory })).close();
  const db = openDatabase(join(directory, 'stockledger.db'));
  const events = await createSqliteEvents(db, decodeStored);
  const random = createRandom(20_261_125);
  const revisions = new Map<string, number>();
  for (let written = 0; written < length; written += 3) {
    const stream = `warehouse-W${Math.floor(random() * 30)}`;
    const last = revisions.get(stream);
    await events.append(stream, last ?? 'no_stream', newEvents(3));
    revisions.set(stream, (last ?? -1) + 3);
  }
  const log = await events.readAll(null, 'forwards', length);
  await db.close();
  return log;
};

const migration = (): ToolRun => ({
  name: 'migrate',
  args: ['--from', 'embedded', '--keys-to', pathToFileURL(join(root, 'new')).href],
  // Where a password is seen by fewer than on the command line.
  env: { DATA_DIR: join(root, 'old'), EVENTSTORE_URL: server.url },
});

describe('npm run migrate to EventStoreDB', () => {
  it('is whole after kills of itself and of the server: no event twice, none missing, order kept', async () => {
    const source = await fill();
    const beginsCopy = (percent: number) => (line: string) => line.startsWith('copy') && line.includes(` ${percent} %`);
    expect(await killTool(migration(), beginsCopy(10))).toBe('SIGKILL');
    expect(await killTool(migration(), beginsCopy(40))).toBe('SIGKILL');
    let restarted: Promise<void> | undefined;
    const { code, stdout, stderr } = await runToolBeside(migration(), (line) => {
      // The server dies under an append: what became of it only the server knows.
      if (beginsCopy(70)(line)) restarted = server.killAndRestart();
    });
    await restarted;
    expect(restarted).toBeDefined();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /1,500 events in 30 streams, [\d,]+ of them copied now\nthe same on both sides, sha256 \w{64}/,
    );
    expect(withoutPosition(await store.readAll(null, 'forwards', 2 * length))).toEqual(withoutPosition(source));
  });

  it('is whole when answers are lost, late and wrong', async () => {
    const source = await fill();
    await server.controls.setFaults({
      seed: 1,
      falseTimeouts: 0.01,
      lateAnswers: { probability: 0.1, delayMinMs: 1, delayMaxMs: 50 },
    });
    const { code, stdout, stderr } = await runToolBeside(migration());
    expect((await server.controls.counts()).falseTimeouts).toBeGreaterThan(0);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('1,500 events in 30 streams, 1,500 of them copied now');
    expect(withoutPosition(await store.readAll(null, 'forwards', 2 * length))).toEqual(withoutPosition(source));
  });

  it('does not mind what others keep there', async () => {
    await fill();
    const client = EventStoreDBClient.connectionString(server.url);
    await client.appendToStream('other-1', jsonEvent({ type: 'TheirEvent', data: {} }));
    await client.dispose();
    const { code, stdout } = await runToolBeside(migration());
    expect([code, stdout]).toEqual([0, expect.stringContaining('1,500 of them copied now')]);
  });

  it('refuses a log that has another event of ours', async () => {
    const source = await fill();
    await store.append('item-OTHER', 'no_stream', [newEvent('ItemDefined')]);
    const { code, stdout } = await runToolBeside(migration());
    expect(code).toBe(1);
    expect(stdout).toContain('After 0 events the target differs');
    expect(stdout).toContain(`here:  WarehouseDefined ${source[0]!.id}`);
  });
});
