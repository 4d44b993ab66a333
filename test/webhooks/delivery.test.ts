import { Webhook } from 'standardwebhooks';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { attemptDelaysMs, attemptsMax, nextDelayMs, retryAfterMs } from '../../src/webhooks/attempts.ts';
import { deliveryIdOf } from '../../src/webhooks/ledger.ts';
import type { Endpoint, SendResult } from '../../src/webhooks/ports.ts';
import { sealed } from '../support/samples.ts';
import { Crash, createWorld, endpointWith, orderDelivered, secret } from './webhooksWorld.ts';

const event = orderDelivered(1);
const id = deliveryIdOf('e1', event.id, 'order.delivered');
const answered = (status: number, more: { retryAfter?: string; bodyStart?: string } = {}): SendResult => ({
  kind: 'answered',
  status,
  bodyStart: '',
  ...more,
});
const hourMs = 3_600_000;

/** One delivery planned, and the receiver's answer. */
const withOneDelivery = async (result: SendResult = answered(200), endpoint: Partial<Endpoint> = {}) => {
  const world = await createWorld();
  world.directory.put(endpointWith(endpoint));
  await world.plan(event);
  world.faults.writes = 0;
  world.receiver.answer = async () => {
    world.passTime(40);
    return result;
  };
  return world;
};

describe('a delivery', () => {
  it('goes out signed, under an id that stays, and is done for in two writes of the ledger', async () => {
    const world = await withOneDelivery();
    expect(await world.run(id)).toEqual({ kind: 'done' });
    const [request] = world.requests;
    expect(request?.url).toBe('https://e1.example.com/hooks');
    expect(request?.headers).toMatchObject({ 'webhook-id': id, 'webhook-attempt': '1' });
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ type: 'order.delivered', sequence: 1, streamRevision: 0 });
    expect(await world.row(id)).toMatchObject({
      status: 'delivered',
      nextAttemptAt: null,
      attempts: [{ at: '2026-03-01T10:00:00.000Z', durationMs: 40, httpStatus: 200 }],
    });
    expect(world.faults.writes).toBe(2);
  });

  it('is signed anew for each attempt, with the same id and the same bytes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const world = await withOneDelivery(answered(500));
    await world.run(id);
    world.passTime(6_000);
    await world.run(id);
    const [first, second] = world.requests;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp']);
    expect(second?.body).toBe(first?.body);
    for (const request of world.requests) {
      vi.setSystemTime(Number(request.headers['webhook-timestamp']) * 1_000);
      expect(() => new Webhook(secret).verify(request.body, request.headers)).not.toThrow();
    }
  });

  it.each<[string, SendResult, string, number | string | null]>([
    ['200', answered(200), 'delivered', null],
    ['204', answered(204), 'delivered', null],
    ['301, which is not followed', answered(301), 'pending', 5_000],
    ['400', answered(400), 'pending', 5_000],
    ['404', answered(404), 'pending', 5_000],
    ['410', answered(410), 'dead', 'gone'],
    ['429 that asks for an hour', answered(429, { retryAfter: '3600' }), 'pending', hourMs],
    ['429 that asks for less than the schedule', answered(429, { retryAfter: '1' }), 'pending', 5_000],
    ['503 that asks for a week', answered(503, { retryAfter: '604800' }), 'pending', 24 * hourMs],
    ['500 with a Retry-After that means nothing there', answered(500, { retryAfter: '3600' }), 'pending', 5_000],
    ['nothing in time', { kind: 'failed', error: 'timeout' }, 'pending', 5_000],
    ['no connection', { kind: 'failed', error: 'connection' }, 'pending', 5_000],
    ['bad TLS', { kind: 'failed', error: 'tls' }, 'pending', 5_000],
    ['a target that is not allowed', { kind: 'failed', error: 'blocked' }, 'pending', 5_000],
  ])('that is answered by %s', async (_, result, status, then) => {
    const world = await withOneDelivery(result);
    const outcome = await world.run(id);
    const row = await world.row(id);
    expect(row.status).toBe(status);
    expect(row.attempts).toHaveLength(1);
    if (typeof then === 'number') {
      const notBefore = new Date(Date.parse(world.clock.now()) + then).toISOString();
      expect(row.nextAttemptAt).toBe(notBefore);
      expect(outcome).toEqual({ kind: 'retry', notBefore });
    } else {
      expect(outcome).toEqual({ kind: 'done' });
      expect(row.reason ?? null).toBe(then);
    }
    expect(world.gone).toEqual(then === 'gone' ? ['e1'] : []);
  });

  it('honours a Retry-After that is a date', async () => {
    const world = await withOneDelivery(answered(503, { retryAfter: 'Sun, 01 Mar 2026 12:00:00 GMT' }));
    expect(await world.run(id)).toEqual({ kind: 'retry', notBefore: '2026-03-01T12:00:00.000Z' });
  });

  it('is given up after the last attempt, with every attempt on record (W5, W6)', async () => {
    const world = await withOneDelivery(answered(500, { bodyStart: 'x'.repeat(4_096) }));
    let attempts = 0;
    for (let outcome = await world.run(id); outcome.kind === 'retry'; outcome = await world.run(id)) {
      attempts += 1;
      world.passTime(Date.parse(outcome.notBefore) - Date.parse(world.clock.now()));
    }
    const row = await world.row(id);
    expect(attempts).toBe(attemptsMax - 1);
    expect(world.requests).toHaveLength(attemptsMax);
    expect(row).toMatchObject({ status: 'dead', reason: 'exhausted', nextAttemptAt: null });
    expect(row.attempts.map(({ httpStatus }) => httpStatus)).toEqual(Array<number>(attemptsMax).fill(500));
    expect(JSON.stringify(row).length).toBeLessThan(20_000);
    await world.run(id);
    expect(world.requests).toHaveLength(attemptsMax);
  });

  it('shows the attempt of a worker that died before the answer, and is sent again', async () => {
    const world = await withOneDelivery();
    Object.assign(world.faults, { failAt: 2, carriedOut: false });
    await expect(world.run(id)).rejects.toThrow(Crash);
    expect(await world.row(id)).toMatchObject({ status: 'pending', attempts: [{ durationMs: null }] });
    expect(await world.run(id)).toEqual({ kind: 'done' });
    expect((await world.row(id)).attempts).toMatchObject([{ error: 'interrupted' }, { httpStatus: 200 }]);
    expect(new Set(world.requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
  });

  it('is never sent when its beginning could not be recorded', async () => {
    const world = await withOneDelivery();
    Object.assign(world.faults, { failAt: 1, carriedOut: false });
    await expect(world.run(id)).rejects.toThrow(Crash);
    expect(world.requests).toEqual([]);
  });

  it('row 17: is sent by one of two workers that got the same job', async () => {
    const world = await withOneDelivery();
    const outcomes = await Promise.all([world.run(id), world.run(id, world.createWorker())]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['done', 'retry']);
    expect(world.requests).toHaveLength(1);
  });

  it('keeps the word of the worker that reached the receiver when the row was closed meanwhile', async () => {
    const world = await withOneDelivery();
    world.receiver.answer = async () => {
      world.directory.delete('e1');
      await world.createReconciler()();
      return answered(200);
    };
    expect(await world.run(id)).toEqual({ kind: 'done' });
    expect(await world.row(id)).toMatchObject({ status: 'delivered', attempts: [{ httpStatus: 200 }] });
  });

  it('stays closed when the attempt that was under way fails', async () => {
    const world = await withOneDelivery();
    world.receiver.answer = async () => {
      world.directory.delete('e1');
      await world.createReconciler()();
      return answered(500);
    };
    expect(await world.run(id)).toEqual({ kind: 'done' });
    expect(await world.row(id)).toMatchObject({ status: 'dropped', attempts: [{ httpStatus: 500 }] });
  });

  it('waits for its time when the queue hands it out too early', async () => {
    const world = await withOneDelivery(answered(500));
    const outcome = await world.run(id);
    expect(await world.run(id)).toEqual(outcome);
    expect(world.requests).toHaveLength(1);
  });

  it('is held when its endpoint was disabled, and dropped when it was deleted', async () => {
    const disabled = await withOneDelivery();
    disabled.directory.put(endpointWith({ status: 'disabled' }));
    expect(await disabled.run(id)).toEqual({ kind: 'done' });
    expect(await disabled.row(id)).toMatchObject({ status: 'held', nextAttemptAt: null });

    const deleted = await withOneDelivery();
    deleted.directory.delete('e1');
    expect(await deleted.run(id)).toEqual({ kind: 'done' });
    expect(await deleted.row(id)).toMatchObject({ status: 'dropped' });
    expect([...disabled.requests, ...deleted.requests]).toEqual([]);
  });

  it('is not dropped by a worker whose directory has not heard of the endpoint yet', async () => {
    const world = await withOneDelivery();
    world.directory.get = async () => null;
    await world.run(id);
    expect(await world.row(id)).toMatchObject({ status: 'delivered' });
  });

  it('is dead when the key of its secret was destroyed', async () => {
    const world = await withOneDelivery(answered(200), { secret: sealed('webhook-e1/secret=erased') });
    expect(await world.run(id)).toEqual({ kind: 'done' });
    expect(await world.row(id)).toMatchObject({ status: 'dead', reason: 'unreadable', attempts: [] });
  });

  it('leaves no trace of secret, URL or signature in the ledger (W15)', async () => {
    const world = await withOneDelivery(answered(500));
    await world.run(id);
    const text = JSON.stringify(await world.rows());
    expect(text).not.toMatch(/whsec_|example\.com|v1,/);
  });
});

