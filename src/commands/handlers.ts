/** What each use case is made of: one command loop for each aggregate, sealed notes, and the context of our own commands. */
import { alertDecider } from '../domain/alert/decider.ts';
import { apiKeyDecider } from '../domain/apiKey/decider.ts';
import { inboundDecider } from '../domain/inbound/decider.ts';
import { itemDecider } from '../domain/item/decider.ts';
import { orderDecider } from '../domain/order/decider.ts';
import { orderNumberDecider } from '../domain/orderNumber/decider.ts';
import { returnDecider } from '../domain/return/decider.ts';
import { shipmentDecider } from '../domain/shipment/decider.ts';
import { stockDecider } from '../domain/stock/decider.ts';
import { trackingLinkDecider } from '../domain/trackingLink/decider.ts';
import { transferDecider } from '../domain/transfer/decider.ts';
import { warehouseDecider } from '../domain/warehouse/decider.ts';
import { webhookDecider } from '../domain/webhook/decider.ts';
import { createCommandHandler, type HandlerOptions } from '../eventsourcing/commandHandling/commandHandler.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import type { RecordedEvent, Sealed } from '../eventsourcing/message.ts';
import type { PersonalData } from './ports.ts';

export const createHandlers = (options: HandlerOptions) => ({
  stock: createCommandHandler(stockDecider, options),
  item: createCommandHandler(itemDecider, options),
  warehouse: createCommandHandler(warehouseDecider, options),
  order: createCommandHandler(orderDecider, options),
  orderNumber: createCommandHandler(orderNumberDecider, options),
  shipment: createCommandHandler(shipmentDecider, options),
  webhook: createCommandHandler(webhookDecider, options),
  alert: createCommandHandler(alertDecider, options),
  apiClient: createCommandHandler(apiKeyDecider, options),
  transfer: createCommandHandler(transferDecider, options),
  inbound: createCommandHandler(inboundDecider, options),
  return: createCommandHandler(returnDecider, options),
  trackingLink: createCommandHandler(trackingLinkDecider, options),
});

export type Handlers = ReturnType<typeof createHandlers>;

/** Where the note of an event belongs; it opens nowhere else. */
export const noteContext = (stream: string): string => `${stream}/note`;

export type SealNote = (note: string, stream: string, context: CommandContext) => Promise<Sealed>;

/** Stands in for sealed text in a dry run, which may not even make a key (B12). Never stored. */
export const notSealed = 'dry-run' as Sealed;

export const createSealNote =
  (personalData: PersonalData): SealNote =>
  async (note, stream, { actor, dryRun }) =>
    dryRun === true ? notSealed : personalData.seal(`author:${actor.subject}`, noteContext(stream), note);

/** Who sends the commands of policies, sweeps and the webhook worker. */
export const systemActor = { subject: 'stockledger', kind: 'system', client: 'stockledger' } as const;

/** A command of ours that no event caused. */
export const systemContext = (commandId: string): CommandContext => ({
  commandId,
  actor: systemActor,
  authentication: {},
  correlationId: commandId,
  causationId: commandId,
});

/**
 * A command of ours that an event asks for, by a name: whoever sends it, and however often, it is the same command.
 * @see CommandContext.occurredAt for its time: now, if nothing else is said.
 */
export const followingContext = (
  { id, metadata }: Pick<RecordedEvent, 'id' | 'metadata'>,
  name: string,
): CommandContext => ({
  ...systemContext(derivedId(`${id}/${name}`)),
  correlationId: metadata.$correlationId,
  causationId: id,
});
