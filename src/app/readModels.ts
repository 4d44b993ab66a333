/** All that is read, of every room. */
import type { AnyProjection } from '../eventsourcing/projecting/projection.ts';
import type { ReadSide } from '../eventsourcing/projecting/readModel.ts';
import { createReadModels, projections, type ReadModels } from '../projections/index.ts';
import { createWebhookReadModels, type WebhookReadModels, webhookProjections } from '../webhooks/index.ts';

/** A rebuild names one of them. */
export const allProjections: readonly AnyProjection[] = [...projections, ...webhookProjections];

export const createAllReadModels = (side: ReadSide): ReadModels & WebhookReadModels => {
  const readModels = createReadModels(side);
  const ofWebhooks = createWebhookReadModels(side);
  return { ...readModels, ...ofWebhooks, all: [...readModels.all, ...ofWebhooks.all] };
};
