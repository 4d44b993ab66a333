/**
 * Who may do what, and to whose things: the one table (docs/access.md, R5). A route names an operation; one that is not in
 * the table fails to start. An operation needs one of its scopes and one of its roles; what a role reaches of the things of
 * an operation follows from the role.
 */
import type { Role, Scope } from './principal.ts';

/**
 * `for_people`: people of any role. A client with credentials of its own can't sign in again; its scope stands for it.
 * `for_administrators_too`: people, and a client that acts as administrator, for what can't be undone: a client of that
 * role needs such a token as well, or the role `service`.
 */
type Sensitivity = 'for_people' | 'for_administrators_too';

/**
 * Whose the things of an operation are: those of a warehouse (its stock, its shipments), an order, a webhook endpoint, or
 * nobody's. Whoever does not reach one is told that it is not there.
 */
export type Whose = 'warehouse' | 'order' | 'endpoint' | 'nobody';

export interface Rule {
  /** Any of these, or the scope `admin`. */
  readonly scopes: readonly Scope[];
  readonly roles: readonly Role[];
  readonly whose: Whose;
  /** Who needs a fresh, strong authentication for it (RFC 9470), beside scope and role. */
  readonly sensitive?: Sensitivity;
  /** No program may: a second pair of eyes is asked for (T13). */
  readonly peopleOnly?: true;
}

const readers: readonly Role[] = ['admin', 'warehouse_staff', 'customer_service', 'auditor', 'partner', 'service'];
const keepers: readonly Role[] = ['admin', 'warehouse_staff', 'partner', 'service'];
const planners: readonly Role[] = ['admin', 'service'];
const orderReaders: readonly Role[] = [...readers, 'customer'];
const orderWriters: readonly Role[] = ['admin', 'service', 'customer'];
const subscribers: readonly Role[] = ['admin', 'partner', 'service'];

const readStock: Rule = { scopes: ['inventory:read'], roles: readers, whose: 'warehouse' };
const readItems: Rule = { ...readStock, whose: 'nobody' };
const changeStock: Rule = { scopes: ['inventory:write'], roles: keepers, whose: 'warehouse' };
const changeCatalogue: Rule = { scopes: ['inventory:write'], roles: planners, whose: 'nobody' };
const readOrders: Rule = { scopes: ['orders:read'], roles: orderReaders, whose: 'order' };
const writeOrders: Rule = { scopes: ['orders:write'], roles: orderWriters, whose: 'order' };
const changeShipment: Rule = { scopes: ['shipments:write'], roles: keepers, whose: 'warehouse' };
const manageWebhooks: Rule = { scopes: ['webhooks:manage'], roles: subscribers, whose: 'endpoint' };
const administer: Rule = { scopes: ['admin'], roles: ['admin'], whose: 'nobody' };

export const policies = {
  listWarehouses: readStock,
  getWarehouse: readStock,
  putWarehouse: { ...changeCatalogue, whose: 'warehouse' },
  listItems: readItems,
  getItem: readItems,
  putItem: changeCatalogue,
  /** An item is nobody's; what is told of it is that of the warehouses in reach. */
  getAvailability: readItems,

  listInventory: readStock,
  getInventory: readStock,
  getInventoryHistory: readStock,
  explainInventory: readStock,
  listDiscrepancies: { ...readStock, roles: ['admin', 'warehouse_staff', 'auditor', 'partner', 'service'] },
  registerInventory: changeStock,
  setInventory: changeStock,
  retireInventory: { ...changeStock, sensitive: 'for_administrators_too' },
  adjustInventory: changeStock,
  receiveInventory: changeStock,
  quarantineInventory: changeStock,
  releaseQuarantine: changeStock,
  setInventoryPolicy: changeStock,
  reserveInventory: changeStock,
  releaseReservation: changeStock,
  /** Up to 500 stocks in one go: a client's daily work, and seldom a person's. */
  changeInventory: { ...changeStock, sensitive: 'for_people' },

  listApprovals: readStock,
  getApproval: readStock,
  approveChange: { ...changeStock, sensitive: 'for_people', peopleOnly: true },
  rejectChange: changeStock,

  placeOrder: writeOrders,
  listOrders: readOrders,
  /** By what a customer says of themselves: for who sees every customer's contact anyway. */
  searchOrders: { ...readOrders, roles: ['admin', 'customer_service', 'service'] },
  getOrder: readOrders,
  getTracking: readOrders,
  /** Which other warehouses there are is no business of customers. */
  getOrderSourcing: { ...readOrders, roles: readers },
  simulateSourcing: { ...readItems, roles: ['admin', 'customer_service', 'service'] },
  correctOrder: writeOrders,
  cancelOrderLine: writeOrders,
  setOrderStatus: writeOrders,
  dispatchShipment: { ...changeShipment, whose: 'order' },
  correctShipment: changeShipment,
  voidShipment: changeShipment,
  trackShipment: changeShipment,

  createWebhookEndpoint: { ...manageWebhooks, sensitive: 'for_administrators_too' },
  listWebhookEndpoints: manageWebhooks,
  getWebhookEndpoint: manageWebhooks,
  deleteWebhookEndpoint: { ...manageWebhooks, sensitive: 'for_administrators_too' },
  testWebhookEndpoint: manageWebhooks,
  listWebhookDeliveries: manageWebhooks,

  issueApiKey: { ...administer, sensitive: 'for_administrators_too' },
  listApiKeys: administer,
  revokeApiKey: { ...administer, sensitive: 'for_administrators_too' },

  countInventory: changeStock,
  /** That of the warehouse it leaves from or goes to, as the route says. */
  planTransfer: changeStock,
  listTransfers: readStock,
  getTransfer: readStock,
  dispatchTransfer: changeStock,
  receiveTransfer: changeStock,
  recordTransferLoss: changeStock,
  cancelTransfer: changeStock,
  requestReturn: writeOrders,
  getReturn: readOrders,
  listReturns: readOrders,
  receiveReturn: changeStock,
  cancelReturn: writeOrders,

  /** Who has it sees all of the order's way, so it is given by those who see the whole order. */
  makeTrackingLink: writeOrders,
  revokeTrackingLink: writeOrders,

  /** The log is nobody's: who may read it, reads all of it. */
  listAuditEvents: { scopes: ['audit:read'], roles: ['admin', 'auditor', 'service'], whose: 'nobody' },
  /** Each event is that of the order or the warehouse it is about; a customer names an order. */
  streamEvents: { scopes: ['inventory:read', 'orders:read'], roles: orderReaders, whose: 'order' },
  getMetrics: { scopes: ['admin', 'audit:read'], roles: ['admin', 'auditor', 'service'], whose: 'nobody' },

  announceInbound: changeStock,
  listInbound: readStock,
  getInbound: readStock,
  changeInbound: changeStock,
  receiveInbound: changeStock,
  cancelInbound: changeStock,
  /** Each event is of one warehouse, and told to who reaches it. */
  listEpcisEvents: readStock,
} as const satisfies { readonly [operation: string]: Rule };

export type Operation = keyof typeof policies;
