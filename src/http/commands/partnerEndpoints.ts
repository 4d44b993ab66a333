/** What the webhook endpoints of one owner may be: how many (R23), and of which warehouses (ADR 22). */
import type { FastifyBaseLogger } from 'fastify';
import { systemContext } from '../../commands/handlers.ts';
import type { UseCases } from '../../commands/index.ts';
import { endpointContext } from '../../commands/webhookEndpoints.ts';
import type { Reach } from '../../domain/access/authorize.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { operatorTypes, type WebhookEventType } from '../../domain/webhook/events.ts';
import { derivedId } from '../../eventsourcing/commandHandling/ids.ts';
import { createKeyedQueue } from '../../eventsourcing/concurrency.ts';
import type { WebhookEndpointDocument } from '../../webhooks/endpoints.ts';
import type { WebhookReadModels } from '../../webhooks/index.ts';
import type { Caller } from '../access.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';

/** A partner has a handful of systems, each with an endpoint for each kind of message. */
export const endpointsPerOwnerMax = 50;
/** All their messages go to one machine, whose owner may never have asked for them. */
export const endpointsPerHostMax = 20;
/** A few subscriptions may share a receiver; more of them only multiply what it gets. */
export const endpointsPerUrlMax = 5;
/** As long as a read with a position waits by default (docs/openapi.json). */
const waitMs = 2_000;

interface RequestedEndpoint {
  readonly endpointId: string;
  readonly ownerId: string;
  readonly url: string;
}

interface EndpointQuota {
  /**
   * Runs `create` when the owner may have one more. What there is already stays, however much it is. Of one owner's
   * requests one runs at a time. While the read model is behind, other processes' endpoints may not be counted yet, so
   * that several processes can together exceed a quota.
   * @throws Problem `TOO_MANY_ENDPOINTS`
   */
  within<T extends { readonly kind: string }>(wanted: RequestedEndpoint, create: () => Promise<T>): Promise<T>;
}

/** What a request goes to: the fragment stays with the client (RFC 9110 §7.1). */
const placeOf = (url: string): { readonly host: string; readonly url: string } | null => {
  const parsed = URL.parse(url);
  if (parsed === null) return null;
  parsed.hash = '';
  return { host: parsed.hostname, url: parsed.href };
};

const refusal = (quota: 'owner' | 'host' | 'url', limit: number, whose: string): Problem =>
  new Problem('TOO_MANY_ENDPOINTS', `${whose} may have ${limit} webhook endpoints.`, { members: { quota, limit } });

export const createEndpointQuota = ({
  readModels: { webhookEndpoints, source },
  personalData,
}: Pick<HttpPorts, 'readModels' | 'personalData'>): EndpointQuota => {
  const inTurn = createKeyedQueue();
  /** By owner, what this process has made and the read model may not have yet. */
  const made = new Map<string, readonly RequestedEndpoint[]>();

  /** @returns whether the read model has all that there is, whichever process recorded it. */
  const isCaughtUp = async (): Promise<boolean> => {
    const head = await source.head();
    return head === null || webhookEndpoints.model.waitFor(head, waitMs);
  };

  const urlOf = async ({ endpointId, url }: WebhookEndpointDocument): Promise<string> => {
    const opened = await personalData.open(url, endpointContext(endpointId, 'url'));
    return typeof opened === 'string' ? opened : '';
  };

  /** Reads no more than the quota: an owner with a longer list is refused anyway. */
  const endpointsOf = async (ownerId: string): Promise<readonly RequestedEndpoint[]> => {
    if (await isCaughtUp()) made.delete(ownerId);
    const { items } = await webhookEndpoints.queries.list({ ownerId, limit: endpointsPerOwnerMax });
    const shown = new Set(items.map(({ endpointId }) => endpointId));
    const unseen = (made.get(ownerId) ?? []).filter(({ endpointId }) => !shown.has(endpointId));
    const known = items.map(async (each) => ({ endpointId: each.endpointId, ownerId, url: await urlOf(each) }));
    return [...(await Promise.all(known)), ...unseen];
  };

  const requireRoom = async ({ endpointId, ownerId, url }: RequestedEndpoint): Promise<void> => {
    const endpoints = await endpointsOf(ownerId);
    // A command that was recorded and is repeated gets its answer.
    if (endpoints.some((each) => each.endpointId === endpointId)) return;
    if (endpoints.length >= endpointsPerOwnerMax) throw refusal('owner', endpointsPerOwnerMax, 'One owner');
    const places = endpoints.map((each) => placeOf(each.url));
    const wanted = placeOf(url);
    const same = (part: 'host' | 'url'): number => places.filter((place) => place?.[part] === wanted?.[part]).length;
    if (same('url') >= endpointsPerUrlMax) throw refusal('url', endpointsPerUrlMax, 'One URL of one owner');
    if (same('host') >= endpointsPerHostMax) throw refusal('host', endpointsPerHostMax, 'One host of one owner');
  };

  return {
    within: ({ endpointId, ownerId, url }, create) =>
      inTurn(ownerId, async () => {
        await requireRoom({ endpointId, ownerId, url });
        const outcome = await create();
        if (outcome.kind === 'recorded')
          made.set(ownerId, [...(made.get(ownerId) ?? []), { endpointId, ownerId, url }]);
        return outcome;
      }),
  };
};

