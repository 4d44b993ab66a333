/** Every operation, for every role (docs/access.md, R5): who may, what of it they reach, and what it takes. */
import { describe, expect, it } from 'vitest';
import { authorize, type Reach, reachesOrder, reachesWarehouse } from '../../src/domain/access/authorize.ts';
import { type Operation, policies } from '../../src/domain/access/policy.ts';
import { type Principal, type Role, roles, type Scope, scopes } from '../../src/domain/access/principal.ts';
import { stepUpMaxAgeSeconds } from '../../src/domain/access/stepUp.ts';
import { visibleFieldsByRole } from '../../src/domain/access/visibleFields.ts';

const nowSeconds = 1_772_355_600;
const principal = (changes: Partial<Principal> = {}): Principal => ({
  subject: 'anna',
  kind: 'person',
  client: 'console',
  roles: [],
  scopes,
  warehouses: ['BER'],
  customerId: 'c1',
  acr: 'phr',
  authTime: nowSeconds,
  ...changes,
});
const verdictOf = (operation: Operation, changes: Partial<Principal>) =>
  authorize(operation, principal(changes), () => nowSeconds);
const operations = Object.keys(policies) as Operation[];

/** One letter a role that may, in the order of `roles`: admin, staff, customer service, auditor, partner, customer, service. */
const mayDo: Record<Operation, string> = {
  listWarehouses: 'A W C U P - S',
  getWarehouse: 'A W C U P - S',
  putWarehouse: 'A - - - - - S',
  listItems: 'A W C U P - S',
  getItem: 'A W C U P - S',
  putItem: 'A - - - - - S',
  getAvailability: 'A W C U P - S',
  listInventory: 'A W C U P - S',
  getInventory: 'A W C U P - S',
  getInventoryHistory: 'A W C U P - S',
  explainInventory: 'A W C U P - S',
  listDiscrepancies: 'A W - U P - S',
  registerInventory: 'A W - - P - S',
  setInventory: 'A W - - P - S',
  retireInventory: 'A W - - P - S',
  adjustInventory: 'A W - - P - S',
  receiveInventory: 'A W - - P - S',
  quarantineInventory: 'A W - - P - S',
  releaseQuarantine: 'A W - - P - S',
  setInventoryPolicy: 'A W - - P - S',
  reserveInventory: 'A W - - P - S',
  releaseReservation: 'A W - - P - S',
  changeInventory: 'A W - - P - S',
  listApprovals: 'A W C U P - S',
  getApproval: 'A W C U P - S',
  approveChange: 'A W - - P - S',
  rejectChange: 'A W - - P - S',
  countInventory: 'A W - - P - S',
  planTransfer: 'A W - - P - S',
  listTransfers: 'A W C U P - S',
  getTransfer: 'A W C U P - S',
  dispatchTransfer: 'A W - - P - S',
  receiveTransfer: 'A W - - P - S',
  recordTransferLoss: 'A W - - P - S',
  cancelTransfer: 'A W - - P - S',
  placeOrder: 'A - - - - K S',
  listOrders: 'A W C U P K S',
  searchOrders: 'A - C - - - S',
  getOrder: 'A W C U P K S',
  getTracking: 'A W C U P K S',
  getOrderSourcing: 'A W C U P - S',
  simulateSourcing: 'A - C - - - S',
  correctOrder: 'A - - - - K S',
  cancelOrderLine: 'A - - - - K S',
  setOrderStatus: 'A - - - - K S',
  dispatchShipment: 'A W - - P - S',
  correctShipment: 'A W - - P - S',
  voidShipment: 'A W - - P - S',
  trackShipment: 'A W - - P - S',
  createWebhookEndpoint: 'A - - - P - S',
  listWebhookEndpoints: 'A - - - P - S',
  getWebhookEndpoint: 'A - - - P - S',
  deleteWebhookEndpoint: 'A - - - P - S',
  testWebhookEndpoint: 'A - - - P - S',
  listWebhookDeliveries: 'A - - - P - S',
  issueApiKey: 'A - - - - - -',
  listApiKeys: 'A - - - - - -',
  revokeApiKey: 'A - - - - - -',
  listAuditEvents: 'A - - U - - S',
  streamEvents: 'A W C U P K S',
  getMetrics: 'A - - U - - S',
  announceInbound: 'A W - - P - S',
  listInbound: 'A W C U P - S',
  getInbound: 'A W C U P - S',
  changeInbound: 'A W - - P - S',
  receiveInbound: 'A W - - P - S',
  cancelInbound: 'A W - - P - S',
  requestReturn: 'A - - - - K S',
  getReturn: 'A W C U P K S',
  listReturns: 'A W C U P K S',
  receiveReturn: 'A W - - P - S',
  cancelReturn: 'A - - - - K S',
  listEpcisEvents: 'A W C U P - S',
  makeTrackingLink: 'A - - - - K S',
  revokeTrackingLink: 'A - - - - K S',
};
const letters: Record<Role, string> = {
  admin: 'A',
  warehouse_staff: 'W',
  customer_service: 'C',
  auditor: 'U',
  partner: 'P',
  customer: 'K',
  service: 'S',
};

