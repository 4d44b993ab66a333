/** A partner's webhook endpoints and what was delivered to them (R23). */
import type { PersonalData } from '../../commands/ports.ts';
import { endpointContext } from '../../commands/webhookEndpoints.ts';
import type { Reach } from '../../domain/access/authorize.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { webhookStream } from '../../domain/values.ts';
import { derivedTimeId } from '../../eventsourcing/commandHandling/ids.ts';
import type { WebhookEndpointDocument } from '../../webhooks/endpoints.ts';
import { plannerName } from '../../webhooks/planner.ts';
import { answerOutcome } from '../commands/answers.ts';
import { createEndpointQuota, ownerOf, requireHearable } from '../commands/partnerEndpoints.ts';
import { showResource } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { answerPage, pageRequestOf } from '../reads/lists.ts';
import type { Router } from '../route.ts';
import { Closed, DryRun, Nothing, NotModified, PageOf, PageQuery, ref } from '../schemas/common.ts';
import {
  CreatedEndpoint,
  DeliveriesQuery,
  Delivery,
  Endpoint,
  EndpointBody,
  EndpointPath,
} from '../schemas/webhooks.ts';

const tag = 'Webhooks';

const owns = (ownerId: string, principal: Principal, reach: Reach): boolean =>
  reach.role === 'admin' || ownerId === ownerOf(principal);

const noEndpoint = (): Problem => new Problem('WEBHOOK_ENDPOINT_NOT_FOUND', 'No such webhook endpoint.');

const showEndpoint = async (endpoint: WebhookEndpointDocument, personalData: PersonalData): Promise<object> => {
  const { endpointId, url, description, eventTypes, warehouseIds, scope, status, revision } = endpoint;
  const { createdAt, updatedAt } = endpoint;
  return {
    endpointId,
    url: (await personalData.open(url, endpointContext(endpointId, 'url'))) ?? '',
    ...(description === undefined
      ? {}
      : { description: (await personalData.open(description, endpointContext(endpointId, 'description'))) ?? '' }),
    eventTypes,
    ...(warehouseIds === undefined ? {} : { warehouseIds }),
    scope,
    status,
    createdAt,
    updatedAt,
    revision,
  };
};

