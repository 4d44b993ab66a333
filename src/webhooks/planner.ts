/**
 * From the log to the ledger: each event becomes the rows that endpoints are owed for it.
 *
 * Order of the writes: rows, counters, jobs, and then the consumer's checkpoint. A batch that is handed over again after
 * a crash at any point ends in the same rows: ids and sequences follow from the log alone. Rows that exist stay as they
 * are, a counter knows up to where it has counted, and a job for a row that is settled finds nothing to do.
 */
import { comparePositions, formatPosition, type RecordedEvent } from '../eventsourcing/message.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { Documents, DocumentWrite, StoredDocument } from '../eventsourcing/projecting/documents.ts';
import { LostOwnership } from '../eventsourcing/projecting/projection.ts';
import {
  type Counter,
  counters,
  type Delivery,
  deliveries,
  deliveryIdOf,
  jobOf,
  positionIn,
  rowsPerCallMax,
} from './ledger.ts';
import { messagesFor } from './messages.ts';
import { audiencesOf, type Endpoint, type EndpointDirectory, type JobQueue, type WebhookMessage } from './ports.ts';
import { rooms, type Sendable, shareOut } from './rooms.ts';

/** Also the name of its checkpoint. */
export const plannerName = 'webhook_planner_v1';

export interface PlannerDeps {
  readonly documents: Documents;
  readonly jobs: JobQueue;
  readonly directory: EndpointDirectory;
  readonly clock: Clock;
  /**
   * Whether `jobs` failed because the queue is away. The ledger then goes on without it: what is in no queue is added by
   * the reconciler. Told of each such failure.
   */
  readonly isQueueAway: (error: unknown) => boolean;
}

export interface WebhookPlanner {
  /** Creates the collections; must be awaited before the first batch, and before the ledger is read. */
  prepare(): Promise<void>;
  /** Handles one batch of the log, for `createConsumer`. May be handed the same events again. @throws LostOwnership */
  handle(events: readonly RecordedEvent[]): Promise<void>;
}

interface Owed {
  readonly event: RecordedEvent;
  readonly message: WebhookMessage;
}

interface Debt {
  readonly endpoint: Endpoint;
  readonly owed: readonly Owed[];
}

/** What the endpoint is owed for these events, in the order that its sequence follows. */
const debtTo = (endpoint: Endpoint, events: readonly RecordedEvent[]): Debt => {
  const audienceAt = audiencesOf(endpoint);
  const owed = events
    .filter(({ position }) => comparePositions(position, endpoint.createdAt) > 0)
    .flatMap((event) => messagesFor(event, audienceAt(event.position)).map((message) => ({ event, message })));
  return { endpoint, owed };
};

const rowOf = (
  { endpointId, status }: Endpoint,
  { event, message }: Owed,
  sequence: number,
  now: string,
): Delivery => ({
  deliveryId: deliveryIdOf(endpointId, event.id, message.type),
  endpointId,
  sequence,
  type: message.type,
  eventId: event.id,
  stream: event.stream,
  streamRevision: event.revision,
  position: formatPosition(event.position),
  occurredAt: event.occurredAt,
  status: status === 'active' ? 'pending' : 'held',
  nextAttemptAt: status === 'active' ? now : null,
  attempts: [],
});

interface CountedRows {
  readonly rows: readonly Delivery[];
  readonly counter: DocumentWrite | null;
}

/** The rows that are not counted yet. What the counter has passed has its row: rows are written before the counter. */
const planFor = ({ endpoint, owed }: Debt, stored: StoredDocument<Counter> | null, now: string): CountedRows => {
  const counted = stored === null ? endpoint.createdAt : positionIn(stored.document.upTo);
  const uncounted = owed.filter(({ event }) => comparePositions(event.position, counted) > 0);
  const last = uncounted.at(-1);
  if (last === undefined) return { rows: [], counter: null };
  const sequence = stored?.document.sequence ?? 0;
  const expected = stored?.position ?? null;
  const document: Counter = {
    endpointId: endpoint.endpointId,
    sequence: sequence + uncounted.length,
    upTo: formatPosition(last.event.position),
    closed: false,
  };
  return {
    rows: uncounted.map((each, index) => rowOf(endpoint, each, sequence + 1 + index, now)),
    counter: { id: endpoint.endpointId, document, position: (expected ?? 0n) + 1n, expected },
  };
};

