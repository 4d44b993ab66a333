/** All that follows events, or the clock, by commands of our own. */
import type { Handlers } from '../commands/handlers.ts';
import type { CountryPoint, PersonalData } from '../commands/ports.ts';
import type { TakeTurn } from '../eventsourcing/concurrency.ts';
import type { RecordedEvent } from '../eventsourcing/message.ts';
import type { Clock, EventStore } from '../eventsourcing/ports.ts';
import { createAllocateOrder } from './allocateOrder.ts';
import { createExpireReservations } from './expireReservations.ts';
import type { AllocationFacts, ClaimLists, DriftWatch, DueReservations, LapseWatch } from './ports.ts';
import { createReactions } from './reactions.ts';
import { createReconciler } from './reconcileClaims.ts';

export interface ProcessManagerPorts {
  readonly handlers: Handlers;
  readonly store: Pick<EventStore, 'readStream' | 'head'>;
  readonly clock: Clock;
  readonly personalData: PersonalData;
  readonly facts: AllocationFacts;
  readonly countryPoint: CountryPoint;
  readonly dueReservations: DueReservations;
  readonly lapseWatch: LapseWatch;
  readonly claimLists: ClaimLists;
  readonly driftWatch: DriftWatch;
  readonly takeTurn: TakeTurn;
  readonly reservationMs: number;
}

export const createProcessManagers = (ports: ProcessManagerPorts) => {
  const { handlers, clock } = ports;
  const allocateOrder = createAllocateOrder(ports);
  const reactions = createReactions({ ...ports, allocateOrder });
  const reconciler = createReconciler(ports, reactions);
  return {
    reactions: {
      types: reactions.types,
      handle: async (events: readonly RecordedEvent[]): Promise<void> => {
        await reactions.handle(events);
        reconciler.note(events);
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
