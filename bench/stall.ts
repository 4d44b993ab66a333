/**
 * `npm run stall -- --events 2000000`: a log of that many events, and then every read and the largest changes that the
 * limits allow, by every role. How long was the event loop held, and how much memory was in use? Embedded form.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildLedger } from './stall/build.ts';
import { type Measured, runStall } from './stall/run.ts';

const usage = `npm run stall -- [--events 2000000] [--data <directory>] [--keep] [--only <pattern>] [--seconds 10]
  --data     where the log is, or is to be made and kept: the next run of the same size finds it
  --keep     keeps a log that was made in a directory of its own
  --only     kinds whose names match
  --seconds  how long streams and what runs by itself are looked at
`;

/** CONTRIBUTING.md: 50 ms is the rule, 100 ms what is measured on a machine that others use too. */
const heldMaxMs = 100;
/** \`npm start\` gives the old part of the heap 192 MB, and the young one three times 8. */
const heapMaxBytes = (192 + 3 * 8) * 1_024 * 1_024;
/** Another number of events than this says that the log in the directory is of another run. */
const noteName = 'stall.json';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '2000000' },
    data: { type: 'string' },
    keep: { type: 'boolean', default: false },
    only: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const [events, seconds] = [Number(values.events), Number(values.seconds)];
if (!Number.isInteger(events) || events < 20_000) throw new RangeError('--events takes a whole number from 20,000.');
if (!(seconds > 0)) throw new RangeError('--seconds takes a number above 0.');

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const ordersIn = async (dataDir: string): Promise<number> => {
  const path = join(dataDir, noteName);
  const known = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as { readonly events: number; readonly orders: number },
    () => null,
  );
  if (known !== null && known.events !== events) throw new Error(`${dataDir} holds ${known.events} events.`);
  if (known !== null) return known.orders;
  const orders = await buildLedger(dataDir, events, say);
  await writeFile(path, JSON.stringify({ events, orders }));
  return orders;
};

const mega = (bytes: number): string => (bytes / 1_024 / 1_024).toFixed(0);
const columns = ['held ms', 'of it gc', 'others ms', 'heap MB', 'rss MB', 'slowest ms', 'answers'];
const row = (cells: readonly string[], kind: string): string =>
  `${kind.slice(0, 46).padEnd(46)} ${cells.map((cell) => cell.padStart(10)).join('')}`;
const rowOf = ({ kind, heldMs, collectedMs, machineMs, heapBytes, rssBytes, slowestMs, answers }: Measured): string =>
  row(
    [
      heldMs.toFixed(0),
      collectedMs.toFixed(0),
      machineMs.toFixed(0),
      mega(heapBytes),
      mega(rssBytes),
      slowestMs.toFixed(0),
      `  ${[...answers].map(([status, count]) => `${count}×${status}`).join(' ')}`,
    ],
    kind,
  );

const dataDir = values.data ?? (await mkdtemp(join(tmpdir(), 'stockledger-stall-')));
await mkdir(dataDir, { recursive: true });
try {
  const orders = await ordersIn(dataDir);
  process.stdout.write(`${row(columns, `${events} events`)}\n`);
  const measured = await runStall({
    dataDir,
    events,
    orders,
    lookMs: seconds * 1_000,
    ...(values.only === undefined ? {} : { only: new RegExp(values.only) }),
    heldMaxMs,
    tell: (each) => process.stdout.write(`${rowOf(each)}\n`),
  });
  const longest = Math.max(...measured.map(({ heldMs }) => heldMs));
  const most = Math.max(...measured.map(({ heapBytes }) => heapBytes));
  const lost = measured.filter(({ answers }) => (answers.get(0) ?? 0) + (answers.get(500) ?? 0) > 0);
  process.stdout.write(
    `longest hold ${longest.toFixed(0)} ms (at most ${heldMaxMs}), most heap ${mega(most)} MB (at most ${mega(heapMaxBytes)})` +
      `${lost.length === 0 ? '' : `; without an answer or with 500: ${lost.map(({ kind }) => kind).join(', ')}`}\n`,
  );
  process.exitCode = longest > heldMaxMs || most > heapMaxBytes || lost.length > 0 ? 1 : 0;
} finally {
  if (values.data === undefined && !values.keep) await rm(dataDir, { recursive: true, force: true });
  else say(`The log is kept in ${dataDir}.`);
}
