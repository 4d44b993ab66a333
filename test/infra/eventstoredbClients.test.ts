import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { EventStoreDBClient, UnavailableError } from '@eventstore/db-client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { CircuitOpen, createServerBreaker } from '../../src/infra/eventstoredb/circuitBreaker.ts';
import { createClients, isKnownClientFault } from '../../src/infra/eventstoredb/clients.ts';
import { defaultTiming } from '../../src/infra/eventstoredb/connection.ts';
import { createRecentEvents } from '../../src/infra/eventstoredb/sharedSubscription.ts';
import { newEvent, newEvents, newStream } from '../contracts/eventSamples.ts';
import { waitMaxMs } from '../contracts/make.ts';
import { openLog, openLogOn, startServer } from '../support/eventStoreLog.ts';
import { createFakeClient, type FakeClient, failingReadable } from '../support/fakeEventStoreClient.ts';

const discoveryFailed = () => new Error('Failed to discover after 10 attempts.');
/** As the call for the server's abilities fails: an error of gRPC that the client has not made its own. */
const rawUnavailable = () => Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: '', metadata: {} });
const unavailable = () => new UnavailableError(rawUnavailable() as never);

/** Clients that fail as they are told, the first ones made first. */
const openOneByOne = (failures: readonly (Error | null)[]) => {
  const made: FakeClient[] = [];
  const open = () => {
    const failure = failures[made.length] ?? null;
    const fake = createFakeClient({
      append: async () => {
        if (failure !== null) throw failure;
        return { success: true, nextExpectedRevision: 0n, position: { commit: 1n, prepare: 1n } };
      },
      ...(failure === null ? {} : { read: () => failingReadable(failure) }),
    });
    made.push(fake);
    return fake.client;
  };
  return { open, made };
};

describe('a client of EventStoreDB that discovery has poisoned', () => {
  it.each([
    ['a failed discovery', discoveryFailed],
    ['a failed call for abilities', rawUnavailable],
  ])('is thrown away and made anew: %s', async (_what, failure) => {
    const { open, made } = openOneByOne([failure(), null, null]);
    const { log } = openLogOn(open);
    expect(await log.append(newStream(), 'no_stream', newEvents(1))).toMatchObject({ kind: 'appended' });
    expect(made).toHaveLength(3);
    await vi.waitUntil(() => made[0]!.isDisposed(), { timeout: waitMaxMs });
    expect(made.slice(1).map((fake) => fake.isDisposed())).toEqual([false, false]);
  });

  it('is kept when the server is merely away', async () => {
    const { open, made } = openOneByOne([unavailable()]);
    const { log } = openLogOn(open);
    await expect(log.append(newStream(), 'no_stream', newEvents(1))).rejects.toThrow(StoreUnavailable);
    expect(made).toHaveLength(2);
  });

  it('ends only when the work that it has begun is done', async () => {
    const { open, made } = openOneByOne([]);
    const clients = createClients(open);
    const lease = clients.lease();
    clients.renew();
    expect(clients.lease().client).toBe(made[1]!.client);
    expect(made[0]!.isDisposed()).toBe(false);
    lease.release();
    await vi.waitUntil(() => made[0]!.isDisposed(), { timeout: waitMaxMs });
  });

  it('is made anew once for many calls that fail together', async () => {
    const { open, made } = openOneByOne([discoveryFailed(), null]);
    const clients = createClients(open);
    const fail = (): Promise<unknown> => clients.use(() => Promise.reject(discoveryFailed())).catch(() => null);
    await Promise.all([fail(), fail(), fail()]);
    expect(made).toHaveLength(2);
  });

  it('does not hold up the end of the process when it never ends', async () => {
    const fake = createFakeClient({});
    const { log } = openLogOn(() => ({ ...fake.client, dispose: () => new Promise(() => {}) }));
    await expect(log.close()).resolves.toBeUndefined();
  });

  it('finds the server once it is there, though it was away at the start', async () => {
    const { url, controls } = await startServer();
    const away = controls.refuseConnections(300);
    const { log } = openLog(url);
    expect(await log.append(newStream(), 'no_stream', newEvents(1))).toMatchObject({ kind: 'appended' });
    await away;
  });
});

