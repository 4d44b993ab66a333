/** A ledger on the embedded engines, with time, receivers and endpoints in the hands of the test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LedgerEvent } from '../../src/domain/events.ts';
import type { Position, RecordedEvent, Sealed } from '../../src/eventsourcing/message.ts';
import type { Documents } from '../../src/eventsourcing/projecting/documents.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents/documents.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { createSqliteJobs } from '../../src/infra/sqlite/jobs.ts';
import { createDeliverer } from '../../src/webhooks/deliver.ts';
import { createDeliveryQueries } from '../../src/webhooks/index.ts';
import { type Delivery, type DeliveryJob, deliveries, jobOf } from '../../src/webhooks/ledger.ts';
import { createWebhookPlanner } from '../../src/webhooks/planner.ts';
import type { Endpoint, EndpointDirectory, Job, JobQueue, SendRequest, SendResult } from '../../src/webhooks/ports.ts';
import { createReconciler } from '../../src/webhooks/reconcile.ts';
import { type RoomName, roomNames, rooms } from '../../src/webhooks/rooms.ts';

export const at = (commit: number): Position => ({ commit: BigInt(commit), prepare: BigInt(commit) });

/** The event as it stands in the log at `commit`; its stream is its own, so that its revision is 0. */
export const recorded = (commit: number, event: LedgerEvent): RecordedEvent => ({
  ...event,
  id: `00000000-0000-4000-8000-${String(commit).padStart(12, '0')}`,
  schemaVersion: 1,
  occurredAt: '2026-03-01T09:00:00.000Z',
  recordedAt: '2026-03-01T09:00:01.000Z',
  metadata: {
    $correlationId: 'correlation',
    $causationId: 'causation',
    commandId: 'command',
    actor: { subject: 'someone', kind: 'person', client: 'client' },
    authentication: {},
  },
  stream: `stream-${commit}`,
  revision: 0,
  position: at(commit),
});

export const orderDelivered = (commit: number): RecordedEvent =>
  recorded(commit, { type: 'OrderShipmentDelivered', data: { orderId: `o${commit}`, shipmentId: `s${commit}` } });

export const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

/** Stands for sealed text: opens only where it belongs. */
const sealedAt = (context: string, text: string): Sealed => `${context}=${text}` as Sealed;

export const endpointWith = (change: Partial<Endpoint> = {}): Endpoint => {
  const endpointId = change.endpointId ?? 'e1';
  return {
    endpointId,
    ownerId: 'partner1',
    url: sealedAt(`webhook-${endpointId}/url`, `https://${endpointId}.example.com/hooks`),
    secret: sealedAt(`webhook-${endpointId}/secret`, secret),
    eventTypes: ['order.delivered'],
    scope: 'all',
    status: 'active',
    createdAt: at(0),
    ...change,
  };
};

export interface FakeDirectory extends EndpointDirectory {
  put(endpoint: Endpoint): void;
  delete(endpointId: string): void;
  asked(): number;
}

const createDirectory = (): FakeDirectory => {
  const endpoints = new Map<string, Endpoint>();
  let asked = 0;
  return {
    all: async () => {
      asked += 1;
      return [...endpoints.values()];
    },
    get: async (id) => endpoints.get(id) ?? null,
    put: (endpoint) => endpoints.set(endpoint.endpointId, endpoint),
    delete: (id) => endpoints.delete(id),
    asked: () => asked,
  };
};

/** Counts the calls of a port's writes, and fails the `failAt`-th (from 1) after or before it was carried out. */
export interface Faults {
  writes: number;
  failAt: number | null;
  carriedOut: boolean;
}

export class Crash extends Error {
  override readonly name = 'Crash';
}

/** What a queue that is away says. */
class QueueAway extends Error {
  override readonly name = 'QueueAway';
}

const faulty = <Arguments extends unknown[], Result>(
  faults: Faults,
  write: (...given: Arguments) => Promise<Result>,
): ((...given: Arguments) => Promise<Result>) => {
  return async (...given) => {
    faults.writes += 1;
    if (faults.writes !== faults.failAt) return write(...given);
    if (faults.carriedOut) await write(...given);
    throw new Crash();
  };
};

