/** The log that the property tests run on keeps the contract of every event store, or they would prove nothing. */
import { describe, expect, it } from 'vitest';
import { idsOf, newEvent, newEvents, newStream } from '../contracts/eventSamples.ts';
import { createMemoryEvents } from '../support/memoryEvents.ts';

describe('the log in memory', () => {
  it('appends at the exact revision, and else says where the stream stands', async () => {
    const log = createMemoryEvents();
    const [stream, other] = [newStream(), newStream()];
    expect(await log.append(stream, 0, newEvents(1))).toEqual({ kind: 'conflict', actual: 'no_stream' });
    expect(await log.append(stream, 'no_stream', newEvents(2))).toMatchObject({
      kind: 'appended',
      events: [{ revision: 0 }, { revision: 1 }],
    });
    await log.append(other, 'no_stream', newEvents(1));
    expect(await log.append(stream, 'no_stream', newEvents(1))).toEqual({ kind: 'conflict', actual: 1 });
    expect(await log.append(stream, 1, newEvents(1))).toMatchObject({ events: [{ revision: 2 }] });
    expect((await log.readAll(null, 'forwards', 9)).map(({ revision }) => revision)).toEqual([0, 1, 0, 2]);
    expect((await log.readStream(stream, 1, 1)).map(({ revision }) => revision)).toEqual([1]);
  });

  it('finds an id that is there already, in the same stream or in another, and writes nothing', async () => {
    const log = createMemoryEvents();
    const [stream, other] = [newStream(), newStream()];
    const [known, fresh] = [newEvent(), newEvent()];
    await log.append(stream, 'no_stream', [known]);
    const duplicate = { kind: 'duplicate', eventIds: [known.id] };
    expect(await log.append(stream, 0, [fresh, known])).toEqual(duplicate);
    expect(await log.append(other, 'no_stream', [fresh, known])).toEqual(duplicate);
    expect(idsOf(await log.readAll(null, 'forwards', 9))).toEqual([known.id]);
    await expect(log.append(other, 'no_stream', [fresh, fresh])).rejects.toThrow(RangeError);
  });

  it('is read onwards from any position', async () => {
    const log = createMemoryEvents();
    await log.append(newStream(), 'no_stream', newEvents(5));
    const ids = idsOf(await log.readAll(null, 'forwards', 9));
    const [, second] = await log.readAll(null, 'forwards', 2);
    expect(idsOf(await log.readAll(second?.position ?? null, 'forwards', 2))).toEqual(ids.slice(2, 4));
    expect(await log.head()).toEqual((await log.readAll(null, 'forwards', 9)).at(-1)?.position);
  });
});
