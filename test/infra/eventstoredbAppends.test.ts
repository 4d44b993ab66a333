import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  AccessDeniedError,
  type AppendResult,
  DeadlineExceededError,
  MaxAppendSizeExceededError,
  TimeoutError,
  UnavailableError,
  UnknownError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import type { EventEnvelope } from '../../src/eventsourcing/message.ts';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { idsOf, newEvent, newEvents, newStream } from '../contracts/eventSamples.ts';
import { fakeUrl, openLog, openLogOn, quick, startServer } from '../support/eventStoreLog.ts';
import { type Behaviour, createFakeClient } from '../support/fakeEventStoreClient.ts';

const written = (revision: bigint, commit = 1_000n): AppendResult => ({
  success: true,
  nextExpectedRevision: revision,
  position: { commit, prepare: commit },
});

const onFake = (append: NonNullable<Behaviour['append']>, timing = quick) => {
  const fake = createFakeClient({ append });
  return { ...openLogOn(() => fake.client, timing), fake };
};

const grpcError = (code: number, details: string) =>
  Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: { getMap: () => ({}) } }) as never;

const lost = () => new UnavailableError(grpcError(14, 'Connection dropped'));
const refusedConnection = () => new UnavailableError(grpcError(14, 'No connection established. Last error: …'));
const notReady = () => new UnavailableError(grpcError(14, 'Server Is Not Ready'));
const tooLarge = () => {
  const metadata = { getMap: () => ({ 'maximum-append-size': '1048576' }) };
  return new MaxAppendSizeExceededError(
    Object.assign(new Error('too large'), { code: 3, details: '', metadata }) as never,
  );
};
const outcomeOf = (append: Promise<unknown>): Promise<unknown> =>
  append.then(
    () => 'written',
    (error: unknown) => (error instanceof StoreUnavailable ? error.outcome : error),
  );

describe('an append whose outcome is not known', () => {
  it.each([
    ['a lost connection', lost],
    ['a deadline', () => new DeadlineExceededError(grpcError(4, 'Deadline exceeded'))],
    ['a timeout of the server', () => new TimeoutError(grpcError(10, 'Operation timed out'))],
    ['an error without a meaning', () => new UnknownError(grpcError(2, '?'))],
  ])('is sent again with the same ids and the same revision after %s', async (_what, error) => {
    const { log, fake } = onFake(async (_sent, index) => {
      if (index === 0) throw error();
      return written(8n);
    });
    const events = newEvents(2);
    expect(await log.append('order-1', 6, events)).toMatchObject({ kind: 'appended', events: [{ revision: 7 }, {}] });
    expect(fake.appends).toHaveLength(2);
    for (const sent of fake.appends) expect(sent).toMatchObject({ ids: idsOf(events), expectedRevision: 6n });
  });

  it('waits before it is sent again: the server leaves a repeat within a few milliseconds unanswered', async () => {
    const sentAtMs: number[] = [];
    const fake = createFakeClient({
      append: async (_sent, index) => {
        sentAtMs.push(performance.now());
        if (index < 2) throw new TimeoutError(grpcError(10, 'timed out'));
        return written(0n);
      },
    });
    const { log } = openLogOn(() => fake.client, { ...quick, retryFirstMs: 200, retryMaxMs: 200 });
    await log.append('order-1', 'no_stream', newEvents(1));
    expect(sentAtMs[1]! - sentAtMs[0]!).toBeGreaterThanOrEqual(195);
    expect(sentAtMs[2]! - sentAtMs[1]!).toBeGreaterThanOrEqual(195);
  });

  it('is given up after a few attempts, and called unknown', async () => {
    const { log, fake } = onFake(async () => {
      throw lost();
    });
    expect(await outcomeOf(log.append('order-1', 3, newEvents(1)))).toBe('unknown');
    expect(fake.appends).toHaveLength(4);
    expect(new Set(fake.appends.map(({ ids }) => ids[0])).size).toBe(1);
  });

  it('is called unknown even when the last attempts found no server', async () => {
    const { log } = onFake(async (_sent, index) => {
      throw index === 0 ? lost() : refusedConnection();
    });
    expect(await outcomeOf(log.append('order-1', 3, newEvents(1)))).toBe('unknown');
  });

  it('is a true conflict when the repeat is refused: our own events would have been known', async () => {
    const { log } = onFake(async (_sent, index) => {
      if (index === 0) throw lost();
      throw new WrongExpectedVersionError(undefined, { streamName: 'order-1', current: 9n, expected: 3n });
    });
    expect(await log.append('order-1', 3, newEvents(1))).toEqual({ kind: 'conflict', actual: 9 });
  });

  it('does not depend on a client that answers: it has a timer of its own', async () => {
    const { log, fake } = onFake(() => new Promise(() => {}), { ...quick, deadlineMs: 20, deadlineSlackMs: 10 });
    expect(await outcomeOf(log.append('order-1', 3, newEvents(1)))).toBe('unknown');
    expect(fake.appends).toHaveLength(4);
  });
});

