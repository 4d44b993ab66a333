/** A log that was restored from an older backup: whoever has seen more of it must say so, and not go on. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createConsumer, ownLeases } from '../../src/eventsourcing/consumers/consumer.ts';
import { createConsumerProgress } from '../../src/eventsourcing/consumers/consumerProgress.ts';
import { createSqliteCheckpoints } from '../../src/infra/sqlite/checkpoints.ts';
import { asWritten } from '../../src/infra/sqlite/events/eventRows.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { newEvents } from '../contracts/eventSamples.ts';

const at = (position: bigint) => ({ commit: position, prepare: position });

/** A consumer that has handled so much of a log with three events. */
const runFrom = async (handled: bigint | null) => {
  const db = openDatabase(':memory:');
  const events = await createSqliteEvents(db, asWritten);
  const checkpoints = await createSqliteCheckpoints(db);
  await events.append('warehouse-A', 'no_stream', newEvents(3));
  if (handled !== null) await checkpoints.advance('c', { from: null, to: at(handled), epoch: 0 });
  const consumerProgress = createConsumerProgress();
  const seen: number[] = [];
  const failures: unknown[] = [];
  const consumer = createConsumer({
    name: 'c',
    source: events,
    checkpoints,
    leases: ownLeases,
    consumerProgress,
    batchMax: 10,
    handle: async (batch) => void seen.push(...batch.map(({ revision }) => revision)),
    onFailure: (_name, error) => failures.push(error),
  });
  const stopping = new AbortController();
  const running = consumer.run(stopping.signal);
  onTestFinished(async () => {
    stopping.abort();
    await running;
    await db.close();
  });
  return { events, consumer, seen, failures };
};

describe('a consumer whose checkpoint is ahead of the log', () => {
  it('handles nothing, says why, and does not go on when the log has grown past it', async () => {
    const { events, consumer, seen, failures } = await runFrom(5n);
    await expect.poll(() => failures.length).toBe(1);
    expect(failures[0]).toMatchObject({
      name: 'CheckpointAhead',
      message: expect.stringMatching(/^c has handled 5, but the log ends at 3\..*drop the read models/),
    });
    expect(consumer.failure()).toBe('CheckpointAhead');
    await events.append('warehouse-A', 2, newEvents(5));
    await expect.poll(() => failures.length).toBeGreaterThan(2);
    expect(consumer.failure()).toBe('CheckpointAhead');
    expect(seen).toEqual([]);
  });

  it.each<[string, bigint | null, readonly number[]]>([
    ['at the end of the log', 3n, [3]],
    ['before it', 1n, [1, 2, 3]],
    ['nowhere yet', null, [0, 1, 2, 3]],
  ])('is told from one that is %s', async (_, handled, revisions) => {
    const { events, seen, failures } = await runFrom(handled);
    await events.append('warehouse-A', 2, newEvents(1));
    await expect.poll(() => seen).toEqual(revisions);
    expect(failures).toEqual([]);
  });
});
