/** Each misbehaviour of the server that stands in for EventStoreDB, as a client of it meets it. */
import { randomUUID } from 'node:crypto';
import {
  type AppendToStreamOptions,
  CancelledError,
  DeadlineExceededError,
  type EventData,
  EventStoreDBClient,
  eventTypeFilter,
  jsonEvent,
  NotLeaderError,
  StreamNotFoundError,
  TimeoutError,
  UnavailableError,
  UnknownError,
} from '@eventstore/db-client';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningEventStore, startEventStoreServer } from '../support/engines/eventstoredb.ts';
import { remoteControls, serveControls } from '../support/eventstoredb/control.ts';
import { createFaults, type FaultPlan } from '../support/eventstoredb/faults.ts';
import { type ServerOptions, startServer } from '../support/eventstoredb/server.ts';
import { uniqueName } from './make.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Arranged {
  readonly server: RunningEventStore;
  readonly client: EventStoreDBClient;
}

const arrange = async (options: ServerOptions = {}): Promise<Arranged> => {
  const server = await startEventStoreServer(options);
  cleanups.push(server.stop);
  const client = EventStoreDBClient.connectionString(server.url);
  cleanups.push(() => client.dispose());
  return { server, client };
};

const newEvent = (): EventData => jsonEvent({ id: randomUUID(), type: 'Counted', data: { quantity: 1 } });
const single = { credentials: { username: 'x', password: 'x' } };
const paths: readonly (readonly [string, AppendToStreamOptions])[] = [
  ['single', single],
  ['batch', {}],
];

const revisionsOf = async (client: EventStoreDBClient, stream: string): Promise<number[]> => {
  const revisions: number[] = [];
  for await (const { event } of client.readStream(stream)) revisions.push(Number(event?.revision));
  return revisions;
};

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

const written = (client: EventStoreDBClient, stream: string) =>
  expect.poll(() => revisionsOf(client, stream).catch(() => []));