const mayOf = (operation: Operation): string =>
  roles.map((role) => (verdictOf(operation, { roles: [role] }).kind === 'allowed' ? letters[role] : '-')).join(' ');

describe('the table of operations', () => {
  it.each(operations)('%s is for exactly the roles that may', (operation) => {
    expect(mayOf(operation)).toBe(mayDo[operation]);
    expect(verdictOf(operation, { roles: [] }).kind).toBe('role_missing');
  });

  it.each(operations)('%s needs one of its scopes, or that of an administrator', (operation) => {
    const wanted: readonly Scope[] = policies[operation].scopes;
    const role = roles.find((each) => mayDo[operation].includes(letters[each])) ?? 'admin';
    const opened = scopes.filter(
      (scope) => verdictOf(operation, { roles: [role], scopes: [scope] }).kind === 'allowed',
    );
    expect(opened.toSorted()).toEqual([...new Set([...wanted, 'admin'])].toSorted());
    expect(verdictOf(operation, { roles: [role], scopes: [] })).toEqual({ kind: 'scope_missing', scopes: wanted });
  });

  it('lets an auditor and customer service change nothing (docs/openapi.json)', () => {
    const writes = operations.filter((operation) => !/^(?:list|search|simulate|get|explain|stream)/.test(operation));
    for (const role of ['auditor', 'customer_service'] as const) {
      expect(writes.filter((operation) => verdictOf(operation, { roles: [role] }).kind === 'allowed')).toEqual([]);
    }
  });
});

describe('a sensitive operation', () => {
  const sensitive = operations.filter((operation) => 'sensitive' in policies[operation]);

  it('is retiring a stock, many changes at once, approving one, and making or ending a webhook endpoint or an API key', () => {
    expect(sensitive.toSorted()).toEqual([
      'approveChange',
      'changeInventory',
      'createWebhookEndpoint',
      'deleteWebhookEndpoint',
      'issueApiKey',
      'retireInventory',
      'revokeApiKey',
    ]);
  });

  it.each([
    ['with a strong and fresh authentication', { acr: 'phr', authTime: nowSeconds }, 'allowed'],
    ['with a hardware-protected key', { acr: 'phrh', authTime: nowSeconds }, 'allowed'],
    ['at the last second', { acr: 'phr', authTime: nowSeconds - stepUpMaxAgeSeconds }, 'allowed'],
    ['a second too late', { acr: 'phr', authTime: nowSeconds - stepUpMaxAgeSeconds - 1 }, 'step_up'],
    ['by a clock that is a little ahead', { acr: 'phr', authTime: nowSeconds + 5 }, 'allowed'],
    ['that is still to come (16)', { acr: 'phr', authTime: nowSeconds + 6 }, 'step_up'],
    ['of next year (16)', { acr: 'phr', authTime: nowSeconds + 31_536_000 }, 'step_up'],
    ['with a password only', { acr: 'pwd', authTime: nowSeconds }, 'step_up'],
  ] as const)('asks a person of any role for a step-up, %s: %s', (_how, changes, kind) => {
    for (const operation of sensitive) {
      for (const role of policies[operation].roles) {
        expect(verdictOf(operation, { roles: [role], ...changes }).kind, `${operation} ${role}`).toBe(kind);
      }
    }
  });

  it('says what it takes, also to a token that tells nothing of its authentication (RFC 9470)', () => {
    const { acr: _, authTime: __, ...bare } = principal({ roles: ['admin'] });
    for (const known of [bare, { ...bare, acr: 'phr' }, { ...bare, authTime: nowSeconds }]) {
      expect(authorize('retireInventory', known, () => nowSeconds)).toEqual({
        kind: 'step_up',
        acrValues: ['phr', 'phrh'],
        maxAgeSeconds: 15 * 60,
      });
    }
  });

  it('asks a client for its scope instead, and as administrator for what cannot be undone', () => {
    const { acr: _, authTime: __, ...bare } = principal({ kind: 'client', subject: 'erp', client: 'erp' });
    for (const operation of sensitive.filter((each) => !('peopleOnly' in policies[each]))) {
      for (const role of policies[operation].roles) {
        const isAsked = role === 'admin' && operation !== 'changeInventory';
        const { kind } = authorize(operation, { ...bare, roles: [role] }, () => nowSeconds);
        expect(kind, `${operation} ${role}`).toBe(isAsked ? 'step_up' : 'allowed');
        expect(authorize(operation, { ...bare, roles: [role], scopes: [] }, () => nowSeconds).kind).toBe(
          'scope_missing',
        );
      }
    }
  });

  it('is the only kind that asks', () => {
    const { acr: _, authTime: __, ...bare } = principal();
    for (const operation of operations.filter((each) => !sensitive.includes(each))) {
      for (const role of policies[operation].roles) {
        expect(authorize(operation, { ...bare, roles: [role] }, () => nowSeconds).kind).toBe('allowed');
      }
    }
  });
});