export const createWorld = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stockledger-'));
  const db = openDatabase(join(folder, 'ledger.db'));
  onTestFinished(async () => {
    await db.close();
    await rm(folder, { recursive: true, force: true });
  });
  let nowMs = Date.parse('2026-03-01T10:00:00.000Z');
  const clock = { now: () => new Date(nowMs).toISOString() };
  const faults: Faults = { writes: 0, failAt: null, carriedOut: true };
  const sqlite = createSqliteDocuments(db);
  const documents: Documents = {
    ...sqlite,
    write: faulty(faults, (...given: Parameters<Documents['write']>) => sqlite.write(...given)),
  };
  const queue = await createSqliteJobs(db, clock);
  let isLost = false;
  const jobs: JobQueue = {
    ...queue,
    add: faulty(faults, async (...given: Parameters<JobQueue['add']>) => {
      if (isLost) throw new QueueAway();
      return queue.add(...given);
    }),
  };
  const directory = createDirectory();
  const log = new Map<string, RecordedEvent>();
  const requests: SendRequest[] = [];
  const gone: string[] = [];
  const receiver = {
    answer: (_request: SendRequest): Promise<SendResult> =>
      Promise.resolve({ kind: 'answered', status: 200, bodyStart: '' }),
  };
  const planner = createWebhookPlanner({
    documents,
    jobs,
    directory,
    clock,
    isQueueAway: (error) => error instanceof QueueAway,
  });
  await planner.prepare();

  const createWorker = () =>
    createDeliverer({
      documents,
      jobs,
      source: {
        readStream: async (stream, fromRevision) => {
          const event = log.get(stream);
          return event !== undefined && event.revision >= fromRevision ? [event] : [];
        },
      },
      directory,
      unseal: {
        open: async (sealed, context) => {
          if (!sealed.startsWith(`${context}=`)) throw new Error('moved');
          return sealed.endsWith('=erased') ? null : sealed.slice(context.length + 1);
        },
      },
      sender: {
        send: (request) => {
          requests.push(request);
          return receiver.answer(request);
        },
      },
      clock,
      random: () => 0.5,
      recordGone: async (endpointId) => {
        gone.push(endpointId);
      },
    });
  const deliver = createWorker();

  const rows = async (): Promise<readonly Delivery[]> => {
    const found = await sqlite.find<Delivery>(deliveries.name, {
      where: {},
      limit: 10_000,
    });
    return found.map(({ document }) => document).sort((a, b) => a.sequence - b.sequence);
  };

  return {
    documents,
    jobs,
    directory,
    clock,
    faults,
    requests,
    gone,
    receiver,
    planner,
    createWorker,
    rows,
    /** Which of these are in a queue. */
    queued: async (...ids: readonly string[]): Promise<ReadonlySet<string>> => {
      const found = await Promise.all(roomNames.map((name) => queue.known(rooms[name].queue, ids)));
      return new Set(found.flatMap((there) => [...there]));
    },
    queries: createDeliveryQueries(documents),
    createReconciler: (queueOf: JobQueue = jobs) => createReconciler({ documents, jobs: queueOf, directory, clock }),
    loseQueue: (): void => {
      isLost = true;
    },
    findQueue: (): void => {
      isLost = false;
    },
    passTime: (ms: number): void => {
      nowMs += ms;
    },
    /** Plans the events as one batch, and keeps them where the worker reads them. */
    plan: async (...events: readonly RecordedEvent[]): Promise<void> => {
      for (const event of events) log.set(event.stream, event);
      await planner.handle(events);
    },
    run: (deliveryId: string, worker = deliver, room: RoomName = 'prompt') => {
      const { id, payload } = jobOf(deliveryId);
      const job: Job<DeliveryJob> = { id, payload, attempts: 0 };
      return worker(room)(job);
    },
    row: async (deliveryId: string): Promise<Delivery> => {
      const found = await sqlite.get<Delivery>(deliveries.name, deliveryId);
      if (found === null) throw new Error(`no row ${deliveryId}`);
      return found.document;
    },
  };
};

export type World = Awaited<ReturnType<typeof createWorld>>;
