/** The endpoints as deliveries ask for them (R23). */
import { describe, expect, it } from 'vitest';
import type { WebhookEvent } from '../../src/domain/webhook/events.ts';
import type { Progress } from '../../src/eventsourcing/consumers/consumerProgress.ts';
import type { Position } from '../../src/eventsourcing/message.ts';
import { createWebhookEndpointQueries, webhookEndpoints } from '../../src/webhooks/endpoints.ts';
import { createEndpointDirectory, EndpointsBehind } from '../../src/webhooks/index.ts';
import { at, created, deleted, disabled } from './endpointSamples.ts';
import { growing, ledgerLog } from './ledgerLog.ts';

/** A read model whose progress the test moves, with how often the whole list was read. */
const createWorld = async () => {
  const { documents, project } = await growing(webhookEndpoints);
  const queries = createWebhookEndpointQueries(documents, () => webhookEndpoints.name);
  let handled: Position | null = null;
  let reads = 0;
  const progress: Pick<Progress, 'position' | 'waitFor'> = {
    position: () => handled,
    waitFor: async ({ commit }) => handled !== null && handled.commit >= commit,
  };
  const counted: typeof queries = {
    ...queries,
    all: () => {
      reads += 1;
      return queries.all();
    },
  };
  return {
    directory: createEndpointDirectory(counted, progress),
    project,
    reach: (commit: number): void => {
      handled = at(commit);
    },
    reads: () => reads,
  };
};

describe('the directory of endpoints', () => {
  const idsAt = async ({ directory }: Awaited<ReturnType<typeof createWorld>>, commit: number) =>
    (await directory.all(at(commit))).map(({ endpointId, status }) => `${endpointId} ${status}`);

  it('gives what deliveries need, and nothing about a deleted one', async () => {
    const world = await createWorld();
    await world.project(ledgerLog(created('e1', { warehouseIds: ['BER'] }), created('e2'), deleted('e2')));
    const { eventTypes, ownerId, scope, secret, url } = created().data;
    const made = { endpointId: 'e1', ownerId, url, secret, eventTypes, scope, status: 'active', createdAt: at(1) };
    const known = { ...made, pastScopes: [] };
    expect(await world.directory.get('e1')).toEqual({ ...known, warehouseIds: ['BER'] });
    expect(await world.directory.get('e2')).toBeNull();
  });

  it('fails when the read model does not get as far as it was asked for', async () => {
    const world = await createWorld();
    await expect(world.directory.all(at(1))).rejects.toThrow(EndpointsBehind);
    world.reach(1);
    await expect(world.directory.all(at(2))).rejects.toThrow(EndpointsBehind);
    expect(await world.directory.all(at(1))).toEqual([]);
  });

  it('reads the list once as long as no endpoint changes, however far the log goes on', async () => {
    const world = await createWorld();
    await world.project(ledgerLog(created('e1'), created('e2')));
    for (const commit of [2, 3, 500]) {
      world.reach(commit);
      expect(await idsAt(world, commit)).toEqual(['e1 active', 'e2 active']);
    }
    expect(world.reads()).toBe(1);
  });

  it('knows every change before the position it is asked for', async () => {
    const steps: readonly (readonly [WebhookEvent, readonly string[]])[] = [
      [created('e1'), ['e1 active']],
      [created('e2'), ['e1 active', 'e2 active']],
      [disabled('e1'), ['e1 disabled', 'e2 active']],
      [deleted('e2'), ['e1 disabled']],
      [created('e3'), ['e1 disabled', 'e3 active']],
      [deleted('e3'), ['e1 disabled']],
      [deleted('e1'), []],
    ];
    const world = await createWorld();
    for (const [index, event] of ledgerLog(...steps.map(([step]) => step)).entries()) {
      await world.project([event]);
      world.reach(index + 1);
      expect(await idsAt(world, index + 1), `after step ${index + 1}`).toEqual(steps[index]?.[1]);
    }
    expect(world.reads()).toBe(steps.length);
  });

  it('sees one that was made while another was deleted', async () => {
    const world = await createWorld();
    const log = ledgerLog(created('e1'), created('e2'), deleted('e2'), created('e3'));
    await world.project(log.slice(0, 2));
    world.reach(2);
    await idsAt(world, 2);
    await world.project(log.slice(2));
    world.reach(4);
    expect(await idsAt(world, 4)).toEqual(['e1 active', 'e3 active']);
  });

  it('does not rely on a list that was read while a batch was being written', async () => {
    const world = await createWorld();
    const log = ledgerLog(created('e1'), disabled('e1'), created('e2'));
    await world.project(log.slice(0, 1));
    world.reach(1);
    // The batch has two changes, and the later one is there first.
    await world.project(log.slice(2));
    expect(await idsAt(world, 1)).toEqual(['e1 active', 'e2 active']);
    await world.project(log.slice(1, 2));
    world.reach(3);
    expect(await idsAt(world, 3)).toEqual(['e1 disabled', 'e2 active']);
  });
});