describe('an append that was not written', () => {
  it.each([
    ['no server', refusedConnection],
    ['a server that is not ready', notReady],
    ['a failed discovery', () => new Error('Failed to discover after 10 attempts.')],
  ])('is repeated, and then says so: %s', async (_what, error) => {
    const { log, fake } = onFake(async () => {
      throw error();
    });
    expect(await outcomeOf(log.append('order-1', 3, newEvents(1)))).toBe('not_written');
    expect(fake.appends).toHaveLength(4);
  });

  it('is not repeated when the user may not write', async () => {
    const { log, fake } = onFake(async () => {
      throw new AccessDeniedError(grpcError(7, 'Access Denied'));
    });
    expect(await outcomeOf(log.append('order-1', 3, newEvents(1)))).toBe('not_written');
    expect(fake.appends).toHaveLength(1);
  });

  it('is not called unavailable when the server would never take it', async () => {
    const { log, fake } = onFake(async () => {
      throw tooLarge();
    });
    await expect(log.append('order-1', 3, newEvents(1))).rejects.toThrow(/^order-1: the server takes 1048576 bytes/);
    expect(fake.appends).toHaveLength(1);
  });

  it('reads the limit of KurrentDB for one event as a refusal, though the client has no class for it', async () => {
    const { log, fake } = onFake(async () => {
      throw new UnknownError(undefined, 'Could not recognize MaximumAppendEventSizeExceeded');
    });
    const failure: unknown = await log.append('order-1', 3, newEvents(1)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RangeError);
    expect(failure).toMatchObject({ message: 'order-1: the server does not take an event of this size' });
    expect(fake.appends).toHaveLength(1);
  });
});

describe('what never reaches the client', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const sample = newEvent();
  it.each<readonly [string, number | 'no_stream', readonly EventEnvelope[], ErrorConstructor]>([
    ['no events', 'no_stream', [], RangeError],
    ['a negative revision', -1, [newEvent()], RangeError],
    ['a revision with a fraction', 1.5, [newEvent()], RangeError],
    ['an id that is no UUID', 0, [{ ...sample, id: 'order-1' }], RangeError],
    ['a UUID in upper case', 0, [{ ...sample, id: 'AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee' }], RangeError],
    ['the nil UUID', 0, [{ ...sample, id: '00000000-0000-0000-0000-000000000000' }], RangeError],
    ['an id twice', 0, [sample, sample], RangeError],
    ['a big integer', 0, [{ ...sample, data: { quantity: 1n } }], TypeError],
    ['a cycle', 0, [{ ...sample, data: cyclic }], TypeError],
    ['a cycle in metadata', 0, [{ ...sample, metadata: { ...sample.metadata, ...cyclic } }], TypeError],
    ['nothing for data', 0, [{ ...sample, data: { toJSON: () => undefined } }], TypeError],
    ['more than a mebibyte', 0, [newEvent('ItemDefined', { name: 'x'.repeat(1_048_577) })], RangeError],
    [
      'more than a mebibyte together',
      0,
      [newEvent('ItemDefined', { name: 'x'.repeat(600_000) }), newEvent('ItemDefined', { name: 'ö'.repeat(300_000) })],
      RangeError,
    ],
  ])('%s', async (_what, expected, events, kind) => {
    const { log, fake } = onFake(async () => written(0n));
    const failure: unknown = await log.append('order-1', expected, events).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure).not.toBeInstanceOf(StoreUnavailable);
    expect(fake.appends).toEqual([]);
  });
});

