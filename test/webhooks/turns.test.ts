/** Whose turn it is: endpoints, owners, and receivers that are slow or silent (W16, 14). */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  attemptsPerEndpointMax,
  createEndpointConcurrency,
  firstAttemptsMax,
  patienceMs,
  setAsideMaxMs,
  slowMs,
  slowSetAsideMaxMs,
} from '../../src/webhooks/endpointConcurrency.ts';
import { deliveryIdOf } from '../../src/webhooks/ledger.ts';
import type { SendResult } from '../../src/webhooks/ports.ts';
import {
  promptPerEndpointMax,
  promptPerOwnerMax,
  type RoomName,
  roomNames,
  rooms,
  shareOut,
} from '../../src/webhooks/rooms.ts';
import { createWorld, endpointWith, orderDelivered } from './webhooksWorld.ts';

const timeoutMs = 15_000;
const quickAnswerMs = 20;

interface Message {
  readonly endpointId: string;
  readonly ownerId: string;
  readonly takesMs: number;
}

/** The queues and workers of one process on a clock of its own: what waits is taken in the order of its time. */
const createWorkers = () => {
  const concurrency = createEndpointConcurrency(() => Date.now());
  const queues: Record<RoomName, { message: Message; dueMs: number }[]> = { prompt: [], backlog: [], slow: [] };
  const running: Record<RoomName, number> = { prompt: 0, backlog: 0, slow: 0 };
  /** When each attempt began, by endpoint. */
  const begun = new Map<string, number[]>();
  let most = 0;

  const work = async (message: Message, room: RoomName): Promise<void> => {
    const turn = await concurrency.enter(message, room);
    if (turn.kind === 'later') queues[room].push({ message, dueMs: Date.now() + turn.delayMs });
    else if (turn.kind === 'elsewhere') queues[turn.room].push({ message, dueMs: Date.now() });
    else {
      begun.set(message.endpointId, [...(begun.get(message.endpointId) ?? []), Date.now()]);
      const answered = Promise.withResolvers<undefined>();
      setTimeout(() => answered.resolve(undefined), message.takesMs);
      await answered.promise;
      turn.leave(message.takesMs);
    }
  };

  const takeDue = (room: RoomName): void => {
    queues[room].sort((a, b) => a.dueMs - b.dueMs);
    while (running[room] < rooms[room].concurrency && (queues[room][0]?.dueMs ?? Infinity) <= Date.now()) {
      const { message } = queues[room].shift()!;
      running[room] += 1;
      void work(message, room).finally(() => {
        running[room] -= 1;
      });
    }
    most = Math.max(most, running.prompt + running.backlog + running.slow);
  };

  return {
    begun: (endpointId: string) => begun.get(endpointId) ?? [],
    attempts: (ownerPrefix: string) =>
      [...begun].filter(([id]) => id.startsWith(ownerPrefix)).reduce((sum, [, times]) => sum + times.length, 0),
    most: () => most,
    /** What one batch of the planner adds. */
    plan: (messages: readonly Message[]): void => {
      const byEndpoint = Map.groupBy(messages.entries(), ([, { endpointId }]) => endpointId);
      const sendable = [...byEndpoint.values()].map((own) => ({
        ownerId: own[0]![1].ownerId,
        deliveryIds: own.map(([index]) => String(index)),
      }));
      for (const [room, ids] of Object.entries(shareOut(sendable))) {
        for (const id of ids) queues[room as RoomName].push({ message: messages[Number(id)]!, dueMs: Date.now() });
      }
    },
    /** Lets the clock go on. */
    pass: async (ms: number): Promise<void> => {
      const step = 5;
      for (let passed = 0; passed < ms; passed += step) {
        // Several rounds: a job that goes to another room is taken there at once.
        for (let round = 0; round < 400; round += 1) {
          const before = roomNames.map((room) => queues[room].length).join();
          for (const room of roomNames) takeDue(room);
          await vi.advanceTimersByTimeAsync(0);
          if (before === roomNames.map((room) => queues[room].length).join()) break;
        }
        await vi.advanceTimersByTimeAsync(step);
      }
    },
  };
};

const hangingOf = (ownerId: string, endpoints: number, each = 1): readonly Message[] =>
  Array.from({ length: endpoints * each }, (_, index) => ({
    endpointId: `${ownerId}-${index % endpoints}`,
    ownerId,
    takesMs: timeoutMs,
  }));
const healthy: Message = { endpointId: 'healthy-0', ownerId: 'healthy', takesMs: quickAnswerMs };

