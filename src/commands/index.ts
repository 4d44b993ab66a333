/** The whole public surface of the write side. */
import type { RecordedEvent } from '../eventsourcing/message.ts';
import type { TakeTurn } from '../eventsourcing/turns.ts';
import type { AllocationFacts, ClaimLists, DriftWatch, DueReservations, LapseWatch } from '../processManagers/ports.ts';
import { createAllocateOrder } from './allocateOrder.ts';
import { createCatalogueUseCases } from './catalogue.ts';
import { createExpireReservations } from './expireReservations.ts';
import type { HandlerOptions } from './handle.ts';
import { createHandlers } from './handlers.ts';
import { createSealNote } from './notes.ts';
import { createOrderUseCases } from './orders.ts';
import type { CountryPoint, PersonalData } from './ports.ts';
import { createReactions } from './reactions.ts';
import { createReconciler } from './reconcileClaims.ts';
import { createShipmentUseCases } from './shipments.ts';
import { createStockUseCases } from './stock.ts';
import { createWebhookUseCases } from './webhookEndpoints.ts';

export interface WriteSidePorts extends HandlerOptions {
  readonly personalData: PersonalData;
  readonly facts: AllocationFacts;
  readonly countryPoint: CountryPoint;
  readonly dueReservations: DueReservations;
  readonly lapseWatch: LapseWatch;
  readonly claimLists: ClaimLists;
  readonly driftWatch: DriftWatch;
  readonly takeTurn: TakeTurn;
  readonly newSecret: () => string;
  readonly reservationMs: number;
}

export const buildUseCases = (ports: WriteSidePorts) => {
  const { personalData, clock } = ports;
  const handlers = createHandlers(ports);
  const sealNote = createSealNote(personalData);
  const allocateOrder = createAllocateOrder({ ...ports, handlers });
  const reactions = createReactions({ ...ports, handlers, allocateOrder });
  const reconciler = createReconciler({ ...ports, handlers }, reactions);
  return {
    ...createCatalogueUseCases(handlers),
    ...createStockUseCases(handlers, sealNote),
    ...createOrderUseCases(handlers, { personalData, sealNote, clock }),
    ...createShipmentUseCases(handlers, { personalData, sealNote }),
    ...createWebhookUseCases(handlers, personalData, ports.newSecret),
    expireReservations: createExpireReservations({
      stock: handlers.stock,
      due: ports.dueReservations,
      watch: ports.lapseWatch,
      clock,
    }),
    reactions: {
      types: reactions.types,
      handle: async (events: readonly RecordedEvent[]): Promise<void> => {
        await reactions.handle(events);
        reconciler.note(events);
      },
    },
    /** Only where the policies run: see `Reconciler`. */
    reconcileClaims: reconciler.look,
    /** Exact states of the write side, for what an answer or a check needs at once. */
    load: { order: handlers.order.load, shipment: handlers.shipment.load, webhook: handlers.webhook.load },
  };
};

export type UseCases = ReturnType<typeof buildUseCases>;