describe('appends in flight', () => {
  it('are at most 48, and one for each stream, in the order they were asked for', async () => {
    let now = 0;
    let most = 0;
    const perStream = new Map<string, number>();
    const overlaps: string[] = [];
    const { log, fake } = onFake(async ({ stream, expectedRevision }) => {
      now += 1;
      most = Math.max(most, now);
      const beside = perStream.get(stream) ?? 0;
      if (beside > 0) overlaps.push(stream);
      perStream.set(stream, beside + 1);
      await nextTurn();
      now -= 1;
      perStream.set(stream, beside);
      const revision = expectedRevision === 'no_stream' ? -1n : (expectedRevision as bigint);
      return written(revision + 1n, BigInt(fake.appends.length) * 100n);
    });
    const streams = Array.from({ length: 100 }, newStream);
    await Promise.all(
      streams.flatMap((stream) =>
        [0, 1, 2].map((round) => log.append(stream, round === 0 ? 'no_stream' : round - 1, newEvents(1))),
      ),
    );
    expect(most).toBe(48);
    expect(overlaps).toEqual([]);
    const order = fake.appends.filter(({ stream }) => stream === streams[7]).map((sent) => sent.expectedRevision);
    expect(order).toEqual(['no_stream', 0n, 1n]);
  });

  it('carry credentials and a deadline, which makes the client use the call that has one', async () => {
    const { log, fake } = onFake(async () => written(0n));
    await log.append('order-1', 'no_stream', newEvents(1));
    expect(fake.appends[0]?.options).toMatchObject({
      credentials: { username: 'keeper', password: 's3cret-Passw0rd' },
      deadline: quick.deadlineMs,
    });
    expect(fakeUrl).toContain('keeper');
  });
});

