/**
 * `npm run migrate -- --from embedded --to URL --keys-to URL`: the log of the embedded form into another store, with the
 * keys of personal data, answers to idempotency keys and the ledger of webhook deliveries. Read models make themselves
 * anew from the log, in the new place.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { RecordedEvent } from '../eventsourcing/message.ts';
import { type EventSource, type EventStore, StoreUnavailable } from '../eventsourcing/ports.ts';
import { readConfig } from '../infra/config/config.ts';
import { readSecret } from '../infra/config/configValues.ts';
import {
  type MoveSource,
  NoSuchPlace,
  openEmbeddedSource,
  openEventTarget,
  openSideStores,
  type SideStores,
} from '../infra/migration/moveEnds.ts';
import { KeysDiffer, moveAnswers, moveKeys } from '../infra/migration/sideStores.ts';
import { type MigrationResult, migrateLog, type Step, TargetTaken } from '../migration/migrateLog.ts';
import { LedgerDiffers, type LedgerMoved, moveLedger } from '../migration/moveLedger.ts';
import { deliveries } from '../webhooks/ledger.ts';
import { createProgressBar, grouped, runTool, WrongUsage } from './tool.ts';

const usage = `Usage: npm run migrate -- --from embedded --to URL --keys-to URL
--to: esdb://… or file:///…; absent: EVENTSTORE_URL. --keys-to: mongodb://… or file:///…; absent: MONGODB_URL.
DATA_DIR says what is moved. Stop the service first. May be broken off and run again: it goes on.
`;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

type EventTarget = EventStore & EventSource;

interface Places {
  readonly dataDir: string;
  readonly to: string;
  readonly keysTo: string;
}

/** Of the settings only those of the embedded form are wanted: it is what is moved. */
const withoutServers = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^((EVENTSTORE|MONGODB|REDIS)_URL(_FILE)?|ROLES)$/.test(name)),
  );

/** From the command line, or from the environment, where a password is seen by fewer. */
const readPlaces = (): Places => {
  const { values } = parseArgs({
    options: { from: { type: 'string' }, to: { type: 'string' }, 'keys-to': { type: 'string' } },
  });
  const { from, to = readSecret(process.env, 'EVENTSTORE_URL') } = values;
  const { 'keys-to': keysTo = readSecret(process.env, 'MONGODB_URL') } = values;
  if (from !== 'embedded') throw new WrongUsage('Only --from embedded can be moved.');
  if (to === '') throw new WrongUsage('Where to?');
  if (keysTo === '') throw new WrongUsage('Where do the keys go? Without them all personal data is unreadable.');
  const { dataDir } = readConfig(withoutServers(process.env));
  return { dataDir, to, keysTo };
};

const stepNames: Readonly<Record<Step, string>> = {
  compare: 'compare what is there',
  copy: 'copy',
  check: 'check',
  streams: 'check streams',
};

const showSteps = (total: number) => {
  const bar = createProgressBar(process.stdout);
  return {
    end: bar.end,
    onProgress: (step: Step, done: number) => {
      if (step === 'streams') return;
      bar.show({ step: stepNames[step], done: BigInt(done), total: BigInt(total), unit: 'event' });
    },
  };
};

const nameOf = (event: RecordedEvent | null): string =>
  event === null ? 'nothing' : `${event.type} ${event.id} (${event.stream}, revision ${event.revision})`;

const tellDifference = (result: Exclude<MigrationResult, { kind: 'moved' }>): void => {
  const { events, next, end } = result.comparison;
  if (end === 'same' && result.kind === 'different') {
    say(`The logs are the same, but ${grouped(result.streams.length)} streams end elsewhere: ${result.streams[0]}`);
    return;
  }
  const advice =
    result.kind === 'refused'
      ? 'Nothing was written. Give an empty target, or the one that an earlier run has begun.'
      : 'Somebody else writes to the target. Begin again with an empty one that nobody uses.';
  say(
    `After ${grouped(events)} events the target differs:\n` +
      `  here:  ${nameOf(next.source)}\n  there: ${nameOf(next.target)}\n${advice}`,
  );
};

const moveEvents = async ({ log }: MoveSource, target: EventTarget): Promise<boolean> => {
  const { onProgress, end } = showSteps(await log.count());
  const startedAtMs = performance.now();
  try {
    const result = await migrateLog({ source: log.read, target, onProgress, pause });
    end();
    if (result.kind !== 'moved') {
      tellDifference(result);
      return false;
    }
    const { events, revisions, digest } = result.comparison;
    const seconds = (performance.now() - startedAtMs) / 1_000;
    say(
      `${grouped(events)} events in ${grouped(revisions.size)} streams, ${grouped(result.copied)} of them copied now`,
    );
    say(`the same on both sides, sha256 ${digest}`);
    say(`${seconds.toFixed(1)} s`);
    return true;
  } finally {
    end();
  }
};

/** Before the events, so that none is ever there without its key. */
const moveSideStores = async ({ keys, answers }: MoveSource, target: SideStores): Promise<void> => {
  const moved = await moveKeys(keys, target.keys);
  say(`${grouped(moved.keys)} keys and ${grouped(moved.fences)} fences of erased people are there`);
  say(`${grouped(await moveAnswers(answers, target.answers))} answers to idempotency keys are there`);
};

const tellPlanner: Readonly<Record<LedgerMoved['planner'], string>> = {
  'never ran': 'deliveries were never planned here',
  moved: 'planning goes on there where it ended here',
  there: 'planning goes on there where it ended here',
  elsewhere: 'planning there stands at another event, as a service or an earlier move has left it, and stays there',
};

/** After the events, as it names their places in the new log. */
const moveDeliveries = async (source: MoveSource, events: EventTarget, beside: SideStores): Promise<void> => {
  const bar = createProgressBar(process.stdout);
  const { log, documents } = source;
  await documents.ensure(deliveries);
  const total = await documents.count(deliveries.name);
  const { rows, counters, planner } = await moveLedger({
    source: { ...source, eventAt: log.at },
    target: { ...beside, readStream: events.readStream },
    onProgress: (done) => {
      bar.show({ step: 'deliveries', done: BigInt(done), total: BigInt(total), unit: 'delivery' });
    },
  }).finally(bar.end);
  say(
    `${grouped(rows.total)} webhook deliveries to ${grouped(counters.total)} endpoints are there, ${grouped(rows.moved)} of them copied now`,
  );
  if (rows.outdated > 0) {
    say(
      `${grouped(rows.outdated)} of them have changed here since they were copied: some may be sent twice, with one id`,
    );
  }
  say(tellPlanner[planner]);
};

const run = async (): Promise<number> => {
  const { dataDir, to, keysTo } = readPlaces();
  const source = await openEmbeddedSource(dataDir);
  const opened: { close(): Promise<void> }[] = [source];
  try {
    const beside = await openSideStores(keysTo);
    opened.push(beside);
    await moveSideStores(source, beside.port);
    const events = await openEventTarget(to, process.env.DEBUG);
    opened.push(events);
    if (!(await moveEvents(source, events.port))) return 1;
    await moveDeliveries(source, events.port, beside.port);
    return 0;
  } finally {
    for (const each of opened.reverse()) await each.close();
  }
};

process.exitCode = await runTool({
  usage,
  refusals: [NoSuchPlace],
  failures: [StoreUnavailable, TargetTaken, KeysDiffer, LedgerDiffers],
  run,
});
