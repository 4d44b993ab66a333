/** A place with a log, a ledger and whoever works on both, on any engines; time and receivers are the test's. */
import type { LedgerEvent } from '../../src/domain/events.ts';
import type { WebhookEvent } from '../../src/domain/webhook/events.ts';
import { createConsumer } from '../../src/eventsourcing/consumers/consumer.ts';
import { createConsumerProgress } from '../../src/eventsourcing/consumers/consumerProgress.ts';
import { comparePositions, type EventEnvelope, laterOf, type Position } from '../../src/eventsourcing/message.ts';
import type { Checkpoints, EventSource, EventStore } from '../../src/eventsourcing/ports.ts';
import type { Documents } from '../../src/eventsourcing/projecting/documents.ts';
import { announcedTypes } from '../../src/webhooks/announcements.ts';
import { createDeliverer } from '../../src/webhooks/deliver.ts';
import { type StoredEndpoint, webhookEndpoints } from '../../src/webhooks/endpoints.ts';
import { type Delivery, deliveries, jobOf, positionIn } from '../../src/webhooks/ledger.ts';
import { createWebhookPlanner, plannerName } from '../../src/webhooks/planner.ts';
import type { Endpoint, EndpointDirectory, JobQueue, SendRequest, SendResult } from '../../src/webhooks/ports.ts';
import { createReconciler } from '../../src/webhooks/reconcile.ts';
import { newEvent } from '../contracts/eventSamples.ts';
import { waitMaxMs } from '../contracts/make.ts';
import { sealed } from '../support/samples.ts';

export interface Engines {
  readonly events: EventStore & EventSource;
  readonly documents: Documents;
  readonly checkpoints: Checkpoints;
}

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

const eventOf = ({ type, data }: LedgerEvent): EventEnvelope => ({ ...newEvent(), type, schemaVersion: 1, data });

export const endpointCreated = (endpointId: string): LedgerEvent => ({
  type: 'WebhookEndpointCreated',
  data: {
    endpointId,
    ownerId: 'partner1',
    url: sealed(`https://${endpointId}.example.com/hooks`),
    secret: sealed(secret),
    eventTypes: ['order.delivered'],
    scope: 'all',
  },
});
export const delivered = (orderId: string): LedgerEvent => ({
  type: 'OrderShipmentDelivered',
  data: { orderId, shipmentId: `s-${orderId}` },
});

/** The endpoints as of the latest position that anybody asked for, which is as far behind as a directory may be. */
const createDirectory = ({ readAll }: EventSource): EndpointDirectory => {
  let handled: Position = { commit: 0n, prepare: 0n };
  const all: EndpointDirectory['all'] = async (position) => {
    handled = laterOf(handled, position);
    const found = new Map<string, StoredEndpoint>();
    for (const event of await readAll(null, 'forwards', 10_000)) {
      if (!event.type.startsWith('Webhook') || comparePositions(event.position, handled) > 0) continue;
      const webhookEvent = event as typeof event & WebhookEvent;
      const { endpointId } = webhookEvent.data;
      const after = webhookEndpoints.apply(found.get(endpointId) ?? null, webhookEvent, endpointId);
      if (after === null) found.delete(endpointId);
      else found.set(endpointId, after);
    }
    return [...found.values()].map(
      ({ createdPosition, pastScopes = [], ...endpoint }): Endpoint => ({
        ...endpoint,
        createdAt: positionIn(createdPosition),
        pastScopes: pastScopes.map(({ until, scope }) => ({ until: positionIn(until), scope })),
      }),
    );
  };
  return { all, get: async () => null };
};

/** One that was lost just now: only the reconciler fills it. */
const createQueue = (): JobQueue & { readonly take: () => readonly string[] } => {
  const ids = new Set<string>();
  return {
    add: async (_, jobs) => {
      for (const { id } of jobs) ids.add(id);
    },
    known: async (_, asked) => new Set(asked.filter((id) => ids.has(id))),
    work: () => Promise.reject(new Error('worked by hand')),
    take: () => {
      const taken = [...ids];
      ids.clear();
      return taken;
    },
  };
};

export interface Place extends Engines {
  append(stream: string, ...events: readonly LedgerEvent[]): Promise<void>;
  /** What nobody is told of: it moves positions on. */
  appendOthers(count: number): Promise<void>;
  /** The planner follows the log to its end. @returns how many events it was handed. */
  plan(epoch: number): Promise<number>;
  /** The reconciler, and then the worker, with what is due at this time. */
  deliver(at: string): Promise<void>;
  /** What receivers got, in order. */
  readonly requests: SendRequest[];
  answer: (request: SendRequest) => SendResult;
  rows(): Promise<readonly Delivery[]>;
}

export const ok = (): SendResult => ({ kind: 'answered', status: 200, bodyStart: '' });

export const createPlace = async (engines: Engines): Promise<Place> => {
  const { events, documents, checkpoints } = engines;
  let now = '2026-03-01T10:00:00.000Z';
  const clock = { now: () => now };
  const directory = createDirectory(events);
  const jobs = createQueue();
  const planner = createWebhookPlanner({ documents, jobs, directory, clock, isQueueAway: () => false });
  await planner.prepare();
  const reconcile = createReconciler({ documents, jobs, directory, clock });
  const requests: SendRequest[] = [];
  const deliver = createDeliverer({
    documents,
    jobs,
    source: events,
    directory,
    unseal: { open: async (text) => text },
    sender: {
      send: async (request) => {
        requests.push(request);
        return place.answer(request);
      },
    },
    clock,
    random: () => 0.5,
    recordGone: async () => undefined,
  });

  const append: Place['append'] = async (stream, ...appended) => {
    const last = (await events.readStream(stream, 0, 10_000)).length - 1;
    const result = await events.append(stream, last < 0 ? 'no_stream' : last, appended.map(eventOf));
    if (result.kind !== 'appended') throw new Error(`${stream}: ${result.kind}`);
  };

  const plan: Place['plan'] = async (epoch) => {
    let handed = 0;
    const head = await events.head();
    const stop = new AbortController();
    const consumer = createConsumer({
      name: plannerName,
      source: events,
      checkpoints,
      leases: { whileHeld: (_, signal, work) => work({ epoch, signal }) },
      consumerProgress: createConsumerProgress(),
      types: announcedTypes,
      batchMax: 4,
      handle: async (batch) => {
        handed += batch.length;
        await planner.handle(batch);
      },
      onFailure: (_, error) => stop.abort(error),
    });
    const running = consumer.run(stop.signal);
    const hasCome = await consumer.waitFor(head as Position, waitMaxMs);
    stop.abort();
    await running;
    if (!hasCome) throw new Error('the planner did not come to the end of the log');
    return handed;
  };

  const place: Place = {
    ...engines,
    append,
    appendOthers: async (count) => {
      for (let index = 0; index < count; index += 1) {
        const event = newEvent();
        await events.append(`warehouse-${event.id}`, 'no_stream', [event]);
      }
    },
    plan,
    deliver: async (at) => {
      now = at;
      jobs.take();
      await reconcile();
      for (const id of jobs.take()) await deliver('backlog')({ ...jobOf(id), attempts: 0 });
    },
    requests,
    answer: ok,
    rows: async () => {
      const found = await documents.find<Delivery>(deliveries.name, {
        where: {},
        limit: 10_000,
      });
      return found.map(({ document }) => document).sort((a, b) => a.sequence - b.sequence);
    },
  };
  return place;
};
