/**
 * `npm run engines` starts what the clustered form runs on, for development and CI: an EventStoreDB stand-in, MongoDB's
 * protocol on mongo-java-server, and Redis, each on a free port of loopback, with nothing kept. Prints three lines
 * `export NAME=URL` once all of them answer, and stops them on SIGINT or SIGTERM.
 */
import { startEventStoreServer } from '../test/support/engines/eventstoredb.ts';
import { launchMongo, mongoLaunchMissing } from '../test/support/engines/mongodb.ts';
import { launchRedis } from '../test/support/engines/redis.ts';
import type { RunningEngine } from '../test/support/engines/runningEngine.ts';

/** Always its own, also when the variable names another: nobody else's server is stopped or filled. */
const launchers: { readonly [variable: string]: () => Promise<RunningEngine> } = {
  EVENTSTORE_URL: () => startEventStoreServer(),
  MONGODB_URL: () => {
    const missing = mongoLaunchMissing();
    return missing === null ? launchMongo() : Promise.reject(new Error(missing));
  },
  REDIS_URL: () => launchRedis(),
};

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const stopSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    // Not once: a second Ctrl-C must not end this process before what it started.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal));
  });

const run = async (): Promise<number> => {
  const signalled = stopSignal();
  say('starting EventStoreDB (stand-in), MongoDB (mongo-java-server) and Redis');
  const names = Object.keys(launchers);
  const started = await Promise.allSettled(Object.values(launchers).map((launch) => launch()));
  const running = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failures = started.flatMap((result, at) =>
    result.status === 'rejected' ? [`${names[at]}: ${reasonOf(result.reason)}`] : [],
  );
  if (failures.length === 0) {
    process.stdout.write(running.map(({ url }, at) => `export ${names[at]}=${url}\n`).join(''));
    say('running; Ctrl-C stops them');
    say(`${await signalled}: stopping`);
  }
  const stopped = await Promise.allSettled(running.map((engine) => engine.stop()));
  for (const result of stopped) {
    if (result.status === 'rejected') failures.push(`could not stop: ${reasonOf(result.reason)}`);
  }
  for (const failure of failures) say(failure);
  return failures.length === 0 ? 0 : 1;
};

process.exitCode = await run();