describe('deliveries beside an owner whose receivers hang (14)', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('begin at once with 300 hanging endpoints of another owner, at first and ever after', async () => {
    const workers = createWorkers();
    const waits: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      workers.plan(hangingOf('hostile', 300));
      await workers.pass(100);
      const plannedMs = Date.now();
      workers.plan([healthy]);
      await workers.pass(100);
      waits.push((workers.begun('healthy-0')[round] ?? Infinity) - plannedMs);
      await workers.pass(1_800);
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(quickAnswerMs);
    expect(workers.attempts('hostile')).toBeGreaterThan(rooms.slow.perOwnerMax);
  });

  it('begin at once with several such owners', async () => {
    const workers = createWorkers();
    for (let owner = 0; owner < 5; owner += 1) workers.plan(hangingOf(`hostile${owner}`, 50));
    await workers.pass(100);
    const plannedMs = Date.now();
    workers.plan([healthy]);
    await workers.pass(100);
    expect(workers.begun('healthy-0')[0]! - plannedMs).toBeLessThanOrEqual(quickAnswerMs);
  });

  it('begin at once with a backlog of 5,000 at a tarpit of another owner, and of the same one', async () => {
    const workers = createWorkers();
    for (let batch = 0; batch < 10; batch += 1) workers.plan(hangingOf('tarpit', 1, 500));
    await workers.pass(100);
    for (const message of [healthy, { ...healthy, endpointId: 'healthy-1', ownerId: 'tarpit' }]) {
      const plannedMs = Date.now();
      workers.plan([message]);
      await workers.pass(100);
      expect(workers.begun(message.endpointId)[0]! - plannedMs, message.ownerId).toBeLessThanOrEqual(quickAnswerMs);
    }
  });

  it('leave a receiver that times out one attempt at a time, until it is quick again', async () => {
    const workers = createWorkers();
    workers.plan(hangingOf('tarpit', 1, 300));
    await workers.pass(2 * timeoutMs);
    const before = workers.begun('tarpit-0').length;
    expect(before).toBeLessThanOrEqual(2 * attemptsPerEndpointMax);
    await workers.pass(4 * timeoutMs);
    expect(workers.begun('tarpit-0').length - before).toBeLessThanOrEqual(5);
  });

  it('bring a healthy owner all of a long backlog without a pause', async () => {
    const workers = createWorkers();
    const count = 2_000;
    workers.plan(Array.from({ length: count }, () => healthy));
    const idealMs = (count * quickAnswerMs) / attemptsPerEndpointMax;
    await workers.pass(idealMs * 1.5);
    expect(workers.begun('healthy-0')).toHaveLength(count);
  });
});

describe('the attempts at one endpoint (W16)', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const of = (endpointId: string, ownerId = endpointId) => ({ endpointId, ownerId });
  type EndpointConcurrency = ReturnType<typeof createEndpointConcurrency>;
  /** As many as are let in at once when one has come back. */
  const fill = async (concurrency: EndpointConcurrency, endpointId: string, room: RoomName = 'prompt') => {
    leave(await concurrency.enter(of(endpointId), room), quickAnswerMs);
    return Promise.all(Array.from({ length: attemptsPerEndpointMax }, () => concurrency.enter(of(endpointId), room)));
  };
  const leave = (
    turn: Awaited<ReturnType<EndpointConcurrency['enter']>> | undefined,
    durationMs: number | null,
  ): void => {
    if (turn?.kind !== 'mine') throw new Error('it has no turn');
    turn.leave(durationMs);
  };

  it('let two in at first, eight at once when one has come back, and another endpoint beside them', async () => {
    const concurrency = createEndpointConcurrency(() => Date.now());
    const [first, second] = [
      await concurrency.enter(of('slow'), 'prompt'),
      await concurrency.enter(of('slow'), 'prompt'),
    ];
    const others = Array.from({ length: attemptsPerEndpointMax - firstAttemptsMax }, () =>
      concurrency.enter(of('slow'), 'prompt'),
    );
    expect((await concurrency.enter(of('slow'), 'prompt')).kind, 'more than can come soon').toBe('elsewhere');
    leave(first, 5);
    const turns = [second, ...(await Promise.all(others))];
    expect(turns.every(({ kind }) => kind === 'mine')).toBe(true);
    expect((await concurrency.enter(of('other'), 'prompt')).kind).toBe('mine');
  });

  it('hand the turn of one that leaves to one that waits', async () => {
    const concurrency = createEndpointConcurrency(() => Date.now());
    const [first] = await fill(concurrency, 'e1');
    const next = concurrency.enter(of('e1'), 'prompt');
    leave(first, 5);
    expect((await next).kind).toBe('mine');
  });

  it('send on who has waited for long: from the first room to the backlog, from there to later', async () => {
    const concurrency = createEndpointConcurrency(() => Date.now());
    await fill(concurrency, 'e1');
    const [first, second] = [concurrency.enter(of('e1'), 'prompt'), concurrency.enter(of('e1'), 'backlog')];
    await vi.advanceTimersByTimeAsync(patienceMs);
    expect(await first).toEqual({ kind: 'elsewhere', room: 'backlog' });
    expect((await second).kind).toBe('later');
  });

  it('give an owner its share of the first room, over all its endpoints, and give back what was left', async () => {
    const concurrency = createEndpointConcurrency(() => Date.now());
    const enter = (n: number) => concurrency.enter(of(`e${n}`, 'owner'), 'prompt');
    const turns = await Promise.all(Array.from({ length: rooms.prompt.perOwnerMax }, (_, n) => enter(n)));
    expect(await enter(99)).toEqual({ kind: 'elsewhere', room: 'backlog' });
    leave(turns[0], null);
    leave(turns[0], null);
    expect((await enter(99)).kind).toBe('mine');
    expect((await enter(100)).kind).toBe('elsewhere');
  });

  it('see a receiver that hangs before its first attempt has ended', async () => {
    const concurrency = createEndpointConcurrency(() => Date.now());
    await concurrency.enter(of('e1'), 'prompt');
    await vi.advanceTimersByTimeAsync(slowMs + 1);
    for (const room of ['prompt', 'backlog'] as const) {
      expect(await concurrency.enter(of('e1'), room)).toEqual({ kind: 'elsewhere', room: 'slow' });
    }
    expect((await concurrency.enter(of('e1'), 'slow')).kind).toBe('later');
  });

  it('open again to all when a slow receiver has become quick', async () => {
    const concurrency = createEndpointConcurrency(() => Date.now());
    for (const turn of await fill(concurrency, 'e1')) leave(turn, timeoutMs);
    let probes = 0;
    while ((await concurrency.enter(of('e1'), 'prompt')).kind === 'elsewhere') {
      leave(await concurrency.enter(of('e1'), 'slow'), quickAnswerMs);
      probes += 1;
    }
    expect(probes).toBeGreaterThan(3);
    expect(probes).toBeLessThan(20);
  });

  it('spread those that were set aside at the pace of the receiver, within a bound', async () => {
    for (const [room, tookMs, boundMs] of [
      ['backlog', 2_000, setAsideMaxMs],
      ['slow', timeoutMs, slowSetAsideMaxMs],
    ] as const) {
      const concurrency = createEndpointConcurrency(() => Date.now());
      for (const turn of await fill(concurrency, 'e1', room)) leave(turn, tookMs);
      for (let running = 0; running < attemptsPerEndpointMax; running += 1) await concurrency.enter(of('e1'), room);
      const delays: number[] = [];
      for (let index = 0; index < 400; index += 1) {
        const turn = await concurrency.enter(of('e1'), room);
        if (turn.kind === 'later') delays.push(turn.delayMs);
      }
      expect(delays.length).toBeGreaterThan(300);
      expect(delays).toEqual([...delays].sort((a, b) => a - b));
      expect(Math.max(...delays)).toBe(boundMs);
      expect(new Set(delays.slice(0, 20)).size).toBeGreaterThan(10);
    }
  });
});

