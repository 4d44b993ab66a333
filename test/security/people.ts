/** Who asks: one of each role in the east, a counterpart in the west, and what the policy table says of each. */
import type { Rule } from '../../src/domain/access/policy.ts';
import type { Role } from '../../src/domain/access/principal.ts';
import { allScopes, type Claims, startMs, steppedUp } from '../support/service.ts';

/** There is two of everything; those who are asked for are of the east, and what is somebody else's is of the west. */
export type Side = 'east' | 'west';

export const warehouseOf = (side: Side): string => (side === 'east' ? 'EASTID' : 'WESTID');
/** A second one of that side, for what goes from one to the other. */
export const annexOf = (side: Side): string => (side === 'east' ? 'EASTANNEX' : 'WESTANNEX');
export const customerOf = (side: Side): string => (side === 'east' ? 'eastCustomer' : 'westCustomer');

export interface Person {
  readonly name: string;
  readonly side: Side;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  /** Authenticated just now, as a sensitive command wants it. */
  readonly isStrong: boolean;
  readonly warehouses: readonly string[];
  readonly customerId: string;
  /** By whom their webhook endpoints are known. */
  readonly ownerId: string;
}

/** Their role alone is to decide, so they have every scope but the one that stands for all. */
const scopesOfAll = allScopes.split(' ').filter((scope) => scope !== 'admin');

export const personOf = (roles: readonly Role[], side: Side, changes: Partial<Person> = {}): Person => {
  const name = `${roles.join('-') || 'nobody'}-${side}`;
  const isPartner = roles.includes('partner');
  return {
    name,
    side,
    roles,
    // What only administrators may needs that scope itself.
    scopes: roles.includes('admin') ? [...scopesOfAll, 'admin'] : scopesOfAll,
    isStrong: true,
    warehouses: isPartner || roles.includes('warehouse_staff') ? [warehouseOf(side), annexOf(side)] : [],
    customerId: roles.includes('customer') ? customerOf(side) : '',
    ownerId: isPartner ? `${side}Partner` : name,
    ...changes,
  };
};

/** All use one client, so that nobody is told apart by that. */
export const claimsOf = ({ name, roles, scopes, isStrong, warehouses, customerId, ownerId }: Person): Claims => ({
  sub: name,
  client_id: 'app',
  roles,
  scope: scopes.join(' '),
  ...(warehouses.length === 0 ? {} : { warehouses }),
  ...(customerId === '' ? {} : { customerId }),
  ...(ownerId === name ? {} : { partnerId: ownerId }),
  ...(isStrong ? steppedUp(startMs) : {}),
});

/** Widest first: who has two roles acts in the wider one (docs/access.md). */
const byWidth: readonly Role[] = [
  'admin',
  'service',
  'customer_service',
  'auditor',
  'warehouse_staff',
  'partner',
  'customer',
];

export type Verdict =
  | { readonly kind: 'allowed'; readonly role: Role }
  | { readonly kind: 'refused'; readonly status: 401 | 403 };

/** What a line of the policy table comes to for somebody; `null`: who has no token. */
export const verdictOf = ({ scopes, roles, sensitive }: Rule, person: Person | null): Verdict => {
  if (person === null) return { kind: 'refused', status: 401 };
  const hasScope = [...scopes, 'admin'].some((scope) => person.scopes.includes(scope));
  const role = byWidth.find((each) => roles.includes(each) && person.roles.includes(each));
  if (!hasScope || role === undefined) return { kind: 'refused', status: 403 };
  // All of them are people, who need it whatever their role is.
  const isWeak = sensitive !== undefined && !person.isStrong;
  return isWeak ? { kind: 'refused', status: 401 } : { kind: 'allowed', role };
};

/** Those whose reach ends at their own warehouses. */
export const isOfWarehouses = (role: Role): boolean => role === 'warehouse_staff' || role === 'partner';
