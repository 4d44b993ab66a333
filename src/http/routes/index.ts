/** Every route of the API: a new file of routes gets its line here. */
import type { FastifyInstance } from 'fastify';
import type { HttpPorts } from '../ports.ts';
import type { Router, RouteSupport } from '../route.ts';
import { registerApiKeys } from './apiKeys.ts';
import { registerApprovals } from './approvals.ts';
import { registerItems, registerWarehouses } from './catalogue.ts';
import { registerAudit, registerStream } from './events.ts';
import { registerInventoryChanges } from './inventoryChanges.ts';
import { registerInventoryFacts } from './inventoryFacts.ts';
import { registerInventoryPlans } from './inventoryPlans.ts';
import { registerDiscrepancies, registerInventoryReads } from './inventoryReads.ts';
import { registerOrderReads } from './orderReads.ts';
import { registerOrderCommands } from './orders.ts';
import { registerReturns } from './returns.ts';
import { registerShipments } from './shipments.ts';
import { registerTrackingLinks } from './trackingLinks.ts';
import { registerWebhookEndpoints } from './webhookEndpoints.ts';

export const registerApi = (app: FastifyInstance, router: Router, ports: HttpPorts, support: RouteSupport): void => {
  registerWarehouses(router, ports);
  registerItems(router, ports);
  registerInventoryReads(router, ports);
  registerDiscrepancies(router, ports);
  registerInventoryFacts(router, ports);
  registerInventoryChanges(router, ports);
  registerInventoryPlans(router, ports);
  registerApprovals(router, ports);
  registerOrderCommands(router, ports);
  registerOrderReads(router, ports);
  registerShipments(router, ports);
  registerWebhookEndpoints(router, ports);
  registerApiKeys(router, ports);
  registerAudit(router, ports);
  registerStream(app, router, ports, support);
  registerReturns(router, ports);
  registerTrackingLinks(router, ports);
};
