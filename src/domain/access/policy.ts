/**
 * Who may do what: the one table (docs/access.md, R5). A route names an operation; one that is not in the table fails to
 * start. An operation needs one of its scopes and one of its roles; what of it a role reaches follows from the role.
 */
import { unreachable } from '../../eventsourcing/message.ts';
import type { Principal, Role, Scope } from './principal.ts';

interface Rule {
  /** Any of these, or the scope `admin`. */
  readonly scopes: readonly Scope[];
  readonly roles: readonly Role[];
  /** An administrator needs a fresh, strong authentication for it (RFC 9470). */
  readonly sensitive?: true;
}

const readers: readonly Role[] = ['admin', 'warehouse_staff', 'customer_service', 'auditor', 'partner', 'service'];
const keepers: readonly Role[] = ['admin', 'warehouse_staff', 'partner', 'service'];
const planners: readonly Role[] = ['admin', 'service'];
const orderReaders: readonly Role[] = [...readers, 'customer'];
const orderWriters: readonly Role[] = ['admin', 'service', 'customer'];
const subscribers: readonly Role[] = ['admin', 'partner', 'service'];

const readStock: Rule = { scopes: ['inventory:read'], roles: readers };
const changeStock: Rule = { scopes: ['inventory:write'], roles: keepers };
const readOrders: Rule = { scopes: ['orders:read'], roles: orderReaders };
const manageWebhooks: Rule = { scopes: ['webhooks:manage'], roles: subscribers };
const administer: Rule = { scopes: ['admin'], roles: ['admin'] };

export const policies = {
  listWarehouses: readStock,
  getWarehouse: readStock,
  putWarehouse: { scopes: ['inventory:write'], roles: planners },
  listItems: readStock,
  getItem: readStock,
  putItem: { scopes: ['inventory:write'], roles: planners },
  getAvailability: readStock,

  listInventory: readStock,
  getInventory: readStock,
  getInventoryHistory: readStock,
  explainInventory: readStock,
  listDiscrepancies: {
    scopes: ['inventory:read'],
    roles: ['admin', 'warehouse_staff', 'auditor', 'partner', 'service'],
  },
  registerInventory: changeStock,
  setInventory: changeStock,
  retireInventory: { ...changeStock, sensitive: true },
  adjustInventory: changeStock,
  receiveInventory: changeStock,
  quarantineInventory: changeStock,
  releaseQuarantine: changeStock,
  setInventoryPolicy: changeStock,
  reserveInventory: changeStock,
  releaseReservation: changeStock,
  changeInventory: changeStock,

  placeOrder: { scopes: ['orders:write'], roles: orderWriters },
  listOrders: readOrders,
  /** By what a customer says of themselves: for who sees every customer's contact anyway. */
  searchOrders: { scopes: ['orders:read'], roles: ['admin', 'customer_service', 'service'] },
  getOrder: readOrders,
  getTracking: readOrders,
  correctOrder: { scopes: ['orders:write'], roles: orderWriters },
  setOrderStatus: { scopes: ['orders:write'], roles: orderWriters },
  dispatchShipment: { scopes: ['shipments:write'], roles: keepers },
  correctShipment: { scopes: ['shipments:write'], roles: keepers },
  voidShipment: { scopes: ['shipments:write'], roles: keepers },
  trackShipment: { scopes: ['shipments:write'], roles: keepers },

  createWebhookEndpoint: { ...manageWebhooks, sensitive: true },
  listWebhookEndpoints: manageWebhooks,
  getWebhookEndpoint: manageWebhooks,
  deleteWebhookEndpoint: { ...manageWebhooks, sensitive: true },
  testWebhookEndpoint: manageWebhooks,
  listWebhookDeliveries: manageWebhooks,

  issueApiKey: { ...administer, sensitive: true },
  listApiKeys: administer,
  revokeApiKey: { ...administer, sensitive: true },

  listAuditEvents: { scopes: ['audit:read'], roles: ['admin', 'auditor', 'service'] },
  streamEvents: { scopes: ['inventory:read', 'orders:read'], roles: orderReaders },
  getMetrics: { scopes: ['admin', 'audit:read'], roles: ['admin', 'auditor', 'service'] },
} as const satisfies { readonly [operation: string]: Rule };