describe('answers of a server that misbehaves', () => {
  it('late ones are waited for', async () => {
    const { url, controls } = await startServer();
    const { log } = openLog(url);
    await controls.setFaults({ seed: 1, lateAnswers: { probability: 1, delayMinMs: 100, delayMaxMs: 200 } });
    expect(await log.append(newStream(), 'no_stream', newEvents(2))).toMatchObject({ kind: 'appended' });
  });

  it.each([
    ['lostAnswers', { lostAnswers: 0.25 }],
    ['lostRequests', { lostRequests: 0.25 }],
    ['falseTimeouts', { falseTimeouts: 0.25 }],
    ['brokenCalls', { brokenCalls: 0.25 }],
    ['lateWrites', { lateWrites: { probability: 0.3, delayMinMs: 200, delayMaxMs: 900 } }],
  ] as const)('every event is written once when its sender repeats what is not known, with %s', async (fault, plan) => {
    const { url, controls } = await startServer();
    const { log } = openLog(url, { ...quick, deadlineMs: 150 });
    await controls.setFaults({ seed: 7, ...plan });
    const streams = Array.from({ length: 8 }, newStream);
    const appendUntilKnown = async (stream: string, expected: number | 'no_stream', event: EventEnvelope) => {
      for (;;) {
        const outcome = await outcomeOf(log.append(stream, expected, [event]));
        if (outcome !== 'unknown') return outcome;
      }
    };
    await Promise.all(
      streams.map(async (stream) => {
        for (const expected of ['no_stream', 0, 1, 2] as const) {
          expect(await appendUntilKnown(stream, expected, newEvent())).toBe('written');
        }
      }),
    );
    expect((await controls.counts())[fault]).toBeGreaterThan(0);
    await controls.setFaults(null);
    for (const stream of streams) expect(await log.readStream(stream, 0, 100)).toHaveLength(4);
  });

  it('a server that lost its memory of recent ids still knows those of exact revisions', async () => {
    const { url, controls } = await startServer();
    const { log } = openLog(url);
    const [stream, events] = [newStream(), newEvents(2)];
    const first = await log.append(stream, 'no_stream', events);
    await controls.restart({ recentIds: 'lost' });
    const again = await log.append(stream, 'no_stream', events);
    expect(again).toMatchObject({ kind: 'appended', events: [{ revision: 0 }, { revision: 1 }] });
    expect(again.kind === 'appended' && again.events.at(-1)).toEqual(first.kind === 'appended' && first.events.at(-1));
    expect(await log.readStream(stream, 0, 10)).toHaveLength(2);
  });

  it.each(['notReady', 'notLeader'] as const)('a change of leader is waited for: %s', async (answer) => {
    const { url, controls } = await startServer();
    const { log } = openLog(url, { ...quick, retryFirstMs: 200, retryMaxMs: 400 });
    await controls.changeLeader({ durationMs: 300, answer });
    expect(await log.append(newStream(), 'no_stream', newEvents(1))).toMatchObject({ kind: 'appended' });
  });

  it('an append to a server that is away waits for it, and others behind it do not hammer', async () => {
    const { url, controls } = await startServer();
    const { log } = openLog(url);
    await log.append(newStream(), 'no_stream', newEvents(1));
    const away = controls.refuseConnections(500);
    const results = await Promise.all(
      Array.from({ length: 100 }, () => outcomeOf(log.append(newStream(), 'no_stream', newEvents(1)))),
    );
    await away;
    expect(new Set(results)).toEqual(new Set(['written']));
    expect(await log.check()).toBeNull();
  });

  it('an answer for what another attempt wrote differently is a conflict, so that the log is read', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    const { log: other } = openLog(url);
    const [stream, event] = [newStream(), newEvent()];
    await other.append(stream, 'no_stream', [{ ...event, recordedAt: '2026-11-02T09:00:01.000Z' }]);
    await log.append(newStream(), 'no_stream', newEvents(1));
    expect(await log.append(stream, 'no_stream', [event])).toEqual({ kind: 'conflict', actual: 0 });
    expect(await log.readStream(stream, 0, 10)).toHaveLength(1);
  });
});

describe('a read of a server that does not answer', () => {
  it('is cancelled after a time, and says that the store is not available', async () => {
    const fake = createFakeClient({ read: () => new Readable({ objectMode: true, read: () => {} }) });
    const { log } = openLogOn(() => fake.client, { ...quick, readMaxMs: 20 });
    expect(await outcomeOf(log.readStream('order-1', 0, 10))).toBe('not_written');
    expect(await outcomeOf(log.readAll(null, 'forwards', 10))).toBe('not_written');
    expect(fake.cancelled()).toBe(2);
  });

  it('asks for no more than it may have, and of 40 reads at most 16 at once', async () => {
    let now = 0;
    let most = 0;
    const fake = createFakeClient({
      read: () => {
        now += 1;
        most = Math.max(most, now);
        return Readable.from([]).on('end', () => {
          now -= 1;
        });
      },
    });
    const { log } = openLogOn(() => fake.client);
    await Promise.all(Array.from({ length: 40 }, () => log.readStream(newStream(), 0, 10)));
    expect(most).toBe(16);
    expect(await log.readStream('order-1', 0, 0)).toEqual([]);
  });
});