/** A partner owns what any of its clients made; everybody else owns what they made themselves. */
export const ownerOf = ({ partnerId, subject }: Principal): string => partnerId ?? subject;

interface ScopePorts {
  readonly useCases: Pick<UseCases, 'narrowEndpoint'>;
  readonly readModels: Pick<WebhookReadModels, 'webhookEndpoints'>;
  readonly logger: FastifyBaseLogger;
}

const pageSize = 500;

/** A token that is older than the endpoint may lack the warehouses that the endpoint was made for. */
const isNewer = ({ issuedAt = 0 }: Principal, { createdAt }: WebhookEndpointDocument): boolean =>
  issuedAt > Date.parse(createdAt) / 1_000;

/**
 * A partner's endpoints hear of no warehouse that the partner has lost. Assignments are known from tokens alone, so each
 * token of the owner is looked at: one that names fewer warehouses narrows the owner's endpoints.
 */
export const createPartnerScopes = ({ useCases, readModels, logger }: ScopePorts): ((caller: Caller) => void) => {
  // The verifier gives the same principal for a token for a minute: each is looked at once in that time.
  const seen = new WeakSet<Principal>();

  const narrow = async (principal: Principal): Promise<void> => {
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const after = cursor === undefined ? {} : { cursor };
      const query = { ownerId: ownerOf(principal), limit: pageSize, ...after };
      const page = await readModels.webhookEndpoints.queries.list(query);
      for (const endpoint of page.items) {
        const { endpointId, scope, revision } = endpoint;
        const isWithin = scope === 'all' || scope.every((id) => principal.warehouses.includes(id));
        if (isWithin || !isNewer(principal, endpoint)) continue;
        const left = [...principal.warehouses].sort().join();
        const context = systemContext(derivedId(`narrow/${endpointId}/${revision}/${left}`));
        await useCases.narrowEndpoint(endpointId, principal.warehouses, context);
      }
      cursor = page.nextCursor;
    }
  };

  return ({ principal, reach }) => {
    if (reach.role !== 'partner' || seen.has(principal)) return;
    seen.add(principal);
    void narrow(principal).catch((error: unknown) => {
      seen.delete(principal);
      logger.warn({ err: error }, "a partner's endpoints could not be compared with its token");
    });
  };
};

/** @throws Problem for what only operators hear of. */
export const requireHearable = (eventTypes: readonly WebhookEventType[], { role }: Reach): void => {
  if (role === 'admin' || !eventTypes.some((type) => operatorTypes.includes(type))) return;
  throw new Problem('ROLE_NOT_ALLOWED', `Only an administrator may subscribe to ${operatorTypes.join(', ')}.`);
};
