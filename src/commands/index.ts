/** The whole public surface of the write side: what clients may ask for. */
import type { Clock } from '../eventsourcing/ports.ts';
import { createCatalogueUseCases } from './catalogue.ts';
import type { Handlers } from './handlers.ts';
import { createSealNote } from './notes.ts';
import { createOrderUseCases } from './orders.ts';
import type { PersonalData } from './ports.ts';
import { createShipmentUseCases } from './shipments.ts';
import { createStockUseCases } from './stock.ts';
import { createWebhookUseCases } from './webhookEndpoints.ts';

export interface UseCasePorts {
  readonly handlers: Handlers;
  readonly personalData: PersonalData;
  readonly clock: Clock;
  readonly newSecret: () => string;
}

export const createUseCases = ({ handlers, personalData, clock, newSecret }: UseCasePorts) => {
  const sealNote = createSealNote(personalData);
  return {
    ...createCatalogueUseCases(handlers),
    ...createStockUseCases(handlers, sealNote),
    ...createOrderUseCases(handlers, { personalData, sealNote, clock }),
    ...createShipmentUseCases(handlers, { personalData, sealNote }),
    ...createWebhookUseCases(handlers, personalData, newSecret),
    /** Exact states of the write side, for what an answer or a check needs at once. */
    load: { order: handlers.order.load, shipment: handlers.shipment.load, webhook: handlers.webhook.load },
  };
};

export type UseCases = ReturnType<typeof createUseCases>;
