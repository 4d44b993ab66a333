/** The access log on disk: every line is there, and no line can be changed, dropped or put elsewhere unseen (R13.1). */
import { createSecretKey } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessEntry } from '../../src/audit/accessLog.ts';
import { type OpenAccessLog, openAccessLog } from '../../src/infra/accessLog/accessLog.ts';
import { verifyAccessLog } from '../../src/infra/accessLog/verifyAccessLog.ts';

const key = createSecretKey(Buffer.alloc(32, 7));
const dayMs = 24 * 3_600_000;
let directory: string;
let nowMs = Date.parse('2026-03-01T12:00:00.000Z');
const failures: unknown[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-access-'));
  failures.length = 0;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const openLog = (options: { fileBytes?: number; keptDays?: number } = {}): Promise<OpenAccessLog> =>
  openAccessLog({
    directory,
    key,
    keptDays: 90,
    nowMs: () => nowMs,
    onFailure: (error) => failures.push(error),
    ...options,
  });

const entryOf = (sku: string): AccessEntry => ({
  at: new Date(nowMs).toISOString(),
  requestId: '01a221a2-fa11-72d8-a999-1d6373cdccc2',
  method: 'GET',
  route: '/v1/warehouses/:warehouseId/inventory/:sku',
  operation: 'getInventory',
  object: { warehouseId: 'BER', sku },
  caller: { subject: 'auditor-1', client: 'audit-tool' },
  role: 'auditor',
  address: '192.0.2.17',
  status: 200,
  isLeft: false,
  code: null,
  durationMs: 1.26,
});

/** In blocks of three. */
const writeSome = async (log: OpenAccessLog, count: number): Promise<void> => {
  for (let at = 0; at < count; at += 1) {
    log.write(entryOf(`SKU-${at}`));
    if (at % 3 === 2) await log.flush();
  }
  await log.flush();
};

const filesThere = async (): Promise<readonly string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
const linesOf = async (name: string): Promise<string[]> => (await readFile(join(directory, name), 'utf8')).split('\n');
const verify = () => verifyAccessLog(directory, key);

/** Writes ten requests and closes. @returns the file. */
const writeTen = async (): Promise<string> => {
  const log = await openLog();
  await writeSome(log, 10);
  await log.close();
  return (await filesThere())[0] ?? '';
};

describe('an access log', () => {
  it('has a line for each request, with who, what and how it ended, and no address as it is', async () => {
    const lines = await linesOf(await writeTen());
    const entries = lines.filter((line) => line.startsWith('{"n"')).map((line) => JSON.parse(line) as object);
    expect(entries).toHaveLength(10);
    expect(entries[4]).toEqual({
      n: 5,
      at: '2026-03-01T12:00:00.000Z',
      requestId: '01a221a2-fa11-72d8-a999-1d6373cdccc2',
      method: 'GET',
      route: '/v1/warehouses/:warehouseId/inventory/:sku',
      operation: 'getInventory',
      object: { warehouseId: 'BER', sku: 'SKU-4' },
      subject: 'auditor-1',
      client: 'audit-tool',
      role: 'auditor',
      address: expect.stringMatching(/^[\w-]{16}$/) as string,
      status: 200,
      ms: 1.3,
    });
    expect(lines.join()).not.toContain('192.0.2');
    expect(await verify()).toEqual({ files: 1, lines: 10, unsealed: [], faults: [] });
  });

  it('marks its head a moment later also when no further request comes', async () => {
    const log = await openLog();
    await writeSome(log, 1);
    log.write(entryOf('LAST'));
    await log.flush();
    const linesMarked = async (): Promise<unknown> => JSON.parse(await readFile(join(directory, 'head.json'), 'utf8'));
    expect(await linesMarked()).toMatchObject({ lines: 1 });
    await expect.poll(linesMarked, { timeout: 5_000 }).toMatchObject({ lines: 2 });
    await log.close();
  });

  it('is readable by its owner only', async () => {
    const name = await writeTen();
    const modes = [directory, join(directory, name), join(directory, 'head.json')].map(
      async (path) => (await stat(path)).mode,
    );
    expect((await Promise.all(modes)).map((mode) => mode & 0o077)).toEqual([0, 0, 0]);
  });

  it('goes on where it ended, in a file of its own, after a stop and after a crash', async () => {
    await writeTen();
    const second = await openLog();
    await writeSome(second, 4);
    await second.close();
    // A crash in the middle of a write.
    await appendFile(join(directory, (await filesThere())[1] ?? ''), '{"n":15,"at":"2026-03-01T12:0');
    const [, name = ''] = await filesThere();
    expect(await verify()).toEqual({ files: 2, lines: 14, unsealed: [{ name, bytes: 29 }], faults: [] });
    const third = await openLog();
    await writeSome(third, 2);
    await third.close();
    // Who has put them there nobody can say.
    expect(await verify()).toEqual({ files: 3, lines: 16, unsealed: [{ name, bytes: 29 }], faults: [] });
  });

  it('begins a new file when one is full, and on a new day', async () => {
    const log = await openLog({ fileBytes: 1_000 });
    await writeSome(log, 9);
    nowMs += dayMs;
    await writeSome(log, 3);
    await log.close();
    const names = await filesThere();
    expect(names.length).toBeGreaterThan(2);
    expect(names.at(-1)).toMatch(/^2026-03-02-0000000\d\.jsonl$/);
    expect(await verify()).toMatchObject({ files: names.length, lines: 12, faults: [] });
  });

  it('removes files that are old enough, and says so in a line', async () => {
    const log = await openLog({ keptDays: 2 });
    for (let day = 0; day < 5; day += 1) {
      await writeSome(log, 3);
      nowMs += dayMs;
    }
    await log.close();
    expect(await filesThere()).toHaveLength(3);
    expect(await verify()).toMatchObject({ files: 3, lines: 15, faults: [] });
    await rm(join(directory, (await filesThere())[0] ?? ''));
    expect((await verify()).faults).toEqual(['The oldest files are missing, and no line says that they were removed.']);
  });

  it('keeps what can not be written until it can, and tells once', async () => {
    const log = await openLog();
    await rm(directory, { recursive: true });
    await writeFile(directory, 'no directory');
    for (const sku of ['A', 'B']) {
      log.write(entryOf(sku));
      await log.flush();
    }
    expect(failures).toHaveLength(1);
    await rm(directory);
    await log.close();
    expect(await verify()).toMatchObject({ lines: 2, faults: [] });
  });

  it('goes on in a new directory where the old one was taken away, and says that lines are missing', async () => {
    const log = await openLog();
    await writeSome(log, 3);
    await rm(directory, { recursive: true });
    log.write(entryOf('GONE WITH IT'));
    await log.flush();
    await expect.poll(() => failures.length).toBeGreaterThan(0);
    log.write(entryOf('LAST'));
    await log.close();
    expect((await verify()).faults).not.toEqual([]);
    expect((await linesOf((await filesThere())[0] ?? '')).join()).toContain('LAST');
  });

  it('is written as it was where an id has other ends of lines in it', async () => {
    const log = await openLog();
    for (const sku of ['A\u2028B', 'A\u2029{"lines":1}', 'Stühle \ud800', 'A\u0085B']) log.write(entryOf(sku));
    await log.close();
    expect(await verify()).toMatchObject({ lines: 4, faults: [] });
  });

  it('goes on after a crash at any byte', async () => {
    const log = await openLog();
    for (const sku of ['Stühle', 'SOFA']) {
      log.write(entryOf(sku));
      await log.flush();
    }
    await log.close();
    const [name = ''] = await filesThere();
    const path = join(directory, name);
    const whole = await readFile(path);
    // All of the second block: it is not in the mark of the head yet.
    const head = JSON.parse(await readFile(join(directory, 'head.json'), 'utf8')) as { readonly lines: number };
    expect(head.lines).toBe(2);
    const from = whole.indexOf('{"n":2');
    for (let length = from; length < whole.length; length += 7) {
      await writeFile(path, whole.subarray(0, length));
      await rm(join(directory, 'head.json'));
      const again = await openLog();
      again.write(entryOf('LATER'));
      await again.close();
      const { faults } = await verify();
      expect(
        faults.filter((fault) => !fault.includes('head.json was missing')),
        `${length} bytes`,
      ).toEqual([]);
      for (const later of (await filesThere()).slice(1)) await rm(join(directory, later));
    }
  });
});

describe('who verifies an access log', () => {
  const whole = (lines: readonly string[]): string[] => [...lines];
  const at = (lines: readonly string[], start: string): number => lines.findIndex((line) => line.startsWith(start));

  it.each<readonly [string, (lines: string[]) => string[]]>([
    ['a changed line', (lines) => lines.map((line) => line.replace('"sku":"SKU-4"', '"sku":"SKU-5"'))],
    ['a changed status', (lines) => lines.map((line, index) => (index === 3 ? line.replace(':200', ':403') : line))],
    ['a dropped line', (lines) => lines.toSpliced(at(lines, '{"n":5'), 1)],
    ['a dropped block', (lines) => lines.toSpliced(at(lines, '{"n":4'), 4)],
    [
      'two lines in the wrong order',
      (lines) => lines.toSpliced(at(lines, '{"n":4'), 2, lines[6] ?? '', lines[5] ?? ''),
    ],
    ['a line that was added', (lines) => lines.toSpliced(at(lines, '{"n":5'), 0, lines[at(lines, '{"n":5')] ?? '')],
    ['a block that is there twice', (lines) => lines.toSpliced(5, 0, ...lines.slice(5, 9))],
    ['lines cut off at the end', (lines) => [...lines.slice(0, 9), '']],
    ['all lines cut off but the first', (lines) => [lines[0] ?? '', '']],
    [
      'a seal that was made without the key',
      (lines) => lines.map((line) => line.replace(/"seal":"..../, '"seal":"AAAA')),
    ],
    ['a changed beginning', (lines) => lines.map((line) => line.replace('"next":1', '"next":2'))],
  ])('finds %s', async (_what, change) => {
    const name = await writeTen();
    const before = await linesOf(name);
    const changed = change(whole(before));
    expect(changed).not.toEqual(before);
    await writeFile(join(directory, name), changed.join('\n'));
    expect((await verify()).faults).not.toEqual([]);
  });

  it('finds a file that is missing, in the middle and at the end', async () => {
    const log = await openLog({ fileBytes: 1 });
    await writeSome(log, 12);
    await log.close();
    const names = await filesThere();
    expect(names).toHaveLength(4);
    const [second, last] = [names[1] ?? '', names[3] ?? ''];
    const content = await readFile(join(directory, second));
    await rm(join(directory, second));
    expect((await verify()).faults.join()).toContain('files are missing before it');
    await writeFile(join(directory, second), content);
    expect((await verify()).faults).toEqual([]);
    await rm(join(directory, last));
    expect((await verify()).faults).toEqual(['Lines are missing at the end: there were 12.']);
  });

  it.each<readonly [string, (name: string) => Promise<void>]>([
    [
      'its end',
      async (name) => writeFile(join(directory, name), (await linesOf(name)).slice(0, 5).concat('').join('\n')),
    ],
    ['its newest file', (name) => rm(join(directory, name))],
    [
      'its end, with the mark of the head',
      async (name) => {
        await writeFile(join(directory, name), (await linesOf(name)).slice(0, 5).concat('').join('\n'));
        await rm(join(directory, 'head.json'));
      },
    ],
  ])('finds that it was cut off also after the next start: %s', async (_what, cut) => {
    await cut(await writeTen());
    const again = await openLog();
    await writeSome(again, 3);
    await again.close();
    expect((await verify()).faults).not.toEqual([]);
  });

  it('finds what was written into a seal', async () => {
    const name = await writeTen();
    const lines = await linesOf(name);
    const forged = lines.map((line) => line.replace('{"lines":3,', '{"lines":3,"n":4,"subject":"framed",'));
    await writeFile(join(directory, name), forged.join('\n'));
    expect((await verify()).faults).not.toEqual([]);
  });

  it('finds a mark of the head that is missing, and one that was put back or made up', async () => {
    await writeTen();
    const path = join(directory, 'head.json');
    const old = await readFile(path, 'utf8');
    await writeFile(path, old.replace('"lines":10', '"lines":9'));
    expect((await verify()).faults).toEqual(['head.json is not what was written.']);
    await rm(path);
    expect((await verify()).faults.join()).toContain('head.json is missing');
  });

  it('with another key finds nothing right', async () => {
    await writeTen();
    const other = createSecretKey(Buffer.alloc(32, 8));
    expect((await verifyAccessLog(directory, other)).faults.length).toBeGreaterThan(3);
  });

  it('says where nothing is', async () => {
    await expect(verifyAccessLog(join(directory, 'nowhere'), key)).rejects.toThrow('holds no access log');
  });
});
