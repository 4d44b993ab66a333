/** Steps through a large log: bounded in events and in bytes, and only what may be meant is parsed. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Position, RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { ScanHint } from '../../src/eventsourcing/ports.ts';
import { createRecentEvents, sliceCharsMax } from '../../src/infra/sqlite/events/reads.ts';
import { golden } from '../projections/golden.ts';
import { openService } from '../support/service.ts';

const sample = golden('StockReceived', 1);

const openLog = async (count: number, extra: (at: number) => object = () => ({})) => {
  const { adapters } = await openService({ running: false });
  const { events } = adapters;
  for (let at = 0; at < count; at += 1) {
    const warehouseId = at % 100 === 0 ? 'RARE' : 'BER';
    const data = { ...sample.data, warehouseId, sku: 'A', ...extra(at) };
    await events.append(`stock-${warehouseId}.A${at}`, 'no_stream', [{ ...sample, id: randomUUID(), data }]);
  }
  const all = async (hint: ScanHint) => {
    const found: RecordedEvent[] = [];
    const steps: number[] = [];
    let from: Position | null = null;
    for (;;) {
      const slice = await events.scan(from, hint);
      found.push(...slice.events);
      steps.push(slice.events.length);
      from = slice.upTo;
      if (slice.isCaughtUp) return { found, steps, upTo: from };
    }
  };
  return { events, all };
};

describe('a scan of the log', () => {
  it('hands over what the hint names, in order, and says how far it has looked', async () => {
    const { events, all } = await openLog(1_200);
    const { found, upTo } = await all({ texts: ['"warehouseId":"RARE"'] });
    expect(found.map(({ stream }) => stream)).toEqual(Array.from({ length: 12 }, (_, at) => `stock-RARE.A${at * 100}`));
    expect(upTo).toEqual(await events.head());
    const either = { stream: 'stock-BER.A7', text: '"warehouseId":"RARE"' };
    expect((await all({ either, types: ['StockReceived'] })).found).toHaveLength(13);
    expect((await all({ types: ['StockAdjusted'] })).found).toEqual([]);
    const whole = await all({});
    expect(whole.found).toHaveLength(1_200);
    expect(Math.max(...whole.steps)).toBeLessThanOrEqual(512);
  });

  it('ends a step where its events are large, and so does a batch of a consumer', async () => {
    const { events, all } = await openLog(12, () => ({ reference: 'x'.repeat(400_000) }));
    const { found, steps } = await all({});
    expect(found).toHaveLength(12);
    expect(Math.max(...steps)).toBeLessThanOrEqual(3);
    const stopping = new AbortController();
    const sizes: number[] = [];
    for await (const batch of events.follow(null, { batchMax: 512, signal: stopping.signal })) {
      sizes.push(batch.events.length);
      if (batch.isCaughtUp) stopping.abort();
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(12);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
  });
});

describe('the newest events in memory', () => {
  const eventsOf = (from: number, count: number): RecordedEvent[] =>
    Array.from({ length: count }, (_, index) => {
      const at = BigInt(from + index);
      return { ...sample, stream: 's', revision: 0, position: { commit: at, prepare: at } };
    });

  it('are held up to a size, whatever their number: large ones are read from the file', () => {
    const recent = createRecentEvents();
    for (let at = 1; at <= 100; at += 1) recent.push(eventsOf(at, 1), [500_000]);
    expect(recent.read(0, 10, null)).toBeUndefined();
    const newest = recent.read(98, 10, null);
    expect(newest?.events.map(({ position }) => Number(position.commit))).toEqual([99, 100]);
    let held = 0;
    while (recent.read(99 - held, 1, null) !== undefined) held += 1;
    expect(held * 500_000).toBeLessThanOrEqual(12_500_000);
  });

  it('are handed over in slices of a bounded size', () => {
    const recent = createRecentEvents();
    recent.push(
      eventsOf(1, 20),
      Array.from({ length: 20 }, () => sliceCharsMax / 4),
    );
    const first = recent.read(0, 512, null);
    expect(first).toMatchObject({ isCaughtUp: false });
    expect(first?.events).toHaveLength(4);
  });
});
