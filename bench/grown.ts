/**
 * `npm run bench:grown`: what a store costs that has been in use for long, beside a new one or beside the small part of
 * itself. The store is made first, which takes most of the time. Embedded form, Linux only.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Service, startService } from '../demo/service.ts';
import { type Api, ask, prepare, settle, signIn } from './api.ts';
import {
  buildGrown,
  contested,
  copies,
  eventsOf,
  fewSku,
  grownSku,
  longSku,
  manySku,
  shortSku,
} from './grown/build.ts';
import { compareStarts, keepKeys } from './grown/starts.ts';
import { connections, load } from './load.ts';
import { measureSteady } from './measures.ts';
import { figuresOf, figuresTable, jsonOf, type Measured, readEarlier, type Target } from './report.ts';
import { adjustments, inventoryPath, type NextRequest, reservations, skuOf, skusSpread } from './requests.ts';
import { say } from './rounds.ts';

const usage = `npm run bench:grown -- [--scale 1] [--seconds 5] [--data <directory>] [--json] [--compare <file>]
  --scale    of the store: 0.01 is made in seconds and tells only that all of it runs
  --data     where the store is, or is to be made and kept; each run adds to it
`;
const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '5' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
    compare: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const [scale, seconds] = [Number(values.scale), Number(values.seconds)];
if (!(scale > 0 && seconds > 0)) throw new RangeError('--scale and --seconds take numbers above 0.');

const scaled = (count: number): number => Math.max(contested, Math.round(count * scale));
const size = {
  stocks: scaled(20_000),
  eventsEach: 200,
  manyOpen: scaled(100_000),
  fewOpen: scaled(1_000),
  longEvents: Math.max(100, scaled(100_000)),
  keptKeys: scaled(3_000_000),
};

const targets = {
  manyStocksVsFew: {
    name: `adjustments over ${size.stocks} grown stocks ÷ over 200`,
    reach: 0.6,
    better: 'higher',
  },
  manyOpenVsFew: {
    name: `reservations from ${size.manyOpen} open on ÷ from ${size.fewOpen}`,
    reach: 0.8,
    better: 'higher',
  },
  coldLongVsShort: { name: `first command on ${size.longEvents} events ÷ on 100`, reach: 3, better: 'lower' },
  startGrownVsNew: { name: `start with ${eventsOf(size)} events ÷ with none`, reach: 1.5, better: 'lower' },
  startKeysVsNew: { name: `start with ${size.keptKeys} kept keys ÷ with none`, reach: 1.5, better: 'lower' },
  adjustP99Ms: { name: 'p99 of an adjustment at half of the rate, ms', reach: 25, better: 'lower' },
  lagP99Ms: { name: 'append → visible to a plain read, p99, ms', reach: 50, better: 'lower' },
} as const satisfies { readonly [name: string]: Target };

const start = (dataDir: string): Promise<Service> =>
  startService({ dataDir, partnerPort: 1, warehouseIds: ['BER'], env: process.env });

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

/** Until it is ready, ms. */
const startMs = async (dataDir: string): Promise<number> => {
  let service: Service | undefined;
  const took = await timed(async () => {
    service = await start(dataDir);
  });
  await service?.stop();
  return took;
};

const measureKeys = async (keysDir: string, newDir: string): Promise<readonly number[]> => {
  await startMs(keysDir);
  await keepKeys(keysDir, size.keptKeys);
  return compareStarts('with kept keys', startMs, [keysDir, newDir]);
};

/** Each stream is asked for the first time since the start. */
const measureCold = async (api: Api): Promise<readonly number[]> => {
  const adjust = (sku: string): Promise<number> =>
    timed(() => ask(api, 'POST', `${inventoryPath(sku)}/adjustments`, { delta: 1, reason: 'found' }));
  for (let at = 0; at < skusSpread; at += 1) await adjust(skuOf(at));
  const ratios: number[] = [];
  for (let copy = 0; copy < copies; copy += 1) {
    const [long, short] = [await adjust(longSku(copy)), await adjust(shortSku(copy))];
    say(`first command: ${long.toFixed(1)} ms on a long stream, ${short.toFixed(1)} ms on a short one`);
    ratios.push(long / short);
  }
  return ratios;
};

