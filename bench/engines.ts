/** `npm run bench:engines`: our adapters beside their bare clients, on the same servers, in one run. Prints ratios. */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { startEventStoreServer } from '../test/support/engines/eventstoredb.ts';
import { startMongo } from '../test/support/engines/mongodb.ts';
import { startRedis } from '../test/support/engines/redis.ts';
import { concurrency, openCommands, openPlain } from './engines/append.ts';
import { compareGrown } from './engines/grown.ts';
import { compareProcesses, type Urls } from './engines/processes.ts';
import { compareProjection } from './engines/project.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '4' } },
});
const seconds = Number(values.seconds);
if (!Number.isInteger(seconds) || seconds < 1) throw new Error('--seconds takes a whole number from 1.');
const rounds = 3;
const projectedEvents = 20_000;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
/** The middle of the rounds: a machine that others use too has fast and slow ones. */
const middle = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;

const startEventStore = async () => {
  const url = process.env.EVENTSTORE_URL ?? '';
  return url === '' ? startEventStoreServer({ where: 'process' }) : { url, stop: () => Promise.resolve() };
};

const compareAppends = async (url: string) => {
  const ours = await openCommands(url);
  await ours.spread(1);
  const sample = await ours.sample();
  const [single, batch] = [openPlain(url, 'single', sample), openPlain(url, 'batch', sample)];
  const found: Record<'commands' | 'single' | 'batch' | 'hot', number[]> = {
    commands: [],
    single: [],
    batch: [],
    hot: [],
  };
  for (let round = 0; round <= rounds; round += 1) {
    const turn = {
      commands: await ours.spread(seconds),
      single: await single.spread(seconds),
      batch: await batch.spread(seconds),
      hot: await ours.hot(seconds),
    };
    say(
      `${round === 0 ? 'warm-up' : `round ${round}`}: ${JSON.stringify(turn, (_, value: unknown) => (typeof value === 'number' ? Math.round(value) : value))}`,
    );
    // The first one warms up.
    if (round > 0) for (const name of ['commands', 'single', 'batch', 'hot'] as const) found[name].push(turn[name]);
  }
  await ours.close();
  await single.close();
  await batch.close();
  return {
    commands: middle(found.commands),
    single: middle(found.single),
    batch: middle(found.batch),
    hot: middle(found.hot),
  };
};

/** A process is ready only when read models have reached the head, and there is much in the logs of the other comparisons. */
const onEmptyServers = async <T>(measure: (urls: Urls) => Promise<T>): Promise<T> => {
  const [eventStore, mongo, redis] = [await startEventStore(), await startMongo(), await startRedis()];
  try {
    return await measure({ EVENTSTORE_URL: eventStore.url, MONGODB_URL: mongo.url, REDIS_URL: redis.url });
  } finally {
    await Promise.all([eventStore.stop(), mongo.stop(), redis.stop()]);
  }
};

const eventStore = await startEventStore();
const mongo = await startMongo();
try {
  say(`commands at ${concurrency} at once, beside a plain appendToStream loop`);
  const appends = await compareAppends(eventStore.url);
  say('projection into MongoDB beside bulkWrite');
  const projections: { readonly ours: number; readonly plain: number }[] = [];
  for (let round = 0; round < rounds; round += 1) projections.push(await compareProjection(mongo.url, projectedEvents));
  for (const { ours, plain } of projections) say(`${Math.round(ours)} beside ${Math.round(plain)} events/s`);
  say('many stocks that have been in use, beside a few new ones');
  const grown = await compareGrown({ events: eventStore.url, mongo: mongo.url }, seconds);
  say('one API process, then two');
  const processes = await onEmptyServers((urls) => compareProcesses(urls, seconds));
  const figures = {
    appendVsClient: rounded(appends.commands / appends.single),
    appendVsBatchCall: rounded(appends.commands / appends.batch),
    hotVsClient: rounded(appends.hot / appends.single),
    projectVsBulk: rounded(middle(projections.map(({ ours, plain }) => ours / plain))),
    manyStocksClustered: rounded(middle(grown)),
    secondProcess: rounded(processes.two / processes.one),
    cores: cpus().length,
    commandsPerSecond: Math.round(appends.commands),
    oneProcessPerSecond: Math.round(processes.one),
  };
  process.stdout.write(
    [
      `commands ÷ plain loop, same append call (≥ 0.7)      ${figures.appendVsClient}`,
      `commands ÷ plain loop, the client's batch call       ${figures.appendVsBatchCall}`,
      `commands on one SKU ÷ plain loop, same append call   ${figures.hotVsClient}`,
      `projection ÷ plain bulkWrite (≥ 0.6)                 ${figures.projectVsBulk}`,
      `adjustments over many grown stocks ÷ over 200 (≥ 0.5) ${figures.manyStocksClustered}`,
      `two API processes ÷ one (≥ 1.6 with the cores for it; here ${figures.cores})  ${figures.secondProcess}`,
      '',
    ].join('\n'),
  );
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await mongo.stop();
  await eventStore.stop();
}
