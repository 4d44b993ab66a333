/**
 * The queue is a cache of the ledger (B5): what it lost is added again, so that losing it loses nothing. Also closes what
 * is open for endpoints that were deleted. To be called every `reconcileEveryMs`.
 */
import type { Clock } from '../eventsourcing/ports.ts';
import type { DocumentQuery, Documents, StoredDocument } from '../eventsourcing/projecting/documents.ts';
import { laterThan } from './attempts.ts';
import {
  type Counter,
  counters,
  type Delivery,
  type DeliveryStatus,
  deliveries,
  endpointOf,
  jobOf,
  rowsPerCallMax,
} from './ledger.ts';
import type { EndpointDirectory, JobQueue } from './ports.ts';
import { roomNames, rooms } from './rooms.ts';

/** A lost queue costs a delivery at most this much time, and the margin below (W1). */
export const reconcileEveryMs = 30_000;
/** A row is in the ledger before its job is in the queue: leave the planner time for both. */
export const dueMarginMs = 30_000;
/** Rows that one call looks at; the next call goes on after them, so that a long queue costs little each time. */
export const rowsPerRunMax = 10_000;

export interface ReconcilerDeps {
  readonly documents: Documents;
  readonly jobs: JobQueue;
  readonly directory: EndpointDirectory;
  readonly clock: Clock;
}

export interface Reconciled {
  /** Jobs that were due and not in the queue. */
  readonly requeued: number;
  /** Rows of deleted endpoints that were closed. */
  readonly dropped: number;
}

type PageStart = DocumentQuery['after'];

const openStatuses: readonly DeliveryStatus[] = ['pending', 'held'];

/** Returns the function to call; one caller at a time. */
export const createReconciler = ({
  documents,
  jobs,
  directory,
  clock,
}: ReconcilerDeps): (() => Promise<Reconciled>) => {
  /** Where the next run goes on; `undefined`: at the oldest. */
  let resumeAfter: PageStart;

  const duePage = (after: PageStart): Promise<readonly StoredDocument<Delivery>[]> =>
    documents.find<Delivery>(deliveries.name, {
      where: { status: { equals: 'pending' }, nextAttemptAt: { below: laterThan(clock.now(), -dueMarginMs) } },
      orderBy: { field: 'nextAttemptAt', direction: 'ascending' },
      ...(after === undefined ? {} : { after }),
      limit: rowsPerCallMax,
    });

  const requeue = async (): Promise<number> => {
    let requeued = 0;
    for (let rows = 0; rows < rowsPerRunMax; rows += rowsPerCallMax) {
      const page = await duePage(resumeAfter);
      const ids = page.map(({ id }) => id);
      const known = await Promise.all(roomNames.map((name) => jobs.known(rooms[name].queue, ids)));
      const lost = ids.filter((id) => !known.some((there) => there.has(id)));
      // Not before what is new: of one endpoint there may be many.
      if (lost.length > 0) await jobs.add(rooms.backlog.queue, lost.map(jobOf));
      requeued += lost.length;
      const last = page.at(-1);
      const isLastPage = page.length < rowsPerCallMax || last === undefined;
      resumeAfter = isLastPage ? undefined : { value: last.document.nextAttemptAt, id: last.id };
      if (isLastPage) break;
    }
    return requeued;
  };

  /** Closes one page; what another writer changed meanwhile is met again, as it is still open. */
  const dropPage = async (endpointId: string, status: DeliveryStatus): Promise<{ found: number; dropped: number }> => {
    const page = await documents.find<Delivery>(deliveries.name, {
      where: { endpointId: { equals: endpointId }, status: { equals: status } },
      orderBy: { field: 'sequence', direction: 'ascending' },
      limit: rowsPerCallMax,
    });
    if (page.length === 0) return { found: 0, dropped: 0 };
    const outcomes = await documents.write(
      deliveries.name,
      page.map(({ id, document, position }) => ({
        id,
        document: { ...document, status: 'dropped', nextAttemptAt: null },
        position: position + 1n,
        expected: position,
      })),
    );
    return { found: page.length, dropped: outcomes.filter((outcome) => outcome === 'applied').length };
  };

  const dropAll = async (endpointId: string): Promise<number> => {
    let dropped = 0;
    for (const status of openStatuses) {
      for (;;) {
        const page = await dropPage(endpointId, status);
        dropped += page.dropped;
        if (page.found === 0) break;
      }
    }
    return dropped;
  };

  const closeIfDeleted = async ({ id, document, position }: StoredDocument<Counter>): Promise<number> => {
    if ((await endpointOf(directory, id, document.upTo)) !== null) return 0;
    const dropped = await dropAll(id);
    const closed: Counter = { ...document, closed: true };
    // `lost`: the planner counted once more meanwhile, and the next run looks again.
    await documents.write(counters.name, [{ id, document: closed, position: position + 1n, expected: position }]);
    return dropped;
  };

  const closeDeleted = async (): Promise<number> => {
    let dropped = 0;
    let after: PageStart;
    for (;;) {
      const page: readonly StoredDocument<Counter>[] = await documents.find<Counter>(counters.name, {
        where: { closed: { equals: false } },
        ...(after === undefined ? {} : { after }),
        limit: rowsPerCallMax,
      });
      for (const counter of page) dropped += await closeIfDeleted(counter);
      const last = page.at(-1);
      if (last === undefined || page.length < rowsPerCallMax) return dropped;
      after = { value: null, id: last.id };
    }
  };

  return async () => {
    const dropped = await closeDeleted();
    return { requeued: await requeue(), dropped };
  };
};
