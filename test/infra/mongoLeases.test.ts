/** What only leases of many processes have: a holder that is cut off, and shares. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Leases } from '../../src/eventsourcing/ports.ts';
import { type Mongo, openMongo } from '../../src/infra/mongodb/connect.ts';
import { createMongoLeases } from '../../src/infra/mongodb/leases.ts';
import { shortTimes, urlOf } from '../contracts/engines/mongodb.ts';
import { uniqueName, waitMaxMs } from '../contracts/make.ts';
import { mongoMissing, type RunningMongo, startMongo } from '../support/engines/mongodb.ts';

const missing = mongoMissing();

describe.skipIf(missing !== null)(`leases in MongoDB${missing === null ? '' : `: ${missing}`}`, () => {
  let server: RunningMongo | undefined;
  let url = '';
  const opened: Mongo[] = [];
  const ends: (() => Promise<void>)[] = [];
  const open = (): Mongo => {
    const mongo = openMongo({ url });
    opened.push(mongo);
    return mongo;
  };
  beforeAll(async () => {
    server = await startMongo();
    url = urlOf(server.url, uniqueName('leases'));
  });
  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
    for (const mongo of opened.splice(0)) await mongo.close();
  });
  afterAll(async () => {
    await open().db.dropDatabase();
    await opened[0]?.close();
    await server?.stop();
  });

  const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: waitMaxMs, interval: 10 });

  /** A process that wants all of these, and keeps a list of what it holds. */
  const join = (leases: Leases, names: readonly string[], log: (line: string) => void = () => undefined) => {
    const stop = new AbortController();
    const held = new Set<string>();
    const ended = names.map((name) =>
      leases.whileHeld(name, stop.signal, async ({ epoch, signal }) => {
        held.add(name);
        log(`begins ${epoch}`);
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
          // A third process may have come between the taking and the work.
          if (signal.aborted) resolve(undefined);
        });
        log(`ends ${epoch}`);
        held.delete(name);
      }),
    );
    const end = async (): Promise<void> => {
      stop.abort();
      await Promise.all(ended);
    };
    ends.push(end);
    return { held, end };
  };

  it('go to another process when their holder is cut off, which has been told to stop before (R11.3)', async () => {
    const name = uniqueName('lease');
    const lines: string[] = [];
    const log = (line: string): void => {
      lines.push(line);
    };
    const [first, second] = [open(), open()];
    join(createMongoLeases(first, shortTimes), [name], log);
    await eventually(() => expect(lines).toEqual(['begins 1']));
    join(createMongoLeases(second, shortTimes), [name], log);
    await first.close();
    await eventually(() => expect(lines).toEqual(['begins 1', 'ends 1', 'begins 2']));
  });

  it('are kept by a holder that lives, however long others wait', async () => {
    const name = uniqueName('lease');
    const lines: string[] = [];
    join(createMongoLeases(open(), shortTimes), [name], (line) => lines.push(line));
    await eventually(() => expect(lines).toEqual(['begins 1']));
    const other = join(createMongoLeases(open(), shortTimes), [name]);
    const rows = open().db.collection<{ _id: string; beat: number }>('leases');
    await vi.waitFor(async () => expect((await rows.findOne({ _id: name }))?.beat).toBeGreaterThan(15), {
      timeout: waitMaxMs,
    });
    expect(other.held.size).toBe(0);
    expect(lines).toEqual(['begins 1']);
  });

  it('are stopped for by a holder that another one took them from', async () => {
    const name = uniqueName('lease');
    const lines: string[] = [];
    const mongo = open();
    join(createMongoLeases(mongo, { ...shortTimes, loseAfterMs: 60_000 }), [name], (line) => lines.push(line));
    await eventually(() => expect(lines).toEqual(['begins 1']));
    const rows = mongo.db.collection<{ _id: string; owner: string; epoch: number }>('leases');
    await rows.updateOne({ _id: name }, { $set: { owner: 'another', epoch: 2 } });
    await eventually(() => expect(lines).toEqual(['begins 1', 'ends 1']));
    expect(await rows.findOne({ _id: name })).toMatchObject({ owner: 'another' });
  });

  it('are shared out about equally among those that want them, as they come and go', async () => {
    const names = Array.from({ length: 9 }, () => uniqueName('lease'));
    const counts = (processes: readonly { readonly held: ReadonlySet<string> }[]): number[] =>
      processes.map(({ held }) => held.size);
    const one = join(createMongoLeases(open(), shortTimes), names);
    await eventually(() => expect(counts([one])).toEqual([9]));
    const two = join(createMongoLeases(open(), shortTimes), names);
    await eventually(() => expect(counts([one, two]).sort()).toEqual([4, 5]));
    const three = join(createMongoLeases(open(), shortTimes), names);
    await eventually(() => expect(counts([one, two, three])).toEqual([3, 3, 3]));
    await one.end();
    await eventually(() => expect(counts([two, three]).sort()).toEqual([4, 5]));
    // One that is killed leaves its document behind, and its share goes to the others all the same.
    const last = opened[2];
    await last?.close();
    await eventually(() => expect(counts([two])).toEqual([9]));
  });
});
