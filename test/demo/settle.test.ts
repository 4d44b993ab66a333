import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pulseOf, watch } from '../../demo/settle.ts';

const limits = { everyMs: 1, quietMs: 20, timeoutMs: 10_000 };

const atRest = { beat: 'still', isAtRest: true };

describe('the end of the run', () => {
  it('is reached as soon as there is nothing to wait for', async () => {
    let looks = 0;
    const seen = await watch({
      ...limits,
      look: async () => ++looks,
      isDone: (n) => n === 3,
      pulse: async () => atRest,
      quietMs: 10_000,
    });
    expect(seen).toBe(3);
  });

  it('is waited for as long as something moves, and not longer', async () => {
    let beats = 0;
    // Moves a hundred times, then stands still.
    const pulse = async () => ({ beat: String(Math.min(++beats, 100)), isAtRest: true });
    const seen = await watch({ ...limits, look: async () => beats, isDone: () => false, pulse });
    expect(seen).toBeGreaterThanOrEqual(100);
  });

  it('is waited for while a busy machine stands still with work left to do', async () => {
    const started = Date.now();
    let isOver = false;
    const pulse = async () => ({ beat: 'still', isAtRest: isOver });
    const look = async () => {
      isOver = Date.now() - started > 5 * limits.quietMs;
      return isOver;
    };
    expect(await watch({ ...limits, look, isDone: () => false, pulse })).toBe(true);
  });

  it('has an end even when it moves for ever', async () => {
    let beats = 0;
    const look = async (): Promise<string> => 'last look';
    const pulse = async () => ({ beat: String(++beats), isAtRest: true });
    expect(await watch({ ...limits, timeoutMs: 30, look, isDone: () => false, pulse })).toBe('last look');
  });
});

describe('the pulse of the service', () => {
  const metrics = (lag: number): string => `# TYPE stockledger_events_total counter
stockledger_events_total 57609
stockledger_consumer_lag_positions{consumer="orders_v2"} 0
stockledger_consumer_lag_positions{consumer="reactions_v1"} ${lag}
`;

  it('is at rest when each consumer has handled the whole log, and changes with each of them', async () => {
    let lag = 7_644;
    const server = createServer((_, response) => response.end(metrics(lag)));
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const behind = await pulseOf(origin);
    lag = 0;
    const caughtUp = await pulseOf(origin);
    expect([behind.isAtRest, caughtUp.isAtRest]).toEqual([false, true]);
    expect(behind.beat).not.toBe(caughtUp.beat);
  });
});
