/**
 * What a worker does with one job: one attempt, recorded before and after. At least once: a process that dies in between
 * leaves an attempt without an end, and the next one goes out under the same `webhook-id`.
 *
 * A delivery that goes well costs three writes: the attempt's beginning, its end, and the job's removal.
 */
import { webhookStream } from '../domain/values.ts';
import type { RecordedEvent } from '../eventsourcing/message.ts';
import type { Clock, EventSource } from '../eventsourcing/ports.ts';
import type { Documents, StoredDocument } from '../eventsourcing/projecting/documents.ts';
import { begun, ended, laterThan, type SentResult, signedHeaders } from './attempts.ts';
import { createEndpointConcurrency, type Leave } from './endpointConcurrency.ts';
import { type Delivery, type DeliveryJob, deliveries, endpointOf, jobOf } from './ledger.ts';
import { bodyOf, messagesFor } from './messages.ts';
import {
  audienceOf,
  audiencesOf,
  type Endpoint,
  type EndpointDirectory,
  type Job,
  type JobOutcome,
  type JobQueue,
  type SendRequest,
  type Unseal,
  type WebhookMessage,
  type WebhookSender,
} from './ports.ts';
import { type RoomName, rooms } from './rooms.ts';

export interface DelivererDeps {
  readonly documents: Documents;
  /** Where a job goes that belongs into another room. */
  readonly jobs: Pick<JobQueue, 'add'>;
  readonly source: Pick<EventSource, 'readStream'>;
  readonly directory: EndpointDirectory;
  readonly unseal: Unseal;
  readonly sender: WebhookSender;
  readonly clock: Clock;
  /** In [0, 1), for the jitter. */
  readonly random: () => number;
  /** The receiver answered 410: it wants nothing any more. At least once; from its event the endpoint is disabled. */
  readonly recordGone: (endpointId: string) => Promise<unknown>;
}

/** Longer than the wait for a turn and the longest attempt together, so that a job is never handed out twice in health. */
export const deliveryLeaseMs = 60_000;
/** Another worker has the same delivery: by then it has ended. */
const otherWorkerMs = 30_000;
/** Writers that can meet at one row: another worker, and the reconciler, which closes the rows of a deleted endpoint. */
const recordTriesMax = 5;

const done: JobOutcome = { kind: 'done' };

type DeliveryRow = StoredDocument<Delivery>;

const requestFor = (delivery: Delivery, body: string, target: DeliveryTarget, at: string): SendRequest => ({
  url: target.url,
  body,
  headers: {
    'content-type': 'application/json',
    'user-agent': 'Stockledger-Webhooks/1',
    'webhook-attempt': String(delivery.attempts.length),
    ...signedHeaders({ id: delivery.deliveryId, body, secret: target.secret }, at),
  },
});

interface DeliveryTarget {
  readonly url: string;
  readonly secret: string;
}

/**
 * The same bytes on every attempt, as long as the owner sees as much. `null`: by now it is none of the owner's business.
 * @throws RangeError when the log no longer says what the ledger was made from.
 */
const bodyFor = (delivery: Delivery, event: RecordedEvent, endpoint: Endpoint): string | null => {
  const isThis = ({ type }: WebhookMessage): boolean => type === delivery.type;
  const message = messagesFor(event, audienceOf(endpoint)).find(isThis);
  if (message !== undefined) return bodyOf(event, message, delivery.sequence);
  if (messagesFor(event, audiencesOf(endpoint)(event.position)).some(isThis)) return null;
  throw new RangeError(`${delivery.deliveryId}: its event makes no ${delivery.type}`);
};

export type DeliveryHandler = (job: Job<DeliveryJob>) => Promise<JobOutcome>;

