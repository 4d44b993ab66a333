/** What is read of webhooks: their endpoints, and what was sent to each. */
import { webhookStream } from '../domain/values.ts';
import { createFold, createReadModelBuilder, orFolded } from '../eventsourcing/projecting/builtReadModels.ts';
import { erase } from '../eventsourcing/projecting/projection.ts';
import type { ReadSide } from '../eventsourcing/projecting/readModel.ts';
import { type WebhookEndpointDocument, webhookEndpoints } from './endpoints/projection.ts';
import { createWebhookEndpointQueries } from './endpoints/queries.ts';
import { createDeliveryQueries } from './queries.ts';

/** Every projection of this room; a rebuild names one of them. */
export const webhookProjections = [erase(webhookEndpoints)];

export const createWebhookReadModels = (side: ReadSide) => {
  const fold = createFold(side);
  const { all, build } = createReadModelBuilder(side);
  return {
    webhookEndpoints: build(erase(webhookEndpoints), (documents, collection) =>
      orFolded(createWebhookEndpointQueries(documents, collection), (id: string) =>
        fold<WebhookEndpointDocument>(erase(webhookEndpoints), webhookStream(id), id),
      ),
    ),
    deliveries: createDeliveryQueries(side.documents),
    all,
  };
};

export type WebhookReadModels = ReturnType<typeof createWebhookReadModels>;
