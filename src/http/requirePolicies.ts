/** No route without its line of the policy table (R5): the service does not start with one. */
import type { FastifyInstance } from 'fastify';
import { type Operation, policies, type Whose } from '../domain/access/policy.ts';

/** Whose a thing is that a path names. `null`: nobody's, or that of what stands before it. */
const whoseIs: { readonly [parameter: string]: Whose | null } = {
  warehouseId: 'warehouse',
  shipmentId: 'warehouse',
  approvalId: 'warehouse',
  orderId: 'order',
  endpointId: 'endpoint',
  sku: null,
  lineId: null,
  reservationId: null,
  keyId: 'nobody',
  transferId: 'warehouse',
  inboundId: 'warehouse',
  // Its customer's as an order is, and a warehouse's where it is received.
  returnId: null,
  linkId: null,
};

/** What of a path contradicts the line of its operation. */
const faultsOf = (url: string, operation: Operation): readonly string[] => {
  const { whose } = policies[operation];
  return [...url.matchAll(/:(\w+)/g)].flatMap(([, name = '']) => {
    if (!Object.hasOwn(whoseIs, name)) return [`whose is ":${name}"? (src/http/requirePolicies.ts)`];
    const named = whoseIs[name] ?? whose;
    return named === whose ? [] : [`":${name}" is of: ${named}, and ${operation} in the policy table of: ${whose}`];
  });
};

/** A route that is not hidden from the document names its operation, and its path what this is about. */
export const requirePolicies = (app: FastifyInstance): void => {
  app.addHook('onRoute', ({ url, schema, config }) => {
    const isHidden = (schema as { hide?: boolean } | undefined)?.hide === true || url.startsWith('/docs');
    if (isHidden) return;
    const { operation } = (config ?? {}) as { operation?: Operation };
    if (operation === undefined || !Object.hasOwn(policies, operation)) {
      throw new Error(`${url} has no line in the policy table (src/domain/access/policy.ts)`);
    }
    const [fault] = faultsOf(url, operation);
    if (fault !== undefined) throw new Error(`${url}: ${fault}`);
  });
};