describe('the breaker before a server that is away', () => {
  const timing = { ...defaultTiming, retryFirstMs: 40, breakerOpenMaxMs: 80, breakerWaitMaxMs: 60 };

  it('lets few calls through, and all of them again once one has succeeded', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const changes: string[] = [];
    const breaker = createServerBreaker(
      timing,
      new AbortController().signal,
      () => 0,
      (reason) => changes.push(reason === null ? 'back' : 'away'),
    );
    let calls = 0;
    let isUp = false;
    const call = () =>
      breaker.through(async () => {
        calls += 1;
        if (!isUp) throw unavailable();
      });
    await expect(call()).rejects.toThrow(UnavailableError);
    const waiting = Promise.allSettled(Array.from({ length: 20 }, call));
    await vi.advanceTimersByTimeAsync(timing.retryFirstMs);
    const results = await waiting;
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    const [refused] = await Promise.allSettled([call()]);
    expect(refused).toMatchObject({ reason: expect.any(CircuitOpen) });
    const callsWhileDown = calls;
    expect(callsWhileDown).toBeLessThanOrEqual(21);
    isUp = true;
    const rung = breaker.recovered.listen(AbortSignal.timeout(waitMaxMs));
    await vi.advanceTimersByTimeAsync(timing.breakerOpenMaxMs);
    await call();
    await rung.next(waitMaxMs);
    rung.leave();
    await Promise.all(Array.from({ length: 20 }, call));
    expect(calls).toBeGreaterThanOrEqual(callsWhileDown + 21);
    expect(changes).toEqual(['away', 'back']);
  });

  it('is opened by nothing but time for calls that wait, and by the end for none', async () => {
    const stop = new AbortController();
    const breaker = createServerBreaker(
      { ...timing, retryFirstMs: 60_000, breakerWaitMaxMs: 90_000 },
      stop.signal,
      () => 0,
      () => undefined,
    );
    await breaker.through(() => Promise.reject(unavailable())).catch(() => null);
    const waiting = breaker.through(() => Promise.resolve());
    stop.abort();
    await expect(waiting).rejects.toThrow(CircuitOpen);
  });
});

describe('rejections that nobody can catch', () => {
  it('are known when a discovery of the client fails', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const hosts = `127.0.0.1:${port},127.0.0.1:${port}`;
    const client = EventStoreDBClient.connectionString(`esdb://${hosts}?tls=false&maxDiscoverAttempts=1`);
    const failure: unknown = await client.getStreamMetadata('a-1').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(isKnownClientFault(failure)).toBe(true);
  });

  it('are known when a batch append was answered too late', () => {
    const late = new TypeError('undefined is not iterable');
    late.stack = `TypeError: …\n at x (/app/node_modules/@eventstore/db-client/dist/streams/appendToStream/batchAppend.js:27:40)`;
    expect(isKnownClientFault(late)).toBe(true);
  });

  it.each([new Error('Failed to discover after 10 attempts.'), new TypeError('x'), 'text', undefined, null])(
    'are not known otherwise: %s',
    (reason) => {
      expect(isKnownClientFault(reason)).toBe(false);
    },
  );
});

describe('the recent events of the log', () => {
  const position = (commit: number) => ({ commit: BigInt(commit), prepare: BigInt(commit) });
  const entry = (commit: number, data: object = {}) => {
    const event: RecordedEvent = {
      ...newEvent('ItemDefined', data),
      stream: 's',
      revision: 0,
      position: position(commit),
    };
    return { position: event.position, type: event.type, event };
  };

  it('covers what comes after its beginning, and gives each slice its end', () => {
    const recent = createRecentEvents(position(10));
    expect(recent.covers(position(10))).toBe(true);
    expect(recent.covers(position(9))).toBe(false);
    expect(recent.covers(null)).toBe(false);
    expect(createRecentEvents(null).covers(null)).toBe(true);
    expect(recent.read(position(10), 5, null)).toBeNull();
    recent.push([entry(20), entry(30), entry(40)], position(45));
    expect(recent.read(position(10), 2, null)).toMatchObject({
      events: [{}, {}],
      upTo: position(30),
      isCaughtUp: false,
    });
    expect(recent.read(position(30), 2, null)).toMatchObject({ events: [{}], upTo: position(45), isCaughtUp: true });
    expect(recent.read(position(10), 5, new Set(['Other']))).toEqual({
      events: [],
      upTo: position(45),
      isCaughtUp: true,
    });
    expect(recent.read(position(45), 2, null)).toBeNull();
  });

  it.each([
    ['in number', 10_000, {}],
    ['in size', 100, { name: 'x'.repeat(400_000) }],
  ])('is bounded %s, and no longer covers what it dropped', (_what, count, data) => {
    const recent = createRecentEvents(position(1));
    for (let commit = 10; commit <= count * 10; commit += 10) recent.push([entry(commit, data)], position(commit));
    expect(recent.covers(position(1))).toBe(false);
    expect(recent.covers(position(10))).toBe(false);
    expect(recent.end()).toEqual(position(count * 10));
    const kept = recent.read(position(0), count, null)?.events ?? [];
    expect(kept.length).toBeLessThan(count);
    expect(kept.at(-1)?.position).toEqual(position(count * 10));
    expect(recent.covers(position(Number(kept[0]!.position.commit) - 1))).toBe(true);
  });
});
