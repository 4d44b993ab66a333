/** The whole public surface of the write side: what clients may ask for. */
import type { ItemCommand } from '../domain/item/decider.ts';
import { itemStream, warehouseStream } from '../domain/values.ts';
import type { SourcingState, WarehouseDescription } from '../domain/warehouse/events.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import type { Clock, EventStore } from '../eventsourcing/ports.ts';
import { createAlertUseCases } from './alerts.ts';
import { createApiKeyUseCases } from './apiKeys.ts';
import { createCountUseCases } from './counts.ts';
import { createSealNote, type Handlers } from './handlers.ts';
import { createInboundUseCases } from './inbound.ts';
import { createOrderUseCases } from './orders.ts';
import type { ApiKeyTexts, PersonalData, TrackingTokens } from './ports.ts';
import { createReturnUseCases } from './returns.ts';
import { createShipmentUseCases } from './shipments.ts';
import { createStockUseCases } from './stock.ts';
import { createTrackingLinkUseCases } from './trackingLinks.ts';
import { createTransferUseCases } from './transfers.ts';
import { createWebhookUseCases } from './webhookEndpoints.ts';

/** Warehouses and items. Each is described as a whole, and the same description again records nothing. */
const createCatalogueUseCases = ({ item, warehouse }: Handlers) => ({
  defineWarehouse: (
    warehouseId: string,
    description: WarehouseDescription & { readonly sourcing: SourcingState },
    context: CommandContext,
  ) => warehouse(warehouseStream(warehouseId), { type: 'DefineWarehouse', warehouseId, ...description }, context),
  defineItem: (sku: string, description: Omit<ItemCommand, 'type' | 'sku'>, context: CommandContext) =>
    item(itemStream(sku), { type: 'DefineItem', sku, ...description }, context),
});

interface UseCasePorts {
  readonly handlers: Handlers;
  readonly personalData: PersonalData;
  readonly clock: Clock;
  readonly events: Pick<EventStore, 'readStream'>;
  readonly newSecret: () => string;
  /** See `createStockUseCases`. */
  readonly approvalFromUnits: number;
  readonly apiKeyTexts: ApiKeyTexts;
  readonly trackingTokens: TrackingTokens;
}

export const createUseCases = ({
  handlers,
  personalData,
  clock,
  events,
  newSecret,
  approvalFromUnits,
  apiKeyTexts,
  trackingTokens,
}: UseCasePorts) => {
  const sealNote = createSealNote(personalData);
  const stockUseCases = createStockUseCases(handlers, { sealNote, approvalFromUnits });
  return {
    ...createCatalogueUseCases(handlers),
    ...createAlertUseCases(handlers),
    ...createApiKeyUseCases(handlers, apiKeyTexts),
    ...stockUseCases,
    ...createCountUseCases(handlers, { ...stockUseCases, events }),
    ...createOrderUseCases(handlers, { personalData, sealNote, clock }),
    ...createShipmentUseCases(handlers, { personalData, sealNote }),
    ...createWebhookUseCases(handlers, personalData, newSecret),
    ...createTransferUseCases(handlers, clock),
    ...createInboundUseCases(handlers),
    ...createReturnUseCases(handlers, personalData),
    ...createTrackingLinkUseCases(handlers, trackingTokens),
    /** Exact states of the write side, for what an answer or a check needs at once. */
    load: {
      order: handlers.order.load,
      shipment: handlers.shipment.load,
      webhook: handlers.webhook.load,
      transfer: handlers.transfer.load,
      inbound: handlers.inbound.load,
      return: handlers.return.load,
    },
  };
};

export type UseCases = ReturnType<typeof createUseCases>;
