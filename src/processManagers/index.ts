/** All that follows events, or the clock, by commands of our own. */
import { type Handlers, systemContext } from '../commands/handlers.ts';
import type { CountryPoint, PersonalData } from '../commands/ports.ts';
import { lookUp } from '../domain/bucketMap.ts';
import { stockStream } from '../domain/values.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';
import { eachLimited, type TakeTurn } from '../eventsourcing/concurrency.ts';
import type { RecordedEvent } from '../eventsourcing/message.ts';
import type { Clock, EventSource, EventStore } from '../eventsourcing/ports.ts';
import { createAllocateOrder } from './allocateOrder.ts';
import { indexedTypes } from './allocationChanges.ts';
import { createAllocationIndex } from './allocationIndex.ts';
import type {
  AllocationReadModels,
  ClaimLists,
  DriftWatch,
  DueReservation,
  DueReservations,
  LapseWatch,
} from './ports.ts';
import { createReactions } from './reactions.ts';
import { createReconciler } from './reconcileClaims.ts';

/** Reservations that are looked up together. */
const pageMax = 500;
/** Commands at once: enough to fill a group commit, and few beside those of buyers. */
const concurrency = 64;

interface ExpiryPorts {
  readonly stock: Handlers['stock'];
  readonly due: DueReservations;
  readonly watch: LapseWatch;
  readonly clock: Clock;
}

/** Ends all that are due when it begins, page by page, or until aborted. @returns how many were past their time. */
type ExpireReservations = (signal?: AbortSignal) => Promise<number>;

/** Ends reservations that are past their time, by an event (B4). It is run every second or so, and may be repeated. */
export const createExpireReservations = ({ stock, due, watch, clock }: ExpiryPorts): ExpireReservations => {
  const expire = async ({ warehouseId, sku, reservationId, expiresAt }: DueReservation, now: string): Promise<void> => {
    const stream = stockStream(warehouseId, sku);
    const { state, revision } = await stock.load(stream);
    // The list that it is from is some milliseconds behind, and what a sweep has just ended is in the next one's.
    if (state.phase === 'absent' || lookUp(state.reservations, reservationId) === undefined) return;
    const commandId = derivedId(`expire/${stream}/${reservationId}@${revision}`);
    const command = { warehouseId, sku, occurredAt: now, reservationId, now };
    const outcome = await stock(stream, { type: 'ExpireReservation', ...command }, systemContext(commandId));
    if (outcome.kind === 'recorded') watch.ended(Date.parse(clock.now()) - Date.parse(expiresAt));
  };

  /** One that can't be ended holds up none of the others. @returns the failures. */
  const expirePage = async (page: readonly DueReservation[], now: string): Promise<readonly unknown[]> => {
    const failures: unknown[] = [];
    await eachLimited(page, concurrency, (each) =>
      expire(each, now).catch((error: unknown) => void failures.push(error)),
    );
    return failures;
  };

  return async (signal) => {
    const now = clock.now();
    const failures: unknown[] = [];
    let count = 0;
    for (let after: DueReservation | undefined; signal?.aborted !== true; ) {
      const page = await due.dueAt(now, pageMax, after);
      if (after === undefined) watch.oldestDue(Date.parse(now) - Date.parse(page[0]?.expiresAt ?? now));
      const failed = await expirePage(page, now);
      failures.push(...failed);
      count += page.length;
      after = page.at(-1);
      // Where all of a page fail, the store is away.
      if (page.length < pageMax || failed.length === page.length) break;
    }
    if (failures.length > 0) throw failures[0];
    return count;
  };
};

interface ProcessManagerPorts {
  readonly handlers: Handlers;
  readonly store: Pick<EventStore, 'readStream' | 'head'>;
  readonly clock: Clock;
  readonly personalData: PersonalData;
  readonly source: Pick<EventSource, 'scan' | 'head'>;
  readonly allocationReadModels: AllocationReadModels;
  readonly countryPoint: CountryPoint;
  readonly dueReservations: DueReservations;
  readonly lapseWatch: LapseWatch;
  readonly claimLists: ClaimLists;
  readonly driftWatch: DriftWatch;
  readonly takeTurn: TakeTurn;
  readonly reservationMs: number;
}

export const createProcessManagers = ({ source, allocationReadModels, ...ports }: ProcessManagerPorts) => {
  const { handlers, clock, takeTurn } = ports;
  const index = createAllocationIndex({ handlers, source, readModels: allocationReadModels, takeTurn });
  const { facts } = index;
  const allocateOrder = createAllocateOrder({ ...ports, facts });
  const reactions = createReactions({ ...ports, facts, allocateOrder });
  const reconciler = createReconciler({ ...ports, facts }, reactions);
  const reacted = new Set(reactions.types);
  return {
    reactions: {
      /** What is reacted to, and what changes where allocations look. */
      types: [...new Set([...reactions.types, ...indexedTypes])],
      /** Before the first events that this process is handed as the one that runs the policies. */
      takeOver: index.takeOver,
      handle: async (events: readonly RecordedEvent[]): Promise<void> => {
        await index.note(events);
        const asking = events.filter(({ type }) => reacted.has(type));
        await reactions.handle(asking);
        reconciler.note(asking);
      },
    },
    /** Only where the reactions run: see `Reconciler`. */
    reconcileClaims: reconciler.look,
    expireReservations: createExpireReservations({
      stock: handlers.stock,
      due: ports.dueReservations,
      watch: ports.lapseWatch,
      clock,
    }),
  };
};

export type ProcessManagers = ReturnType<typeof createProcessManagers>;
