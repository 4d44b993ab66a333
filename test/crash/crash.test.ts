/** `kill -9` at many points, each time on the data that the crash before left: what was acknowledged is there. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedEvent, Sealed } from '../../src/eventsourcing/message.ts';
import { createRandom } from './seeded.ts';
import { counter, openWorld, queue, type Report, sizeOf, type World } from './world.ts';

const seed = 20_261_124;
const kills = 12;
/** Reports before the kill, at most: the first kills come while the tables are being made. */
const reportsMax = 600;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-crash-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** Runs a victim until it has reported so often, kills it, and gives all that it managed to report. */
const killAfter = async (reportsBefore: number, run: number): Promise<Report[]> => {
  const victim = spawn(process.execPath, [join(import.meta.dirname, 'victim.ts'), directory, String(run)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const reports: Report[] = [];
  const errors: string[] = [];
  victim.stderr.on('data', (chunk) => errors.push(String(chunk)));
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    victim.on('exit', (_code, signal) => {
      resolve(signal);
    });
  });
  if (reportsBefore === 0) victim.kill('SIGKILL');
  for await (const line of createInterface({ input: victim.stdout })) {
    // The last line may be cut off: then it was not reported.
    if (line.endsWith('}')) reports.push(JSON.parse(line) as Report);
    if (reports.length === reportsBefore) victim.kill('SIGKILL');
  }
  expect(await ended, errors.join('')).toBe('SIGKILL');
  return reports;
};

const readLog = async ({ events }: World): Promise<RecordedEvent[]> => {
  const log: RecordedEvent[] = [];
  for (;;) {
    const page = await events.readAll(log.at(-1)?.position ?? null, 'forwards', 2_000);
    if (page.length === 0) return log;
    log.push(...page);
  }
};

const byStream = (log: readonly RecordedEvent[]): Map<string, RecordedEvent[]> =>
  Map.groupBy(log, (event) => event.stream);

const expectNothingHalf = (log: readonly RecordedEvent[]): void => {
  expect(log.map(({ position }) => position.commit)).toEqual(log.map((_, index) => BigInt(index + 1)));
  for (const events of byStream(log).values()) {
    expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index));
  }
  for (const append of Map.groupBy(log, ({ metadata }) => metadata.commandId).values()) {
    expect(append).toHaveLength(sizeOf(append[0]!));
  }
};

const expectAppended = (log: readonly RecordedEvent[], reports: readonly Report[]): void => {
  const times = new Map<string, number>();
  for (const { id } of log) times.set(id, (times.get(id) ?? 0) + 1);
  const acknowledged = reports.flatMap((report) => (report.kind === 'appended' ? report.ids : []));
  expect(acknowledged.filter((id) => times.get(id) !== 1)).toEqual([]);
};

/** Each document is the exact fold up to its position, and none is behind the checkpoint. */
const expectProjected = async (log: readonly RecordedEvent[], { documents, checkpoints }: World): Promise<void> => {
  const checkpoint = (await checkpoints.get(counter.name))?.commit ?? 0n;
  for (const [stream, events] of byStream(log)) {
    const stored = await documents.get<{ readonly n: number }>(counter.name, stream);
    const [position, n] = [stored?.position ?? 0n, stored?.document.n ?? 0];
    expect(n, stream).toBe(events.filter((event) => event.position.commit <= position).length);
    expect(events.filter((event) => event.position.commit <= checkpoint).length, stream).toBeLessThanOrEqual(n);
    if (n === 0) continue;
    const listed = await documents.find(counter.name, { where: { values: { has: `is${n}` } }, limit: 1_000 });
    expect(listed.map(({ id }) => id)).toContain(stream);
  }
};

const jobsOf = (reports: readonly Report[], kind: 'added' | 'started' | 'removed'): string[] =>
  reports.flatMap((report) => (report.kind === kind ? [report.jobId] : []));

/** A job that was added waits until it is started; one that was removed is never seen again. */
const expectJobs = async (runs: readonly (readonly Report[])[], { jobs }: World): Promise<void> => {
  const reports = runs.flat();
  const started = new Set(jobsOf(reports, 'started'));
  const removed = jobsOf(reports, 'removed');
  const waiting = jobsOf(reports, 'added').filter((id) => !started.has(id));
  expect(await jobs.known(queue, waiting)).toEqual(new Set(waiting));
  expect(await jobs.known(queue, removed)).toEqual(new Set());
  const removedBefore = new Set<string>();
  for (const run of runs) {
    expect(jobsOf(run, 'started').filter((id) => removedBefore.has(id))).toEqual([]);
    for (const id of jobsOf(run, 'removed')) removedBefore.add(id);
  }
};

const expectSealed = async (reports: readonly Report[], { personalData }: World): Promise<void> => {
  for (const report of reports) {
    if (report.kind !== 'sealed') continue;
    expect(await personalData.open(report.text as Sealed, 'place')).toBe(report.value);
  }
};

describe('the embedded store', () => {
  it(`keeps its word through ${kills} kills (R20.4, seed ${seed})`, async () => {
    const random = createRandom(seed);
    const runs: Report[][] = [];
    for (let run = 0; run < kills; run += 1) {
      const reports = await killAfter(Math.floor(reportsMax * random() ** 2), run);
      runs.push(reports);
      const world = await openWorld(directory);
      try {
        const log = await readLog(world);
        expectNothingHalf(log);
        expectAppended(log, runs.flat());
        await expectProjected(log, world);
        await expectJobs(runs, world);
        await expectSealed(reports, world);
      } finally {
        await world.close();
      }
    }
    const kinds = new Set(runs.flat().map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['added', 'appended', 'removed', 'sealed', 'started']);
  });
});
