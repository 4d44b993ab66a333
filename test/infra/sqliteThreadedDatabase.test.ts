/** What the contract suites don't see of the thread that writes: order, errors with their class, closing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { checkpointWrites } from '../../src/infra/sqlite/checkpoints.ts';
import { documentWrites } from '../../src/infra/sqlite/documents/documentWrites.ts';
import { eventWrites } from '../../src/infra/sqlite/events/appends.ts';
import type { Database } from '../../src/infra/sqlite/file/database.ts';
import { openThreadedDatabase } from '../../src/infra/sqlite/file/threadedDatabase.ts';
import { packError, unpackError } from '../../src/infra/sqlite/file/writes.ts';
import { jobWrites } from '../../src/infra/sqlite/jobs.ts';

let directory: string;
let path: string;
let db: Database;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-thread-'));
  path = join(directory, 'a.db');
  db = await openThreadedDatabase(path, { lockWaitMaxMs: 100 });
});
afterEach(async () => {
  await db.close();
  await rm(directory, { recursive: true });
});

const idsOfJobs = (): unknown[] => {
  const other = new DatabaseSync(path, { readOnly: true });
  const ids = other.prepare('SELECT id FROM jobs ORDER BY id').all();
  other.close();
  return ids.map(({ id }) => id);
};

describe('a file that a thread of its own writes', () => {
  it('answers when the write is committed, and reads it at once', async () => {
    const write = await db.writer(jobWrites);
    await write('add', ['queue', [['a', '{}', 0]]]);
    expect(idsOfJobs()).toEqual(['a']);
    expect(db.prepare('SELECT id FROM jobs').all()).toEqual([{ id: 'a' }]);
  });

  it('sends many writes in few messages, and none that is more than the thread can hold', async () => {
    const write = await db.writer(jobWrites);
    const sent = vi.spyOn(Worker.prototype, 'postMessage');
    await Promise.all(Array.from({ length: 300 }, (_, index) => write('add', ['queue', [[`job ${index}`, '{}', 0]]])));
    expect(sent.mock.calls.map(([calls]) => (calls as unknown[]).length)).toEqual([64, 64, 64, 64, 44]);
    expect(idsOfJobs()).toHaveLength(300);
    sent.mockRestore();
  });

  it('writes what follows the log before what clients ask for, and lets these have every fourth message', async () => {
    const client = await db.writer(jobWrites);
    const follower = await db.writer(checkpointWrites, 'first');
    const sent = vi.spyOn(Worker.prototype, 'postMessage');
    await Promise.all([
      ...Array.from({ length: 130 }, (_, index) => client('add', ['queue', [[`job ${index}`, '{}', 0]]])),
      ...Array.from({ length: 260 }, (_, index) => follower('reset', [`consumer ${index}`])),
    ]);
    const modules = sent.mock.calls.map(([calls]) => (calls as { module: string }[])[0]?.module);
    const [first, inTurn] = [checkpointWrites.name, jobWrites.name];
    expect(modules).toEqual([first, first, first, inTurn, first, first, inTurn, inTurn]);
    sent.mockRestore();
  });

  it('gathers what is asked for while the thread has two messages to work on', async () => {
    const patient = await openThreadedDatabase(path, { lockWaitMaxMs: 60_000 });
    const write = await patient.writer(jobWrites);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const sent = vi.spyOn(Worker.prototype, 'postMessage');
    const writes: Promise<unknown>[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      writes.push(write('add', ['queue', [[`job ${turn}`, '{}', 0]]]));
      await setImmediate();
    }
    other.exec('COMMIT');
    other.close();
    await Promise.all(writes);
    expect(sent.mock.calls.map(([calls]) => (calls as unknown[]).length)).toEqual([1, 1, 6]);
    sent.mockRestore();
    await patient.close();
  });

  it('tells of commits in their order, before any caller goes on', async () => {
    const write = await db.writer(checkpointWrites);
    const told: string[] = [];
    const at = (commit: bigint) => ({ commit, prepare: commit });
    const move = (from: bigint | null, to: bigint): Promise<unknown> =>
      write('advance', ['c', { from: from === null ? null : at(from), to: at(to), epoch: 0 }], (outcome) => {
        told.push(`${outcome} ${to}`);
      }).then(() => told.push(`answered ${to}`));
    await Promise.all([move(null, 1n), move(1n, 2n), move(1n, 3n)]);
    expect(told).toEqual(['advanced 1', 'advanced 2', 'lost 3', 'answered 1', 'answered 2', 'answered 3']);
  });

  it('undoes only the write that throws, and says why as if it had been thrown here', async () => {
    const [documents, jobs, events] = [
      await db.writer(documentWrites),
      await db.writer(jobWrites),
      await db.writer(eventWrites),
    ];
    const noUuid = ['no uuid', 'ItemDefined', 1, '', '', '{}', { author: '', rest: '{}' }] as const;
    const results = await Promise.allSettled([
      jobs('add', ['queue', [['a', '{}', 0]]]),
      documents('write', ['nowhere', []]),
      events('append', [{ stream: 'item-A', expected: -1, events: [noUuid], mayBeKnown: [] }]),
      jobs('add', ['queue', [['b', '{}', 0]]]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: new Error('collection nowhere was not ensured') });
    expect(results[2]).toMatchObject({ reason: new RangeError('not a UUID in lower case: no uuid') });
    expect(idsOfJobs()).toEqual(['a', 'b']);
  });

  it('says that nothing was written when the file stays locked, and goes on afterwards (R22.1)', async () => {
    const write = await db.writer(jobWrites);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const refused = write('add', ['queue', [['a', '{}', 0]]]);
    await expect(refused).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(refused).rejects.toMatchObject({ outcome: 'not_written', cause: { errcode: 5 } });
    other.exec('COMMIT');
    other.close();
    await write('add', ['queue', [['b', '{}', 0]]]);
    expect(idsOfJobs()).toEqual(['b']);
  });

  it('finishes what was asked for when it is closed, and then takes no more', async () => {
    const write = await db.writer(jobWrites);
    const work = Promise.all(
      Array.from({ length: 1_000 }, (_, n) => write('add', ['queue', [[String(n).padStart(4, '0'), '{}', 0]]])),
    );
    await Promise.all([db.close(), db.close()]);
    await work;
    expect(idsOfJobs()).toHaveLength(1_000);
    await expect(write('remove', ['queue', '0000', 0])).rejects.toMatchObject({ outcome: 'not_written' });
  });
});

describe('an error on its way between threads', () => {
  it.each([
    new StoreUnavailable('no room', 'unknown', Object.assign(new Error('full'), { errcode: 13 })),
    new RangeError('too much'),
    Object.assign(new Error('twice'), { errcode: 2067 }),
  ])('keeps its class and its fields: %s', (error) => {
    const arrived = unpackError(structuredClone(packError(error)));
    expect(arrived).toBeInstanceOf(error.constructor);
    expect(arrived).toEqual(error);
    const { errcode } = error as { readonly errcode?: number };
    expect((arrived as { readonly errcode?: number }).errcode).toBe(errcode);
    expect(arrived.cause).toEqual(error.cause);
    expect(arrived.stack).toContain('sqliteThreadedDatabase.test.ts');
  });
});