describe('the retry schedule (W5)', () => {
  it('has thirteen attempts over 99 h 42 min 35 s', () => {
    expect(attemptsMax).toBe(13);
    expect(attemptDelaysMs.reduce((sum, ms) => sum + ms)).toBe((99 * 3_600 + 42 * 60 + 35) * 1_000);
  });

  it('spreads each delay by a fifth to both sides, and no further', () => {
    for (const [attempt, delayMs] of attemptDelaysMs.entries()) {
      expect(nextDelayMs(attempt, 0, 0)).toBe(delayMs * 0.8);
      expect(nextDelayMs(attempt, 0, 0.5)).toBe(delayMs);
      expect(nextDelayMs(attempt, 0, 1)).toBe(delayMs * 1.2);
    }
    expect(nextDelayMs(attemptsMax, 0, 0.5)).toBeNull();
  });

  it('reads Retry-After in each of its forms, and nothing else', () => {
    const now = '2026-03-01T10:00:00.000Z';
    for (const date of [
      'Sun, 01 Mar 2026 10:01:00 GMT',
      'Sunday, 01-Mar-26 10:01:00 GMT',
      'Sun Mar  1 10:01:00 2026',
    ]) {
      expect.soft(retryAfterMs(date, now), date).toBe(60_000);
    }
    expect(retryAfterMs(' 60 ', now)).toBe(60_000);
    expect(retryAfterMs('99999999999999', now)).toBe(0);
    for (const text of [undefined, '', '-5', '1.5', 'soon', 'Sun, 01 Mar 2026 09:00:00 GMT', '2026-03-01T11:00:00Z']) {
      expect.soft(retryAfterMs(text, now), text).toBe(0);
    }
  });
});