/**
 * Calls that are under way at once: they share a commit, which costs more than their rows do. More would hold up what
 * others write for longer than the time that they save.
 */
const callsAtOnce = 4;

/** In order, a few calls at a time. None is under way any more when it rejects: the batch is then handled again. */
const inCalls = async <T>(all: readonly T[], call: (some: readonly T[]) => Promise<unknown>): Promise<void> => {
  for (let from = 0; from < all.length; from += callsAtOnce * rowsPerCallMax) {
    const starts = Array.from({ length: callsAtOnce }, (_, index) => from + index * rowsPerCallMax);
    const calls = starts.filter((start) => start < all.length);
    const ends = await Promise.allSettled(calls.map((start) => call(all.slice(start, start + rowsPerCallMax))));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
};

/** All that is to be sent, counted or not: after a crash only the job may be missing. */
const sendable = (debts: readonly Debt[]): readonly Sendable[] =>
  debts
    .filter(({ endpoint }) => endpoint.status === 'active')
    .map(({ endpoint: { endpointId, ownerId }, owed }) => ({
      ownerId,
      deliveryIds: owed.map(({ event, message }) => deliveryIdOf(endpointId, event.id, message.type)),
    }));

export const createWebhookPlanner = ({
  documents,
  jobs,
  directory,
  clock,
  isQueueAway,
}: PlannerDeps): WebhookPlanner => {
  const moveCounters = async (writes: readonly DocumentWrite[]): Promise<void> => {
    if (writes.length === 0) return;
    const outcomes = await documents.write(counters.name, writes);
    const lost = outcomes.indexOf('lost');
    if (lost >= 0) throw new LostOwnership(`${counters.name}/${writes[lost]?.id ?? ''} was written by another planner`);
  };

  const fillQueues = async (all: readonly Sendable[]): Promise<void> => {
    const { prompt, backlog } = shareOut(all);
    try {
      await inCalls(prompt, (some) => jobs.add(rooms.prompt.queue, some.map(jobOf)));
      await inCalls(backlog, (some) => jobs.add(rooms.backlog.queue, some.map(jobOf)));
    } catch (error) {
      if (!isQueueAway(error)) throw error;
    }
  };

  const settle = async (debts: readonly Debt[]): Promise<void> => {
    const now = clock.now();
    // Read anew for each batch: a counter that is remembered could be behind another planner's, and number rows twice.
    const stored = await documents.getMany<Counter>(
      counters.name,
      debts.map(({ endpoint }) => endpoint.endpointId),
    );
    const plans = debts.map((debt) => planFor(debt, stored.get(debt.endpoint.endpointId) ?? null, now));
    // `lost` says that the row exists: the same one, planned before.
    await inCalls(
      plans.flatMap((plan) => plan.rows),
      (rows) =>
        documents.write(
          deliveries.name,
          rows.map((row) => ({ id: row.deliveryId, document: row, position: 1n, expected: null })),
        ),
    );
    await moveCounters(plans.flatMap(({ counter }) => (counter === null ? [] : [counter])));
    await fillQueues(sendable(debts));
  };

  return {
    prepare: async () => {
      await documents.ensure(deliveries);
      await documents.ensure(counters);
    },
    handle: async (events) => {
      const last = events.at(-1);
      if (last === undefined) return;
      const endpoints = await directory.all(last.position);
      const debts = endpoints.map((endpoint) => debtTo(endpoint, events)).filter(({ owed }) => owed.length > 0);
      if (debts.length > 0) await settle(debts);
    },
  };
};