describe.each(paths)('an append by the %s call', (_, options) => {
  const noStream = { ...options, expectedRevision: 'no_stream' } as const;

  it('is written long before a late answer', async () => {
    const { server, client } = await arrange();
    await server.controls.setFaults({ seed: 1, lateAnswers: { probability: 1, delayMinMs: 500, delayMaxMs: 600 } });
    const stream = uniqueName('late');
    const order: string[] = [];
    const answer = client.appendToStream(stream, newEvent(), noStream).then((result) => {
      order.push('answered');
      return result;
    });
    await written(client, stream).toEqual([0]);
    order.push('read');
    expect((await answer).nextExpectedRevision).toBe(0n);
    expect(order).toEqual(['read', 'answered']);
  });

  it('is written and never answered, and a repeat of it gets the first answer', async () => {
    const { server, client } = await arrange();
    const stream = uniqueName('lost');
    const event = newEvent();
    await server.controls.setFaults({ seed: 1, lostAnswers: 1 });
    const unanswered = caught(client.appendToStream(stream, event, { ...noStream, deadline: 1000 }));
    await written(client, stream).toEqual([0]);
    await server.controls.setFaults(null);
    const repeat = await client.appendToStream(stream, event, noStream);
    expect(repeat.nextExpectedRevision).toBe(0n);
    expect(await revisionsOf(client, stream)).toEqual([0]);
    if (options === single) expect(await unanswered).toBeInstanceOf(DeadlineExceededError);
  });

  it('is written, though the server says that it gave up', async () => {
    const { server, client } = await arrange({ commitTimeoutMs: 10 });
    await server.controls.setFaults({ seed: 1, falseTimeouts: 1 });
    const stream = uniqueName('timeout');
    const error = await caught(client.appendToStream(stream, newEvent(), noStream));
    expect(error).toBeInstanceOf(options === single ? TimeoutError : DeadlineExceededError);
    expect(await revisionsOf(client, stream)).toEqual([0]);
  });

  it('is written, though its call breaks', async () => {
    const { server, client } = await arrange();
    await server.controls.setFaults({ seed: 1, brokenCalls: 1 });
    const stream = uniqueName('broken');
    expect(await caught(client.appendToStream(stream, newEvent(), noStream))).toBeInstanceOf(UnavailableError);
    await server.controls.setFaults(null);
    expect(await revisionsOf(client, stream)).toEqual([0]);
  });

  it('is overtaken by later ones when writes are late', async () => {
    const { server, client } = await arrange();
    await server.controls.setFaults({ seed: 7, lateWrites: { probability: 0.5, delayMinMs: 20, delayMaxMs: 60 } });
    const stream = uniqueName('overtaken');
    const sent = Array.from({ length: 20 }, newEvent);
    await Promise.all(sent.map((event) => client.appendToStream(stream, event, options)));
    const ids: string[] = [];
    for await (const { event } of client.readStream(stream)) ids.push(event?.id ?? '');
    expect(ids).not.toEqual(sent.map(({ id }) => id));
    expect(ids.toSorted()).toEqual(sent.map(({ id }) => id).toSorted());
  });

  it('is refused by a server that lost the lead, and taken once there is a leader again', async () => {
    const { server, client } = await arrange();
    await client.appendToStream(uniqueName('before'), newEvent(), options);
    await server.controls.changeLeader({ durationMs: 60_000, answer: 'notLeader' });
    const stream = uniqueName('leader');
    const error = await caught(client.appendToStream(stream, newEvent(), noStream));
    expect(error).toBeInstanceOf(NotLeaderError);
    expect(server.url).toContain(String((error as NotLeaderError).leader.port));
    await expect(caught(client.appendToStream(stream, newEvent(), noStream))).resolves.toBeInstanceOf(NotLeaderError);
    await server.controls.changeLeader({ durationMs: 0, answer: 'notLeader' });
    expect(await caught(client.appendToStream(stream, newEvent(), noStream))).toBeNull();
    expect(await revisionsOf(client, stream)).toEqual([0]);
  });

  it('is refused by a server that is not ready', async () => {
    const { server, client } = await arrange();
    await server.controls.changeLeader({ durationMs: 60_000, answer: 'notReady' });
    const stream = uniqueName('ready');
    const error = await caught(client.appendToStream(stream, newEvent(), noStream));
    expect(error).toBeInstanceOf(options === single ? UnavailableError : UnknownError);
    await server.controls.changeLeader({ durationMs: 0, answer: 'notReady' });
    await expect.poll(() => caught(client.appendToStream(stream, newEvent(), noStream))).toBeNull();
  });

  it('fails while nobody listens, and goes on afterwards', async () => {
    const { server, client } = await arrange();
    const stream = uniqueName('away');
    await client.appendToStream(stream, newEvent(), noStream);
    const back = server.controls.refuseConnections(1000);
    const error = await caught(client.appendToStream(stream, newEvent(), { ...options, expectedRevision: 0n }));
    expect(error).toMatchObject({ code: expect.any(Number) });
    await back;
    const again = () => caught(client.appendToStream(stream, newEvent(), options));
    await expect.poll(again).toBeNull();
    expect((await revisionsOf(client, stream))[0]).toBe(0);
  });
});

describe('an append whose request is lost', () => {
  it('is neither written nor answered', async () => {
    const { server, client } = await arrange();
    await server.controls.setFaults({ seed: 1, lostRequests: 1 });
    const stream = uniqueName('request');
    const error = await caught(client.appendToStream(stream, newEvent(), { ...single, deadline: 300 }));
    expect(error).toBeInstanceOf(DeadlineExceededError);
    await expect(revisionsOf(client, stream)).rejects.toBeInstanceOf(StreamNotFoundError);
    expect(await server.controls.counts()).toMatchObject({ lostRequests: 1 });
  });
});

