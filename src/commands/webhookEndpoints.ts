/** A partner's endpoints: made with a secret that is told once, tried out, deleted. */
import { webhookStream } from '../domain/values.ts';
import type { WebhookEventType } from '../domain/webhook/events.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import { type Handlers, notSealed, systemContext } from './handlers.ts';
import type { PersonalData } from './ports.ts';

export interface EndpointRequest {
  readonly endpointId: string;
  readonly ownerId: string;
  readonly url: string;
  readonly eventTypes: readonly WebhookEventType[];
  readonly warehouseIds?: readonly string[];
  /** What its owner may see now; deliveries never go beyond it. */
  readonly scope: 'all' | readonly string[];
  readonly description?: string;
}

/** Where each sealed part of an endpoint belongs; it opens nowhere else. */
export const endpointContext = (endpointId: string, field: 'url' | 'secret' | 'description'): string =>
  `${webhookStream(endpointId)}/${field}`;

export const createWebhookUseCases = (
  { webhook }: Pick<Handlers, 'webhook'>,
  personalData: PersonalData,
  /** `whsec_` and 32 random bytes in base64 (Standard Webhooks). */
  newSecret: () => string,
) => {
  const createEndpoint = async (request: EndpointRequest, context: CommandContext) => {
    const { endpointId, url, description, ...rest } = request;
    const seal = (field: Parameters<typeof endpointContext>[1], text: string) =>
      context.dryRun === true
        ? notSealed
        : personalData.seal(webhookStream(endpointId), endpointContext(endpointId, field), text);
    const endpoint = {
      ...rest,
      endpointId,
      url: await seal('url', url),
      secret: await seal('secret', newSecret()),
      ...(description === undefined ? {} : { description: await seal('description', description) }),
    };
    return webhook(webhookStream(endpointId), { type: 'CreateEndpoint', endpoint }, context);
  };

  return {
    createEndpoint,
    /** `warehouses`: all that its owner is assigned to now. */
    narrowEndpoint: (endpointId: string, warehouses: readonly string[], context: CommandContext) =>
      webhook(webhookStream(endpointId), { type: 'NarrowScope', endpointId, warehouses }, context),
    deleteEndpoint: (endpointId: string, context: CommandContext) =>
      webhook(webhookStream(endpointId), { type: 'DeleteEndpoint', endpointId }, context),
    /** The receiver said that it is gone for good (410). That the endpoint is disabled follows from the event. */
    recordGone: (endpointId: string) =>
      webhook(
        webhookStream(endpointId),
        { type: 'RecordGone', endpointId },
        systemContext(derivedId(`gone/${endpointId}`)),
      ),
    testEndpoint: (endpointId: string, context: CommandContext) =>
      webhook(webhookStream(endpointId), { type: 'RequestTest', endpointId }, context),
  };
};
