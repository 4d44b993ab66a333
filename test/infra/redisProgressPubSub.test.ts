/** Progress told between processes, on a Redis that others use too, and that goes away. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Position } from '../../src/eventsourcing/message.ts';
import { connectRedis } from '../../src/infra/redis/connect.ts';
import { createRedisProgressPubSub } from '../../src/infra/redis/progressPubSub.ts';
import { waitMaxMs } from '../contracts/make.ts';
import { launchRedis, redisLaunchMissing, startRedis } from '../support/engines/redis.ts';

const at = (commit: bigint): Position => ({ commit, prepare: commit });
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: waitMaxMs, interval: 10 });
/** As suites share one channel on a server that is given. */
const ownName = (): string => `consumer-${randomUUID()}`;

const missing = redisLaunchMissing();
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const start = async (run = startRedis) => {
  const server = await run();
  cleanups.push(() => server.stop());
  return server;
};

const join = (url: string) => {
  const redis = connectRedis(url, pino({ level: 'silent' }));
  cleanups.push(() => redis.close());
  return createRedisProgressPubSub(redis);
};

type News = ReturnType<typeof join>;

const listenTo = (news: News, name: string): { readonly heard: Position[]; readonly leave: () => void } => {
  const heard: Position[] = [];
  const leave = news.listen((of, position) => {
    if (of === name) heard.push(position);
  });
  return { heard, leave };
};

/** A subscription takes a moment: says it until it is heard. */
const tellUntilHeard = (teller: News, name: string, position: Position, heard: readonly Position[]): Promise<void> =>
  eventually(() => {
    teller.announce(new Map([[name, position]]));
    expect(heard).toContainEqual(position);
  });

describe.skipIf(missing !== null)(`progress told over Redis${missing === null ? '' : `: ${missing}`}`, () => {
  it('reaches other processes, and not the one that tells', async () => {
    const { url } = await start();
    const [here, there, name] = [join(url), join(url), ownName()];
    const [own, other] = [listenTo(here, name), listenTo(there, name)];
    const position = { commit: 2n ** 62n, prepare: 2n ** 62n - 1n };
    await tellUntilHeard(here, name, position, other.heard);
    await tellUntilHeard(there, name, at(9n), own.heard);
    expect(own.heard).not.toContainEqual(position);
  });

  it('tells only the newest of what came at once, of any number of consumers', async () => {
    const { url } = await start();
    const [here, there, name, last] = [join(url), join(url), ownName(), ownName()];
    const { heard } = listenTo(there, name);
    const end = listenTo(there, last);
    await tellUntilHeard(here, name, at(1n), heard);
    for (let n = 2n; n <= 50n; n += 1n) here.announce(new Map([[name, at(n)]]));
    here.announce(new Map(Array.from({ length: 1_000 }, () => [ownName(), at(1n)])));
    here.announce(new Map([[last, at(1n)]]));
    await eventually(() => expect(end.heard).toHaveLength(1));
    expect(heard.filter(({ commit }) => commit > 1n)).toEqual([at(50n)]);
  });

  it('goes on after Redis was away', async () => {
    const server = await start(launchRedis);
    const [here, there, name] = [join(server.url), join(server.url), ownName()];
    const { heard } = listenTo(there, name);
    await tellUntilHeard(here, name, at(1n), heard);
    await server.stop();
    here.announce(new Map([[name, at(2n)]]));
    await start(() => launchRedis(Number(new URL(server.url).port)));
    await tellUntilHeard(here, name, at(3n), heard);
  });

  it('takes no notice of what is not its own, however it looks', async () => {
    const { url } = await start();
    const [here, there, name] = [join(url), join(url), ownName()];
    const { heard, leave } = listenTo(there, name);
    const longNames: string[] = [];
    there.listen((of) => {
      if (of.length > 200) longNames.push(of);
    });
    await tellUntilHeard(here, name, at(1n), heard);
    const stranger = new Redis(url);
    cleanups.push(() => stranger.disconnect());
    const hostile: readonly unknown[] = [
      null,
      7,
      [],
      {},
      { from: 'x', positions: { length: 1 } },
      {
        from: 'x',
        positions: [null, [], [name], [name, 2], [name, 'no position!'], [{}, '2'], ['x'.repeat(201), '2']],
      },
      { from: 'x', positions: Array.from({ length: 201 }, () => [name, '2']) },
      { from: 'x', positions: [[name, '2']], padding: 'x'.repeat(100_000) },
    ];
    for (const message of hostile) await stranger.publish('stockledger:progress', JSON.stringify(message));
    await stranger.publish('stockledger:progress', '{"from":');
    await stranger.publish('stockledger:progress', JSON.stringify({ from: 'x', positions: [null, [name, 'z']] }));
    await eventually(() => expect(heard).toContainEqual(at(35n)));
    expect(heard.filter(({ commit }) => commit > 1n)).toEqual([at(35n)]);
    expect(longNames).toEqual([]);
    leave();
    const untilThen = heard.length;
    here.announce(new Map([[name, at(4n)]]));
    const again = listenTo(there, name);
    await tellUntilHeard(here, name, at(5n), again.heard);
    expect(heard).toHaveLength(untilThen);
  });
});
