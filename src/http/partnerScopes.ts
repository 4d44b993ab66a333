/**
 * A partner's endpoints hear of no warehouse that the partner has lost. Assignments are known from tokens alone, so each
 * token of the owner is looked at: one that names fewer warehouses narrows the owner's endpoints (ADR 22).
 */
import type { FastifyBaseLogger } from 'fastify';
import type { UseCases } from '../commands/index.ts';
import { systemContext } from '../commands/systemContext.ts';
import type { Principal } from '../domain/access/principal.ts';
import { derivedId } from '../eventsourcing/commandHandling/outcome.ts';
import type { WebhookEndpointDocument } from '../webhooks/endpoints/projection.ts';
import type { WebhookReadModels } from '../webhooks/index.ts';
import type { Caller } from './access.ts';

/** A partner owns what any of its clients made; everybody else owns what they made themselves. */
export const ownerOf = ({ partnerId, subject }: Principal): string => partnerId ?? subject;

interface ScopePorts {
  readonly useCases: Pick<UseCases, 'narrowEndpoint'>;
  readonly readModels: Pick<WebhookReadModels, 'webhookEndpoints'>;
  readonly logger: FastifyBaseLogger;
}

const pageSize = 500;

/** A token from before the endpoint was made may not know of the warehouses that it was made for. */
const isNewer = ({ issuedAt = 0 }: Principal, { createdAt }: WebhookEndpointDocument): boolean =>
  issuedAt > Date.parse(createdAt) / 1_000;

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