describe('the rooms of deliveries (14)', () => {
  it('begin with the first few of each endpoint and owner, the owner having them from all its endpoints in turn', () => {
    const all = Array.from({ length: 100 }, (_, endpoint) => ({
      ownerId: endpoint < 90 ? 'many' : `one${endpoint}`,
      deliveryIds: Array.from({ length: 20 }, (_id, n) => `${endpoint}/${n}`),
    }));
    const { prompt, backlog } = shareOut(all);
    expect(new Set([...prompt, ...backlog]).size).toBe(2_000);
    const ofMany = prompt.filter((id) => Number(id.split('/')[0]) < 90);
    expect(ofMany).toHaveLength(promptPerOwnerMax);
    expect(new Set(ofMany.map((id) => id.split('/')[1]))).toEqual(new Set(['0']));
    expect(prompt.filter((id) => id.startsWith('95/'))).toHaveLength(promptPerEndpointMax);
  });

  it('send a delivery to a silent receiver on to the slow room, once, and attempt it there', async () => {
    const world = await createWorld();
    world.directory.put(endpointWith());
    const events = Array.from({ length: 4 }, (_, n) => orderDelivered(n + 1));
    await world.plan(...events);
    const [first, ...rest] = events.map((event) => deliveryIdOf('e1', event.id, 'order.delivered'));
    const answer = Promise.withResolvers<SendResult>();
    world.receiver.answer = () => answer.promise;
    const hanging = world.run(first!);
    await expect.poll(() => world.requests.length).toBe(1);
    world.passTime(slowMs + 1);
    for (const id of rest) expect(await world.run(id)).toEqual({ kind: 'done' });
    expect(await world.jobs.known(rooms.slow.queue, rest)).toEqual(new Set(rest));
    expect(world.requests).toHaveLength(1);
    expect((await world.row(rest[0]!)).attempts).toEqual([]);
    expect((await world.run(rest[0]!, undefined, 'slow')).kind).toBe('retry');
    answer.resolve({ kind: 'failed', error: 'timeout' });
    await hanging;
    world.receiver.answer = async () => ({ kind: 'answered', status: 200, bodyStart: '' });
    expect(await world.run(rest[0]!, undefined, 'slow')).toEqual({ kind: 'done' });
    expect(await world.row(rest[0]!)).toMatchObject({ status: 'delivered', attempts: [{ httpStatus: 200 }] });
  });
});
