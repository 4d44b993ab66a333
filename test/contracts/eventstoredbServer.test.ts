/**
 * The server that stands in for EventStoreDB answers as a real one did, on both append calls of the client. With
 * `EVENTSTORE_URL` the same scenarios are played on that server, which shows whether the recording still holds.
 */
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useEventStore } from '../support/engines/useEventStore.ts';
import { type Path, readBook } from '../support/eventstoredb/recorded/book.ts';
import { answersOf, play } from '../support/eventstoredb/recorded/play.ts';
import { collect } from '../support/eventstoredb/recorded/subscriptions.ts';
import { createWorld } from '../support/eventstoredb/recorded/world.ts';

const book = readBook();
const paths: readonly Path[] = ['single', 'batch'];

const url = useEventStore();

const useClient = (): (() => EventStoreDBClient) => {
  const clients: EventStoreDBClient[] = [];
  beforeAll(() => {
    clients.push(EventStoreDBClient.connectionString(url()));
  });
  afterAll(() => Promise.all(clients.map((client) => client.dispose())));
  return () => clients[0]!;
};
const client = useClient();

describe('the recording', () => {
  it('has as many scenarios as were played', () => {
    expect(book).toHaveLength(47);
    for (const scenario of book) {
      for (const path of paths) expect(answersOf(scenario, path)).toHaveLength(scenario.steps.length);
    }
  });
});

describe('the player', () => {
  it('comes to an end for a reader who begins at a checkpoint behind all that was written', async () => {
    const world = await createWorld(client(), 'single');
    const { revisions } = await collect(world, world.began, {
      do: 'checkpoints',
      noise: 0,
      every: 1,
      window: 32,
      interval: 1,
    });
    expect(revisions).toEqual([]);
  });
});

describe.each(paths)('by the %s call', (path) => {
  describe.concurrent.each(book)('$name', (scenario) => {
    it('is answered as a real server did', async () => {
      expect(await play(client(), scenario, path)).toEqual(answersOf(scenario, path));
    });
  });
});