/** Returns the handler of each room for `JobQueue.work`. A failure of ours throws, and the queue tries again. */
export const createDeliverer = (deps: DelivererDeps): ((room: RoomName) => DeliveryHandler) => {
  const { documents, jobs, source, directory, unseal, sender, clock, random, recordGone } = deps;
  const nowMs = (): number => Date.parse(clock.now());
  const endpointConcurrency = createEndpointConcurrency(nowMs);

  const write = async (row: DeliveryRow, document: Delivery): Promise<DeliveryRow | null> => {
    const position = row.position + 1n;
    const write = { id: row.id, document, position, expected: row.position };
    const [outcome] = await documents.write(deliveries.name, [write]);
    return outcome === 'applied' ? { id: row.id, document, position } : null;
  };

  const retryIn = (delayMs: number): JobOutcome => ({ kind: 'retry', notBefore: laterThan(clock.now(), delayMs) });

  const asOutcome = ({ status, nextAttemptAt }: Delivery): JobOutcome =>
    status === 'pending' && nextAttemptAt !== null ? { kind: 'retry', notBefore: nextAttemptAt } : done;

  /** Ends a row without an attempt. */
  const close = async (row: DeliveryRow, change: Pick<Delivery, 'status' | 'reason'>): Promise<JobOutcome> => {
    const closed = await write(row, { ...row.document, ...change, nextAttemptAt: null });
    return closed === null ? retryIn(otherWorkerMs) : done;
  };

  const openTarget = async ({ endpointId, url, secret }: Endpoint): Promise<DeliveryTarget | null> => {
    const openedUrl = await unseal.open(url, `${webhookStream(endpointId)}/url`);
    const openedSecret = await unseal.open(secret, `${webhookStream(endpointId)}/secret`);
    return typeof openedUrl === 'string' && typeof openedSecret === 'string'
      ? { url: openedUrl, secret: openedSecret }
      : null;
  };

  const readEvent = async ({ stream, streamRevision }: Delivery): Promise<RecordedEvent> => {
    const [event] = await source.readStream(stream, streamRevision, 1);
    if (event?.revision !== streamRevision) throw new RangeError(`${stream} has no revision ${streamRevision}`);
    return event;
  };

  /** The end of the attempt belongs into the row, whatever others wrote to it meanwhile. */
  const recordEnd = async (row: DeliveryRow, result: SentResult): Promise<Delivery> => {
    const index = row.document.attempts.length - 1;
    let current: DeliveryRow = row;
    for (let tries = 0; tries < recordTriesMax; tries += 1) {
      const written = await write(current, ended(current.document, index, result));
      if (written !== null) return written.document;
      const found = await documents.get<Delivery>(deliveries.name, row.id);
      if (found === null) break;
      current = found;
    }
    throw new Error(`${row.id}: the end of attempt ${index + 1} could not be recorded`);
  };

  const send = async (started: DeliveryRow, body: string, target: DeliveryTarget): Promise<SentResult> => {
    const at = started.document.attempts.at(-1)?.at ?? clock.now();
    const sent = await sender.send(requestFor(started.document, body, target, at));
    return { sent, at: clock.now(), random: random() };
  };

  const attempt = async (row: DeliveryRow, endpoint: Endpoint, leave: Leave): Promise<JobOutcome> => {
    const target = await openTarget(endpoint);
    if (target === null) return close(row, { status: 'dead', reason: 'unreadable' });
    const body = bodyFor(row.document, await readEvent(row.document), endpoint);
    if (body === null) return close(row, { status: 'dropped', reason: 'out_of_scope' });
    const started = await write(row, begun(row.document, clock.now()));
    if (started === null) return retryIn(otherWorkerMs);
    if (started.document.status !== 'pending') return done;
    const startedMs = nowMs();
    const result = await send(started, body, target);
    leave(nowMs() - startedMs);
    const recorded = await recordEnd(started, result);
    if (recorded.reason === 'gone') await recordGone(recorded.endpointId);
    return asOutcome(recorded);
  };

  const inTurn = async (row: DeliveryRow, endpoint: Endpoint, room: RoomName): Promise<JobOutcome> => {
    const turn = await endpointConcurrency.enter(endpoint, room);
    if (turn.kind === 'later') return retryIn(turn.delayMs);
    if (turn.kind === 'elsewhere') {
      await jobs.add(rooms[turn.room].queue, [jobOf(row.id)]);
      return done;
    }
    try {
      return await attempt(row, endpoint, turn.leave);
    } finally {
      turn.leave(null);
    }
  };

  return (room) =>
    async ({ payload }) => {
      const row = await documents.get<Delivery>(deliveries.name, payload.deliveryId);
      if (row?.document.status !== 'pending') return done;
      const delivery = row.document;
      // The queue was lost and filled again: the schedule is the ledger's.
      if (delivery.nextAttemptAt !== null && delivery.nextAttemptAt > clock.now()) return asOutcome(delivery);
      const endpoint = await endpointOf(directory, delivery.endpointId, delivery.position);
      if (endpoint === null) return close(row, { status: 'dropped' });
      if (endpoint.status === 'disabled') return close(row, { status: 'held' });
      return inTurn(row, endpoint, room);
    };
};
