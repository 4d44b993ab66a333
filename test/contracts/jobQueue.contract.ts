import { afterEach, expect, it, vi } from 'vitest';
import type { Job, JobOutcome, JobQueue } from '../../src/webhooks/ports.ts';
import { type Make, uniqueName, useAdapter, waitMaxMs } from './make.ts';

interface Numbered {
  readonly n: number;
}

const done: JobOutcome = { kind: 'done' };
const longLeaseMs = 60_000;
const shortLeaseMs = 400;
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: waitMaxMs, interval: 10 });

interface Worker {
  readonly started: Job<Numbered>[];
  stop(): Promise<void>;
}

/** A gate that handlers wait at until it is opened. */
const gate = (): { readonly passed: Promise<void>; open(): void } => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { passed: promise, open: () => resolve(undefined) };
};

export const jobQueueContract = (make: Make<JobQueue>): void => {
  const made = useAdapter(make);
  const workers = new Set<Worker>();
  afterEach(async () => {
    for (const worker of workers) await worker.stop();
  });

  const startWorker = (
    jobs: JobQueue,
    queue: string,
    handle: (job: Job<Numbered>) => Promise<JobOutcome>,
    { concurrency = 4, leaseMs = longLeaseMs } = {},
  ): Worker => {
    const abort = new AbortController();
    const started: Job<Numbered>[] = [];
    const ended = jobs.work<Numbered>(queue, { concurrency, leaseMs, signal: abort.signal }, (job) => {
      started.push(job);
      return handle(job);
    });
    const worker: Worker = {
      started,
      stop: async () => {
        abort.abort();
        workers.delete(worker);
        await ended;
      },
    };
    workers.add(worker);
    return worker;
  };

  const isKnown = async (queue: string, id: string): Promise<boolean> =>
    (await made().adapter.known(queue, [id])).has(id);

  it('hands out each job with its payload, once, and forgets it when it is done (S6)', async () => {
    const { adapter, second } = made();
    const queue = uniqueName('queue');
    const ids = Array.from({ length: 20 }, (_, n) => uniqueName(`job${n}x`));
    await adapter.add(
      queue,
      ids.map((id, n) => ({ id, payload: { n } })),
    );
    expect(await second.known(queue, [...ids, 'nobody'])).toEqual(new Set(ids));
    const here = startWorker(adapter, queue, () => Promise.resolve(done));
    const there = startWorker(second, queue, () => Promise.resolve(done));
    await eventually(async () => expect(await adapter.known(queue, ids)).toEqual(new Set()));
    const started = [...here.started, ...there.started];
    expect(started.map(({ payload }) => payload.n).sort((x, y) => x - y)).toEqual(ids.map((_, n) => n));
    expect(started.every(({ id, attempts, payload }) => id === ids[payload.n] && attempts === 0)).toBe(true);
  });

  it('gives work to a worker that waits, also when it was added elsewhere', async () => {
    const { adapter, second } = made();
    const queue = uniqueName('queue');
    const worker = startWorker(adapter, queue, () => Promise.resolve(done));
    await adapter.add(queue, [{ id: 'here', payload: { n: 1 } }]);
    await eventually(() => expect(worker.started).toHaveLength(1));
    await second.add(queue, [{ id: 'there', payload: { n: 2 } }]);
    await eventually(() => expect(worker.started).toHaveLength(2));
  });

  it('keeps its queues apart', async () => {
    const { adapter } = made();
    const [queue, other] = [uniqueName('queue'), uniqueName('queue')];
    await adapter.add(other, [{ id: 'same', payload: { n: 1 } }]);
    await adapter.add(queue, [{ id: 'same', payload: { n: 2 } }]);
    const worker = startWorker(adapter, queue, () => Promise.resolve(done));
    await eventually(async () => expect(await isKnown(queue, 'same')).toBe(false));
    expect(worker.started.map(({ payload }) => payload.n)).toEqual([2]);
    expect(await isKnown(other, 'same')).toBe(true);
  });

  it('adds an id once, while it waits and while it runs', async () => {
    const { adapter, second } = made();
    const queue = uniqueName('queue');
    await Promise.all([
      adapter.add(queue, [{ id: 'twin', payload: { n: 1 } }]),
      adapter.add(queue, [{ id: 'twin', payload: { n: 1 } }]),
      second.add(queue, [{ id: 'twin', payload: { n: 1 } }]),
    ]);
    const hold = gate();
    const worker = startWorker(adapter, queue, async ({ id }) => {
      if (id === 'twin') await hold.passed;
      return done;
    });
    await eventually(() => expect(worker.started).toHaveLength(1));
    await second.add(queue, [{ id: 'twin', payload: { n: 2 } }]);
    expect(await isKnown(queue, 'twin')).toBe(true);
    await adapter.add(queue, [{ id: 'last', payload: { n: 3 } }]);
    await eventually(() => expect(worker.started.map(({ id }) => id)).toEqual(['twin', 'last']));
    hold.open();
    await eventually(async () => expect(await isKnown(queue, 'twin')).toBe(false));
    expect(worker.started).toHaveLength(2);
  });

  it('takes any text for an id, as ids come from the log', async () => {
    const { adapter } = made();
    const queue = uniqueName('queue');
    const ids = ['7', '0', 'order:1', 'a:b:c', 'Gänse/50 %', '{"x":1}'];
    await adapter.add(
      queue,
      ids.map((id, n) => ({ id, payload: { n } })),
    );
    expect(await adapter.known(queue, ids)).toEqual(new Set(ids));
    const worker = startWorker(adapter, queue, () => Promise.resolve(done));
    await eventually(async () => expect(await adapter.known(queue, ids)).toEqual(new Set()));
    expect(worker.started.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  it('holds a job back until it is due', async () => {
    const { adapter } = made();
    const queue = uniqueName('queue');
    const dueAt = Date.now() + 300;
    await adapter.add(queue, [
      { id: 'much-later', payload: { n: 3 }, notBefore: inMs(3_600_000) },
      { id: 'later', payload: { n: 2 }, notBefore: new Date(dueAt).toISOString() },
      { id: 'now', payload: { n: 1 } },
    ]);
    const startedAt: number[] = [];
    const worker = startWorker(adapter, queue, () => {
      startedAt.push(Date.now());
      return Promise.resolve(done);
    });
    await eventually(() => expect(worker.started.map(({ id }) => id)).toEqual(['now', 'later']));
    expect(startedAt[1]).toBeGreaterThanOrEqual(dueAt);
    expect(await isKnown(queue, 'much-later')).toBe(true);
  });

  it('puts a job back for a retry, and counts its attempts', async () => {
    const { adapter } = made();
    const queue = uniqueName('queue');
    await adapter.add(queue, [{ id: 'again', payload: { n: 1 } }]);
    const worker = startWorker(adapter, queue, ({ attempts }) =>
      Promise.resolve(attempts < 2 ? { kind: 'retry', notBefore: inMs(20) } : done),
    );
    await eventually(async () => expect(await isKnown(queue, 'again')).toBe(false));
    expect(worker.started.map(({ attempts }) => attempts)).toEqual([0, 1, 2]);
  });

  it('tries a job again after a while when its handler throws (R22.3)', async () => {
    const { adapter } = made();
    const queue = uniqueName('queue');
    await adapter.add(queue, [{ id: 'thrown', payload: { n: 1 } }]);
    const startedAt: number[] = [];
    startWorker(adapter, queue, ({ attempts }) => {
      startedAt.push(Date.now());
      return attempts === 0 ? Promise.reject(new Error('no')) : Promise.resolve(done);
    });
    await eventually(async () => expect(await isKnown(queue, 'thrown')).toBe(false));
    expect(startedAt).toHaveLength(2);
    expect(startedAt[1]! - startedAt[0]!).toBeGreaterThan(200);
  });

  it('never runs more at once than it was told, and uses what it was given', async () => {
    const { adapter } = made();
    const queue = uniqueName('queue');
    const ids = Array.from({ length: 12 }, (_, n) => `job${n}`);
    await adapter.add(
      queue,
      ids.map((id, n) => ({ id, payload: { n } })),
    );
    let running = 0;
    let most = 0;
    const full = gate();
    startWorker(
      adapter,
      queue,
      async () => {
        running += 1;
        most = Math.max(most, running);
        if (running === 3) full.open();
        await full.passed;
        await Promise.resolve();
        running -= 1;
        return done;
      },
      { concurrency: 3 },
    );
    await eventually(async () => expect(await adapter.known(queue, ids)).toEqual(new Set()));
    expect(most).toBe(3);
  });

  it('hands a job out again when its lease ran out, and the late run then changes nothing', async () => {
    const { adapter, second } = made();
    const queue = uniqueName('queue');
    await adapter.add(queue, [{ id: 'slow', payload: { n: 1 } }]);
    const [first, next] = [gate(), gate()];
    const stuck = startWorker(adapter, queue, () => first.passed.then(() => done), {
      concurrency: 1,
      leaseMs: shortLeaseMs,
    });
    await eventually(() => expect(stuck.started).toHaveLength(1));
    const rescuer = startWorker(second, queue, () => next.passed.then(() => done));
    await eventually(() => expect(rescuer.started).toHaveLength(1));
    expect(rescuer.started[0]?.attempts).toBeGreaterThanOrEqual(1);
    first.open();
    await stuck.stop();
    expect(await isKnown(queue, 'slow'), 'still run by the other').toBe(true);
    next.open();
    await eventually(async () => expect(await isKnown(queue, 'slow')).toBe(false));
    expect(rescuer.started).toHaveLength(1);
  });

  it('stops only after the handlers that run have ended', async () => {
    const { adapter } = made();
    const queue = uniqueName('queue');
    await adapter.add(queue, [{ id: 'last', payload: { n: 1 } }]);
    const hold = gate();
    let ended = false;
    const worker = startWorker(adapter, queue, async () => {
      await hold.passed;
      ended = true;
      return done;
    });
    await eventually(() => expect(worker.started).toHaveLength(1));
    const stopped = worker.stop().then(() => ended);
    await adapter.add(queue, [{ id: 'too-late', payload: { n: 2 } }]);
    hold.open();
    expect(await stopped).toBe(true);
    expect(await isKnown(queue, 'last')).toBe(false);
    expect(await isKnown(queue, 'too-late')).toBe(true);
    expect(worker.started).toHaveLength(1);
  });
};
