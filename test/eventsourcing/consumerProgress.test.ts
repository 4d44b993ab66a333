/** How far consumers have come, wherever they run: what answers that wait for a position stand on (B8). */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createConsumerProgress } from '../../src/eventsourcing/consumers/consumerProgress.ts';
import type { Position } from '../../src/eventsourcing/message.ts';
import type { ProgressPubSub } from '../../src/eventsourcing/ports.ts';

const at = (commit: bigint): Position => ({ commit, prepare: commit });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the consumerProgress of progress', () => {
  it('says where a consumer is, and never goes back', () => {
    const consumerProgress = createConsumerProgress();
    expect(consumerProgress.progress('stock').position()).toBeNull();
    consumerProgress.moved('stock', at(7n));
    consumerProgress.moved('stock', at(5n));
    expect(consumerProgress.progress('stock').position()).toEqual(at(7n));
  });

  it('takes a consumer of several parts to be where the last of them is', () => {
    const consumerProgress = createConsumerProgress();
    const progress = consumerProgress.progress('stock', ['stock.1of2', 'stock.2of2']);
    consumerProgress.moved('stock.1of2', at(9n));
    expect(progress.position()).toBeNull();
    consumerProgress.moved('stock.2of2', at(4n));
    expect(progress.position()).toEqual(at(4n));
  });

  it('wakes whoever waits once all parts have come that far, and nobody before', async () => {
    const consumerProgress = createConsumerProgress();
    const woken: boolean[] = [];
    const waiting = consumerProgress
      .progress('stock', ['a', 'b'])
      .waitFor(at(5n), 1_000)
      .then((reached) => woken.push(reached));
    consumerProgress.moved('a', at(6n));
    consumerProgress.moved('b', at(4n));
    await Promise.resolve();
    expect(woken).toEqual([]);
    consumerProgress.moved('b', at(5n));
    await waiting;
    expect(woken).toEqual([true]);
  });

  it('tells whoever waited for too long', async () => {
    const waiting = createConsumerProgress().progress('stock').waitFor(at(5n), 1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBe(false);
  });

  it('says why a consumer stands still, until it goes on', () => {
    const consumerProgress = createConsumerProgress();
    const progress = consumerProgress.progress('stock', ['a', 'b']);
    consumerProgress.failed('b', 'StoreUnavailable');
    expect(progress.failure()).toBe('StoreUnavailable');
    consumerProgress.failed('b', null);
    expect(progress.failure()).toBeNull();
  });
});

describe('the consumerProgress of a process among others', () => {
  const arrange = (checkpoints: Readonly<Record<string, Position>> = {}) => {
    const told: [string, Position][] = [];
    let tell: Parameters<ProgressPubSub['listen']>[0] = () => undefined;
    let looks = 0;
    const consumerProgress = createConsumerProgress({
      pubSub: {
        announce: (positions) => told.push(...positions),
        listen: (listener) => {
          tell = listener;
          return () => undefined;
        },
      },
      checkpoints: {
        get: async (name) => {
          looks += 1;
          return checkpoints[name] ?? null;
        },
      },
    });
    return {
      consumerProgress,
      told,
      tell: (name: string, position: Position) => tell(name, position),
      looks: () => looks,
    };
  };

  it('hears of the others, and tells them what it did itself and nothing else', async () => {
    const { consumerProgress, told, tell } = arrange();
    const waiting = consumerProgress.progress('orders').waitFor(at(3n), 1_000);
    tell('orders', at(3n));
    expect(await waiting).toBe(true);
    consumerProgress.moved('stock', at(8n));
    expect(told).toEqual([['stock', at(8n)]]);
  });

  it('looks at the checkpoint for whoever waits when no news comes, and rests when nobody waits', async () => {
    const { consumerProgress, looks } = arrange({ orders: at(9n) });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(looks()).toBe(0);
    const waiting = consumerProgress.progress('orders').waitFor(at(9n), 5_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBe(true);
    expect(looks()).toBe(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(looks()).toBe(1);
  });

  it('learns at its start what the others did before', async () => {
    const { consumerProgress } = arrange({ 'stock.1of2': at(4n), 'stock.2of2': at(6n) });
    const progress = consumerProgress.progress('stock', ['stock.1of2', 'stock.2of2']);
    await consumerProgress.lookOnce();
    expect(progress.position()).toEqual(at(4n));
  });

  it('goes on looking after a checkpoint could not be read', async () => {
    let fails = true;
    const consumerProgress = createConsumerProgress({
      pubSub: { announce: () => undefined, listen: () => () => undefined },
      checkpoints: {
        get: async () => {
          if (fails) throw new Error('away');
          return at(1n);
        },
      },
    });
    const waiting = consumerProgress.progress('orders').waitFor(at(1n), 5_000);
    await vi.advanceTimersByTimeAsync(1_000);
    fails = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBe(true);
  });
});
