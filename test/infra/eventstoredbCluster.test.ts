import { describe, expect, it, onTestFinished } from 'vitest';
import { isKnownClientFault } from '../../src/infra/eventstoredb/clients.ts';
import { eventsIn, followUntil, newEvents, newStream, untilSeen, within } from '../contracts/eventSamples.ts';
import { openLog, startServer } from '../support/eventStoreLog.ts';
import { startGossip } from '../support/gossip.ts';

const portOf = (url: string): number => Number(new URL(url).port);

/** Two seeds that point at one leader. */
const startCluster = async (leaderUrl: string) => {
  const seeds = [await startGossip(() => portOf(leaderUrl)), await startGossip(() => portOf(leaderUrl))];
  const ports = seeds.map(({ port }) => port);
  const stop = (): void => {
    for (const seed of seeds) seed.stop();
  };
  onTestFinished(stop);
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',');
  return { url: `esdb://${hosts}?tls=false&maxDiscoverAttempts=2&discoveryInterval=10`, ports, stop };
};

/** The client rejects promises of its own while a cluster is away; main.ts does with them what this does. */
const catchClientRejections = (renew: () => void): void => {
  const others: unknown[] = [];
  const listener = (reason: unknown): void => {
    if (isKnownClientFault(reason)) renew();
    else others.push(reason);
  };
  const runners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', listener);
  onTestFinished(() => {
    process.removeAllListeners('unhandledRejection');
    for (const runner of runners) process.on('unhandledRejection', runner);
    expect(others).toEqual([]);
  });
};

describe('a cluster of EventStoreDB', () => {
  it('is asked where its leader is, for commands and for subscriptions', async () => {
    const { url } = await startServer();
    const { log } = openLog((await startCluster(url)).url);
    const stream = newStream();
    const following = followUntil(log, { from: null, batchMax: 10 }, untilSeen([stream], 2));
    expect(await log.append(stream, 'no_stream', newEvents(2))).toMatchObject({ kind: 'appended' });
    expect(within(eventsIn(await following), [stream])).toHaveLength(2);
  });

  it('is found again after nobody could say where its leader was, with appends, reads and followers', async () => {
    const { url, controls } = await startServer();
    const cluster = await startCluster(url);
    const { log } = openLog(cluster.url);
    catchClientRejections(log.renewClients);
    const stream = newStream();
    await log.append(stream, 'no_stream', newEvents(1));
    const following = followUntil(log, { from: null, batchMax: 10 }, untilSeen([stream], 2));
    cluster.stop();
    const away = controls.refuseConnections(300);
    const attempts = [log.append(newStream(), 'no_stream', newEvents(1)), log.readStream(stream, 0, 1), log.check()];
    await Promise.allSettled(attempts);
    await away;
    for (const port of cluster.ports) {
      const seed = await startGossip(() => portOf(url), port);
      onTestFinished(seed.stop);
    }
    await expect.poll(() => log.check()).toBeNull();
    expect(await log.append(stream, 0, newEvents(1))).toMatchObject({ kind: 'appended' });
    expect(await log.readStream(stream, 0, 10)).toHaveLength(2);
    expect(within(eventsIn(await following), [stream])).toHaveLength(2);
  });
});