export const registerWebhookEndpoints = ({ read, command }: Router, ports: HttpPorts): void => {
  const { useCases, readModels, consumers, personalData, checkWebhookTarget } = ports;
  const { webhookEndpoints, deliveries } = readModels;
  const quota = createEndpointQuota(ports);

  /** As of this moment, on the write side. @throws Problem */
  const requireOwn = async (endpointId: string, principal: Principal, reach: Reach): Promise<void> => {
    const { state } = await useCases.load.webhook(webhookStream(endpointId));
    if (!('endpoint' in state) || !owns(state.endpoint.ownerId, principal, reach)) throw noEndpoint();
  };

  const findOwn = async (endpointId: string, principal: Principal, reach: Reach): Promise<WebhookEndpointDocument> => {
    const endpoint = await webhookEndpoints.queries.get(endpointId);
    if (endpoint === null || !owns(endpoint.ownerId, principal, reach)) throw noEndpoint();
    return endpoint;
  };

  command({
    operation: 'createWebhookEndpoint',
    method: 'POST',
    url: '/v1/webhook-endpoints',
    tag,
    summary: 'Subscribe an address; the answer tells the secret, once',
    description: 'Deliveries follow Standard Webhooks and begin with what happens after this.',
    body: EndpointBody,
    answers: { 201: ref(CreatedEndpoint), 200: ref(DryRun) },
    problems: [
      'WEBHOOK_TARGET_NOT_ALLOWED',
      'WEBHOOK_ENDPOINT_EXISTS',
      'TOO_MANY_ENDPOINTS',
      'WAREHOUSE_NOT_FOUND',
      'STEP_UP_REQUIRED',
    ],
    confidential: true,
    handle: async ({ body, principal, reach, context, claimedAt, reply }) => {
      const refusal = checkWebhookTarget(body.url);
      if (refusal !== null) {
        throw new Problem('WEBHOOK_TARGET_NOT_ALLOWED', `The address is refused: ${refusal}.`, {
          members: { refusal },
        });
      }
      requireHearable(body.eventTypes, reach);
      const scope = reach.warehouses;
      if (scope !== 'all' && body.warehouseIds?.some((id) => !scope.includes(id)) === true) {
        throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
      }
      const endpointId = derivedTimeId(`endpoint/${context.commandId}`, await claimedAt());
      const request = { ...body, endpointId, ownerId: ownerOf(principal), scope };
      const outcome = await quota.within(request, () => useCases.createEndpoint(request, context));
      const location = `/v1/webhook-endpoints/${endpointId}`;
      const answer = answerOutcome(outcome, reply, { status: 201, location, body: () => undefined });
      if (answer !== undefined) return answer;
      // From what was recorded: a second attempt tells the secret of the first.
      const { state, revision, updatedAt } = await useCases.load.webhook(webhookStream(endpointId));
      if (!('endpoint' in state)) throw noEndpoint();
      const { endpoint } = state;
      const times = { createdAt: updatedAt ?? '', updatedAt: updatedAt ?? '', revision, createdPosition: '' };
      const shown = await showEndpoint({ ...endpoint, status: 'active', ...times }, personalData);
      return { ...shown, secret: await personalData.open(endpoint.secret, endpointContext(endpointId, 'secret')) };
    },
  });

  command({
    operation: 'deleteWebhookEndpoint',
    method: 'DELETE',
    url: '/v1/webhook-endpoints/:endpointId',
    tag,
    summary: 'Delete an endpoint; what was not delivered yet is dropped',
    params: EndpointPath,
    answers: { 204: Nothing, 200: ref(DryRun) },
    problems: ['WEBHOOK_ENDPOINT_NOT_FOUND', 'STEP_UP_REQUIRED'],
    handle: async ({ params: { endpointId }, principal, reach, context, reply }) => {
      await requireOwn(endpointId, principal, reach);
      const outcome = await useCases.deleteEndpoint(endpointId, context);
      return answerOutcome(outcome, reply, { status: 204, body: () => undefined }) ?? reply.send();
    },
  });

  command({
    operation: 'testWebhookEndpoint',
    method: 'POST',
    url: '/v1/webhook-endpoints/:endpointId/test',
    tag,
    summary: 'Send a message of type `webhook.test` to this endpoint',
    params: EndpointPath,
    answers: { 202: Nothing, 200: ref(DryRun) },
    problems: ['WEBHOOK_ENDPOINT_NOT_FOUND'],
    handle: async ({ params: { endpointId }, principal, reach, context, reply }) => {
      await requireOwn(endpointId, principal, reach);
      const outcome = await useCases.testEndpoint(endpointId, context);
      return answerOutcome(outcome, reply, { status: 202, body: () => undefined }) ?? reply.send();
    },
  });

  read({
    operation: 'getWebhookEndpoint',
    url: '/v1/webhook-endpoints/:endpointId',
    tag,
    summary: 'One endpoint, without its secret',
    params: EndpointPath,
    answers: { 200: ref(Endpoint), 304: NotModified },
    problems: ['WEBHOOK_ENDPOINT_NOT_FOUND'],
    models: [webhookEndpoints.model],
    handle: async ({ params: { endpointId }, principal, reach, request, reply }) => {
      const endpoint = await findOwn(endpointId, principal, reach);
      return showResource(
        { revision: endpoint.revision, ...(await showEndpoint(endpoint, personalData)) },
        { request, reply },
      );
    },
  });

  read({
    operation: 'listWebhookEndpoints',
    url: '/v1/webhook-endpoints',
    tag,
    summary: "The caller's endpoints",
    query: Closed(PageQuery),
    answers: { 200: PageOf(ref(Endpoint)) },
    problems: ['INVALID_CURSOR'],
    models: [webhookEndpoints.model],
    handle: async ({ query, principal, reach }) => {
      const owner = reach.role === 'admin' ? {} : { ownerId: ownerOf(principal) };
      const page = await webhookEndpoints.queries.list({ ...pageRequestOf(query), ...owner });
      const items = await Promise.all(page.items.map((endpoint) => showEndpoint(endpoint, personalData)));
      return answerPage({ ...page, items }, (endpoint) => endpoint);
    },
  });

  read({
    operation: 'listWebhookDeliveries',
    url: '/v1/webhook-endpoints/:endpointId/deliveries',
    tag,
    summary: 'What was delivered, is waiting, or failed: with every attempt, the newest first',
    params: EndpointPath,
    query: DeliveriesQuery,
    answers: { 200: PageOf(ref(Delivery)) },
    problems: ['WEBHOOK_ENDPOINT_NOT_FOUND', 'INVALID_CURSOR'],
    models: [webhookEndpoints.model, ...consumers.filter(({ name }) => name === plannerName)],
    handle: async ({ params: { endpointId }, query, principal, reach }) => {
      await findOwn(endpointId, principal, reach);
      const { status } = query;
      const filter = status === undefined ? {} : { status };
      const page = await deliveries.list({ endpointId, ...filter, ...pageRequestOf(query) });
      return answerPage(page, (delivery) => delivery);
    },
  });
};