const listOf = (length: number, of: (at: number) => string): readonly string[] =>
  Array.from({ length }, (_, at) => of(at));

/** Connections are cut at the end of a round; more than those means that it did not do what it was to do. */
const rateOf = async (origin: string, next: NextRequest): Promise<number> => {
  const { perSecond, answered, others } = await load({ origin, next, seconds });
  if (others > Math.max(connections, answered / 100)) throw new Error(`${others} other answers beside ${answered}.`);
  return perSecond;
};

const measureStocks = async ({ origin, token }: Api): Promise<readonly number[]> => {
  const [grown, few] = [
    adjustments(token, listOf(size.stocks, grownSku)),
    adjustments(token, listOf(skusSpread, skuOf)),
  ];
  const ratios: number[] = [];
  for (let round = 0; round < copies; round += 1) {
    const fewRate = await rateOf(origin, few);
    const grownRate = await rateOf(origin, grown);
    say(`adjust: ${Math.round(grownRate)}/s over ${size.stocks} grown stocks, ${Math.round(fewRate)}/s over 200`);
    ratios.push(grownRate / fewRate);
  }
  return ratios;
};

const measureOpen = async ({ origin, token }: Api): Promise<readonly number[]> => {
  const many = reservations(token, listOf(contested, manySku));
  const ratios: number[] = [];
  for (let copy = 0; copy < copies; copy += 1) {
    const few = reservations(token, listOf(contested, fewSku(copy)));
    const fewRate = await rateOf(origin, few);
    const manyRate = await rateOf(origin, many);
    say(`reserve: ${Math.round(manyRate)}/s with many open, ${Math.round(fewRate)}/s with few`);
    ratios.push(manyRate / fewRate);
  }
  return ratios;
};

const measure = async (dataDir: string, scratchDir: string): Promise<Measured<keyof typeof targets>> => {
  const newDir = join(scratchDir, 'new');
  const startGrownVsNew = await compareStarts('grown', startMs, [dataDir, newDir]);
  const startKeysVsNew = await measureKeys(join(scratchDir, 'keys'), newDir);
  const service = await start(dataDir);
  try {
    const { origin } = service;
    const api: Api = { origin, token: await signIn(origin, 'sandbox-admin') };
    await prepare(api);
    await settle(api);
    const coldLongVsShort = await measureCold(api);
    const manyStocksVsFew = await measureStocks(api);
    await settle(api);
    const manyOpenVsFew = await measureOpen(api);
    await settle(api);
    const steady = [];
    const next = adjustments(api.token, listOf(skusSpread, skuOf));
    for (let round = 0; round < copies; round += 1) steady.push(await measureSteady(api, next, seconds));
    return {
      manyStocksVsFew,
      manyOpenVsFew,
      coldLongVsShort,
      startGrownVsNew,
      startKeysVsNew,
      adjustP99Ms: steady.map(({ p99Ms }) => p99Ms),
      lagP99Ms: steady.map(({ lagMs }) => lagMs),
    };
  } finally {
    await service.stop();
  }
};

/** Written when the store is whole: another size than this, or none, says that it is not the one that is wanted. */
const noteName = 'grown.json';
const makeStore = async (dataDir: string): Promise<void> => {
  await mkdir(dataDir, { recursive: true });
  const wanted = JSON.stringify(size);
  const note = join(dataDir, noteName);
  const known = await readFile(note, 'utf8').catch(() => null);
  if (known === wanted) return;
  if ((await readdir(dataDir)).length > 0) throw new Error(`${dataDir} holds something else than ${wanted}.`);
  await buildGrown(dataDir, size, say);
  await writeFile(note, wanted);
};

const earlier = values.compare === undefined ? {} : await readEarlier(values.compare);
const scratch = await mkdtemp(join(tmpdir(), 'stockledger-grown-'));
const dataDir = values.data ?? join(scratch, 'grown');
try {
  await makeStore(dataDir);
  const figures = figuresOf(await measure(dataDir, scratch));
  process.stdout.write(`${figuresTable(targets, figures, earlier)}\n`);
  if (values.json) process.stdout.write(`${jsonOf(figures)}\n`);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