describe('answers of the batch call', () => {
  it('overtake each other', async () => {
    const { server, client } = await arrange();
    await client.appendToStream(uniqueName('first'), newEvent());
    await server.controls.setFaults({ seed: 1, swappedAnswers: 1 });
    const order: string[] = [];
    const append = async (name: string): Promise<void> => {
      await client.appendToStream(uniqueName(name), newEvent());
      order.push(name);
    };
    await Promise.all([append('a'), append('b')]);
    expect(order).toEqual(['b', 'a']);
  });

  it('come even if no later one follows', async () => {
    const { server, client } = await arrange();
    await server.controls.setFaults({ seed: 1, swappedAnswers: 1 });
    const { success } = await client.appendToStream(uniqueName('alone'), newEvent());
    expect(success).toBe(true);
  });
});

describe('a subscription', () => {
  /** Live, and how it ends. */
  const subscribe = async (client: EventStoreDBClient): Promise<{ readonly end: Promise<unknown> }> => {
    const subscription = client.subscribeToAll({ filter: eventTypeFilter({ prefixes: ['Counted'] }) });
    const end = new Promise<unknown>((resolve) => {
      subscription.on('error', resolve).on('end', () => resolve('ended'));
    });
    await new Promise((resolve) => subscription.on('caughtUp', resolve as () => void).on('data', () => {}));
    return { end };
  };

  it('is dropped as unavailable', async () => {
    const { server, client } = await arrange();
    const subscriptions = [await subscribe(client), await subscribe(client)];
    expect(await server.controls.endSubscriptions('dropped')).toBe(2);
    for (const { end } of subscriptions) expect(await end).toBeInstanceOf(UnavailableError);
    expect(await server.controls.endSubscriptions('dropped')).toBe(0);
  });

  it('is dropped in the middle of what it reads, and the server goes on', async () => {
    const { server, client } = await arrange();
    const stream = uniqueName('many');
    for (let each = 0; each < 20; each += 1) await client.appendToStream(stream, Array.from({ length: 500 }, newEvent));
    const seen: unknown[] = [];
    const subscription = client.subscribeToAll({ fromPosition: 'start' });
    const end = new Promise((resolve) => subscription.on('error', resolve));
    await new Promise((resolve) => {
      subscription.on('data', (event) => {
        seen.push(event);
        resolve(null);
      });
    });
    expect(await server.controls.endSubscriptions('dropped')).toBe(1);
    expect(await end).toBeInstanceOf(UnavailableError);
    expect(seen.length).toBeLessThan(10_000);
    const again = EventStoreDBClient.connectionString(server.url);
    cleanups.push(() => again.dispose());
    expect(await revisionsOf(again, stream)).toHaveLength(10_000);
  });

  it('ends as if all had been read', async () => {
    const { server, client } = await arrange();
    const { end } = await subscribe(client);
    expect(await server.controls.endSubscriptions('ended')).toBe(1);
    expect(await end).toBe('ended');
  });

  it.each([
    [{ seed: 1, droppedSubscriptions: 1 }, expect.any(UnavailableError)],
    [{ seed: 1, endedSubscriptions: 1 }, 'ended'],
  ])('ends at its next event under %j', async (plan: FaultPlan, expected: unknown) => {
    const { server, client } = await arrange();
    const { end } = await subscribe(client);
    await server.controls.setFaults(plan);
    await client.appendToStream(uniqueName('next'), newEvent());
    expect(await end).toEqual(expected);
  });

  it('ends with the connection when the server restarts', async () => {
    const { server, client } = await arrange();
    const { end } = await subscribe(client);
    await server.controls.restart({ recentIds: 'lost' });
    const error = await end;
    expect([UnavailableError, CancelledError].some((kind) => error instanceof kind)).toBe(true);
  });
});