export type Operation = keyof typeof policies;

/** What of the things behind an operation the caller may see and change. Another owner's object is "not found". */
export interface Reach {
  readonly warehouses: 'all' | readonly string[];
  /** Set for a customer: only this customer's orders. */
  readonly customerId: string | null;
  /** The widest role that opened the operation: decides which fields an answer has. */
  readonly role: Role;
}

export type AccessVerdict =
  | { readonly kind: 'allowed'; readonly reach: Reach }
  | { readonly kind: 'scope_missing'; readonly scopes: readonly Scope[] }
  | { readonly kind: 'role_missing'; readonly roles: readonly Role[] }
  | { readonly kind: 'step_up'; readonly acrValues: readonly string[]; readonly maxAgeSeconds: number };

/** Widest first: who has two roles acts in the wider one. */
const byWidth: readonly Role[] = [
  'admin',
  'service',
  'customer_service',
  'auditor',
  'warehouse_staff',
  'partner',
  'customer',
];

/** OpenID EAP ACR Values 1.0: phishing-resistant, and the same with a hardware-protected key. */
export const strongAcrs: readonly string[] = ['phr', 'phrh'];
/** Long enough for one piece of work, short enough that an unattended screen can't delete much. */
export const stepUpMaxAgeSeconds = 15 * 60;

/** The issuer's clock may be ahead by as much. An authentication that is still to come is none. */
const clockSkewSeconds = 5;

/** Whether the authentication behind the token is strong, and of a moment ago. */
export const isFreshlyAuthenticated = ({ acr, authTime }: Principal, nowSeconds: number): boolean =>
  acr !== undefined &&
  strongAcrs.includes(acr) &&
  authTime !== undefined &&
  nowSeconds - authTime <= stepUpMaxAgeSeconds &&
  authTime - nowSeconds <= clockSkewSeconds;

const reachOf = (role: Role, { warehouses, customerId }: Principal): Reach => {
  switch (role) {
    case 'warehouse_staff':
    case 'partner':
      return { warehouses, customerId: null, role };
    case 'customer':
      // A customer without an id owns nothing; the empty text is nobody's id.
      return { warehouses: [], customerId: customerId ?? '', role };
    case 'admin':
    case 'customer_service':
    case 'auditor':
    case 'service':
      return { warehouses: 'all', customerId: null, role };
    default:
      return unreachable(role);
  }
};

/** @param nowSeconds since 1970; asked only where it matters. */
export const authorize = (operation: Operation, principal: Principal, nowSeconds: () => number): AccessVerdict => {
  const rule: Rule = policies[operation];
  if (!principal.scopes.includes('admin') && !rule.scopes.some((scope) => principal.scopes.includes(scope))) {
    return { kind: 'scope_missing', scopes: rule.scopes };
  }
  const role = byWidth.find((each) => rule.roles.includes(each) && principal.roles.includes(each));
  if (role === undefined) return { kind: 'role_missing', roles: rule.roles };
  if (rule.sensitive === true && role === 'admin' && !isFreshlyAuthenticated(principal, nowSeconds())) {
    return { kind: 'step_up', acrValues: strongAcrs, maxAgeSeconds: stepUpMaxAgeSeconds };
  }
  return { kind: 'allowed', reach: reachOf(role, principal) };
};

export const reachesWarehouse = ({ warehouses }: Reach, warehouseId: string): boolean =>
  warehouses === 'all' || warehouses.includes(warehouseId);

/** An order belongs to its customer, and is the business of every warehouse that has a part in it. */
export const reachesOrder = (
  reach: Reach,
  order: { readonly customerId: string; readonly warehouseIds: readonly string[] },
): boolean => {
  if (reach.customerId !== null) return reach.customerId === order.customerId;
  return reach.warehouses === 'all' || order.warehouseIds.some((id) => reachesWarehouse(reach, id));
};

/** Roles that must see, for a customer or in an outage, what the read models say this very moment (R21.3). */
const cachePassers: readonly Role[] = ['admin', 'customer_service'];

/** Asking past the cache costs what the cache is there to spare, so it is not for everyone. Any of the roles will do. */
export const mayBypassCache = ({ roles }: Pick<Principal, 'roles'>): boolean =>
  cachePassers.some((role) => roles.includes(role));