describe('what only people may do', () => {
  it('is approving a change, whatever roles and scopes a client has (T13)', () => {
    const people = operations.filter((operation) => 'peopleOnly' in policies[operation]);
    expect(people).toEqual(['approveChange']);
    const client = principal({ kind: 'client', subject: 'erp', client: 'erp', roles: ['admin', 'service'] });
    expect(authorize('approveChange', client, () => nowSeconds)).toEqual({ kind: 'person_needed' });
    expect(verdictOf('approveChange', { roles: ['warehouse_staff'] }).kind).toBe('allowed');
  });
});

describe('what a caller reaches', () => {
  const reachOf = (changes: Partial<Principal>): Reach => {
    const verdict = verdictOf('getOrder', changes);
    if (verdict.kind !== 'allowed') throw new Error(`getOrder: ${verdict.kind}`);
    return verdict.reach;
  };

  it('follows from the role', () => {
    const all = { warehouses: 'all', customerId: null };
    const own = { warehouses: ['BER'], customerId: null };
    expect(roles.map((role) => reachOf({ roles: [role] }))).toEqual([
      { ...all, role: 'admin' },
      { ...own, role: 'warehouse_staff' },
      { ...all, role: 'customer_service' },
      { ...all, role: 'auditor' },
      { ...own, role: 'partner' },
      { warehouses: [], customerId: 'c1', role: 'customer' },
      { ...all, role: 'service' },
    ]);
  });

  it('is that of the widest role which opens the operation', () => {
    expect(reachOf({ roles: ['customer', 'partner', 'customer_service'] }).role).toBe('customer_service');
    const both = verdictOf('adjustInventory', { roles: ['customer_service', 'warehouse_staff'] });
    expect(both).toMatchObject({ kind: 'allowed', reach: { role: 'warehouse_staff', warehouses: ['BER'] } });
  });

  it('are warehouses by name, and orders that these have a part in', () => {
    const staff = reachOf({ roles: ['warehouse_staff'] });
    expect([reachesWarehouse(staff, 'BER'), reachesWarehouse(staff, 'PAR')]).toEqual([true, false]);
    expect(reachesOrder(staff, { customerId: 'c1', warehouseIds: ['PAR', 'BER'] })).toBe(true);
    expect(reachesOrder(staff, { customerId: 'c1', warehouseIds: ['PAR'] })).toBe(false);
    expect(reachesOrder(staff, { customerId: 'c1', warehouseIds: [] })).toBe(false);
    const support = reachOf({ roles: ['customer_service'] });
    expect(reachesWarehouse(support, 'PAR') && reachesOrder(support, { customerId: 'x', warehouseIds: [] })).toBe(true);
  });

  it('is for a customer their own orders and no stock; without an id, nothing', () => {
    const customer = reachOf({ roles: ['customer'] });
    expect(reachesOrder(customer, { customerId: 'c1', warehouseIds: ['PAR'] })).toBe(true);
    expect(reachesOrder(customer, { customerId: 'c2', warehouseIds: ['BER'] })).toBe(false);
    expect(reachesWarehouse(customer, 'BER')).toBe(false);
    const { customerId: _, ...nobody } = principal({ roles: ['customer'] });
    const verdict = authorize('getOrder', nobody, () => nowSeconds);
    expect(verdict).toMatchObject({ kind: 'allowed', reach: { warehouses: [], customerId: '' } });
  });
});

describe('what a role sees of what it reaches (R7.3)', () => {
  const sees: { readonly [R in Role]: readonly string[] } = {
    admin: ['contact', 'shipTo', 'prices', 'words', 'notes'],
    warehouse_staff: ['shipTo', 'words', 'notes'],
    customer_service: ['contact', 'shipTo', 'prices', 'words'],
    auditor: ['prices', 'notes'],
    partner: ['shipTo', 'words'],
    customer: ['contact', 'shipTo', 'prices', 'words'],
    service: ['contact', 'shipTo', 'prices', 'words'],
  };

  it.each(roles)('%s: what the work needs, and no more', (role) => {
    const seen = Object.entries(visibleFieldsByRole[role]).flatMap(([field, isSeen]) =>
      isSeen === true ? [field] : [],
    );
    expect(seen.sort()).toEqual([...sees[role]].sort());
  });
});
