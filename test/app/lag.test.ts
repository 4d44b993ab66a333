/** How far behind the policies are, which is when clients are turned away. */
import { describe, expect, it, vi } from 'vitest';
import { createLagMeter } from '../../src/app/measures.ts';
import type { Position } from '../../src/eventsourcing/message.ts';

const at = (commit: number): Position => ({ commit: BigInt(commit), prepare: BigInt(commit) });

const openMeter = () => {
  const now = { ms: 1_000, head: at(1), orders: at(1), policies: at(1) };
  const lookAgain = vi.fn(() => Promise.resolve());
  const meter = createLagMeter({
    head: () => now.head,
    followers: [{ position: () => now.policies }, { position: () => now.orders }],
    lookAgain,
    nowMs: () => now.ms,
  });
  /** Time goes by in small steps, as the meter looks every 200 ms. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      now.ms += 100;
      await meter.sample();
    }
  };
  return { now, meter, pass, lookAgain };
};

describe('the lag of the policies', () => {
  it('is how long ago the oldest event was recorded that one of them has not handled', async () => {
    const { now, meter, pass } = openMeter();
    await pass(500);
    expect(meter.behindMs()).toBe(0);
    now.head = at(10);
    await pass(600);
    now.head = at(20);
    await pass(600);
    expect(meter.behindMs()).toBe(1_100);
    now.policies = at(20);
    now.orders = at(10);
    expect(meter.behindMs()).toBe(500);
    now.orders = at(20);
    expect(meter.behindMs()).toBe(0);
  });

  it('turns nobody away for followers that stand still: that is an outage, and has an alarm of its own', async () => {
    const { now, meter, pass } = openMeter();
    now.head = at(10);
    await pass(30_000);
    expect(meter.behindMs()).toBeGreaterThan(29_000);
    await pass(1_000);
    expect(meter.behindMs()).toBe(0);
    now.head = at(20);
    await pass(100);
    now.policies = at(10);
    now.orders = at(10);
    await pass(100);
    expect(meter.behindMs()).toBe(100);
  });

  it('begins anew after a quiet hour', async () => {
    const { now, meter, pass } = openMeter();
    now.ms += 3_600_000;
    now.head = at(10);
    await pass(300);
    expect(meter.behindMs()).toBe(200);
  });

  it('asks the checkpoints before it says much, as news of other processes may be lost', async () => {
    const { now, meter, pass, lookAgain } = openMeter();
    now.head = at(10);
    await pass(900);
    expect(lookAgain).not.toHaveBeenCalled();
    lookAgain.mockImplementation(async () => {
      now.policies = at(10);
      now.orders = at(10);
    });
    await pass(400);
    expect(meter.behindMs()).toBe(0);
  });
});