describe('a restart', () => {
  const repeatedAfter = async (recentIds: 'kept' | 'lost'): Promise<number[]> => {
    const { server, client } = await arrange();
    const stream = uniqueName('restart');
    const event = newEvent();
    await client.appendToStream(stream, event, { ...single, expectedRevision: 'any' });
    await server.controls.restart({ recentIds });
    const again = () => caught(client.appendToStream(stream, event, { ...single, expectedRevision: 'any' }));
    await expect.poll(again).toBeNull();
    const exact = await client.appendToStream(stream, event, { ...single, expectedRevision: 'no_stream' });
    expect(exact.nextExpectedRevision).toBe(0n);
    return revisionsOf(client, stream);
  };

  it('makes the server forget recent ids, so that any revision writes them again', async () => {
    expect(await repeatedAfter('lost')).toEqual([0, 1]);
  });

  it('keeps recent ids where it is told to', async () => {
    expect(await repeatedAfter('kept')).toEqual([0]);
  });
});

describe('faults from a seed', () => {
  const plan: FaultPlan = {
    seed: 42,
    lostAnswers: 0.2,
    lostRequests: 0.2,
    lateAnswers: { probability: 0.5, delayMinMs: 1, delayMaxMs: 9 },
    droppedSubscriptions: 0.3,
  };
  const first = (seed: number) => {
    const faults = createFaults();
    faults.set({ ...plan, seed });
    return Array.from({ length: 50 }, () => [faults.ofAppend(), faults.ofSubscription()]);
  };

  it('are the same for the same seed', () => {
    expect(first(42)).toEqual(first(42));
    expect(first(42)).not.toEqual(first(43));
  });

  it('come about as often as they should', () => {
    const faults = createFaults();
    faults.set(plan);
    for (let each = 0; each < 10_000; each += 1) faults.ofAppend();
    const { lostRequests = 0, lostAnswers = 0, lateAnswers = 0 } = faults.counts();
    expect(lostRequests / 10_000).toBeCloseTo(0.2, 1);
    expect(lostAnswers / 10_000).toBeCloseTo(0.16, 1); // Of those whose request came through.
    expect(lateAnswers / 10_000).toBeCloseTo(0.5, 1);
  });

  it('are none without a plan', () => {
    const faults = createFaults();
    for (let each = 0; each < 100; each += 1) {
      expect(faults.ofAppend()).toMatchObject({ answer: 'given', isWritten: true, writeDelayMs: 0, answerDelayMs: 0 });
    }
    expect(faults.counts()).toEqual({});
  });
});

describe('the controls of another process', () => {
  const arrangeRemote = async () => {
    const server = await startServer();
    const control = await serveControls(server.controls);
    cleanups.push(async () => {
      control.close();
      await server.stop();
    });
    return { server, remote: remoteControls(control.port), origin: `http://127.0.0.1:${control.port}` };
  };

  it('do what those of this one do', async () => {
    const { server, remote } = await arrangeRemote();
    const client = EventStoreDBClient.connectionString(server.url);
    cleanups.push(() => client.dispose());
    await remote.setFaults({ seed: 1, lostRequests: 1 });
    await caught(client.appendToStream(uniqueName('remote'), newEvent(), { ...single, deadline: 200 }));
    expect(await remote.counts()).toEqual({ events: 1, lostRequests: 1 });
    await remote.setFaults(null);
    await remote.changeLeader({ durationMs: 1, answer: 'notReady' });
    expect(await remote.endSubscriptions('dropped')).toBe(0);
    await remote.refuseConnections(1);
    await remote.restart({ recentIds: 'kept' });
    expect(await remote.counts()).toEqual({ events: 2, lostRequests: 1 });
  });

  it('refuse what they do not know', async () => {
    const { origin } = await arrangeRemote();
    for (const [method, path] of [
      ['POST', '/stop'],
      ['GET', '/counts'],
    ] as const) {
      const answer = await fetch(`${origin}${path}`, { method });
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain(path);
    }
  });
});
