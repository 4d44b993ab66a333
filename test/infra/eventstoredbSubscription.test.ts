/** What waits for a follower of EventStoreDB that is slow: bounded by its weight too, as an event may have a mebibyte. */
import { type AllStreamSubscription, EventStoreDBClient } from '@eventstore/db-client';
import { expect, it, onTestFinished } from 'vitest';
import type { EventStoreClient } from '../../src/infra/eventstoredb/clients.ts';
import { convertedMax, heldCharactersMax, subscribe } from '../../src/infra/eventstoredb/subscription.ts';
import { newEvent, newStream } from '../contracts/eventSamples.ts';
import { openLog, startServer } from '../support/eventStoreLog.ts';

const largeCharacters = 700_000;
const mine = 'WarehouseDefined';

/** The client, and the subscription that was asked of it last. */
const watched = (url: string) => {
  const client = EventStoreDBClient.connectionString(url);
  onTestFinished(() => client.dispose());
  const sources: AllStreamSubscription[] = [];
  const subscribeToAll = (...asked: Parameters<EventStoreDBClient['subscribeToAll']>) => {
    const source = client.subscribeToAll(...asked);
    sources.push(source);
    return source;
  };
  return { client: { subscribeToAll } as object as EventStoreClient, source: () => sources.at(-1) };
};

it('holds back the server at so many characters, and then hands out all of it in order', async () => {
  const { url } = await startServer();
  const { log } = openLog(url);
  const stream = newStream();
  const count = 40;
  for (let revision = -1; revision < count - 1; revision += 1) {
    const event = { ...newEvent(mine), data: { text: 'x'.repeat(largeCharacters) } };
    await log.append(stream, revision < 0 ? 'no_stream' : revision, [event]);
  }
  const { client, source } = watched(url);
  const subscription = subscribe(client, { from: null, types: [mine], onChange: () => undefined });
  onTestFinished(() => subscription.close());
  await expect.poll(() => source()?.isPaused()).toBe(true);
  const first = subscription.take(count).resolved.length;
  expect(first).toBe(Math.ceil(heldCharactersMax / largeCharacters));
  expect(source()?.readableLength).toBeLessThanOrEqual(convertedMax);
  const revisions: number[] = [];
  await expect
    .poll(() => {
      revisions.push(...subscription.take(2).resolved.map(({ event }) => Number(event?.revision)));
      return revisions.length;
    })
    .toBe(count - first);
  expect(revisions).toEqual(Array.from({ length: count - first }, (_, index) => first + index));
});
