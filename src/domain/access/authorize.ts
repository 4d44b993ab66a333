/** Whether a caller may do what the policy table asks (R5), and what of the things behind it they reach. */
import { unreachable } from '../../eventsourcing/message.ts';
import { type Operation, policies, type Rule } from './policy.ts';
import type { Principal, Role, Scope } from './principal.ts';
import { isFresh, stepUpNeeded } from './stepUp.ts';

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
  | { readonly kind: 'person_needed' }
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

const needsStepUp = ({ sensitive }: Rule, role: Role, { kind }: Principal): boolean =>
  sensitive !== undefined && (kind === 'person' || (sensitive === 'for_administrators_too' && role === 'admin'));

/** @param nowSeconds since 1970; asked only where it matters. */
export const authorize = (operation: Operation, principal: Principal, nowSeconds: () => number): AccessVerdict => {
  const rule: Rule = policies[operation];
  if (!principal.scopes.includes('admin') && !rule.scopes.some((scope) => principal.scopes.includes(scope))) {
    return { kind: 'scope_missing', scopes: rule.scopes };
  }
  const role = byWidth.find((each) => rule.roles.includes(each) && principal.roles.includes(each));
  if (role === undefined) return { kind: 'role_missing', roles: rule.roles };
  if (rule.peopleOnly === true && principal.kind !== 'person') return { kind: 'person_needed' };
  if (needsStepUp(rule, role, principal) && !isFresh(principal, nowSeconds())) {
    return stepUpNeeded;
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
