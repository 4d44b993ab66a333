/** What there is to be asked for, whose it is, and what of it an answer may hold. */
import type { Operation, Rule } from '../../src/domain/access/policy.ts';
import type { Role } from '../../src/domain/access/principal.ts';
import { type VisibleFields, visibleFieldsByRole } from '../../src/domain/access/visibleFields.ts';
import { isOfWarehouses, type Person } from './people.ts';

/** Whose an order is. */
export interface OrderOwners {
  readonly customerId: string;
  readonly warehouseIds: readonly string[];
}

/** Things of one side, by the names that they have in paths, bodies and queries. */
export interface Things {
  readonly warehouseId: string;
  /** Stocked in this warehouse alone. */
  readonly sku: string;
  /** Has none on hand, and none reserved. */
  readonly emptySku: string;
  /** Of a change that waits for a second person. */
  readonly approvalId: string;
  /** Of an API key. */
  readonly keyId: string;
  readonly reservationId: string;
  readonly customerId: string;
  readonly orderId: string;
  /** Nothing of it has left; it is of the same owners. */
  readonly newOrderId: string;
  /** Of an order that is made anew. */
  readonly lineId: string;
  readonly order: OrderOwners;
  readonly orderNumber: string;
  readonly trackingNumber: string;
  readonly email: string;
  readonly shipmentId: string;
  /** No courier has reported on it. */
  readonly newShipmentId: string;
  /** Nothing of it has come. */
  readonly inboundId: string;
  readonly endpointId: string;
  /** Of its owners, and one piece of it has left its warehouse. */
  readonly shippedOrderId: string;
  readonly returnId: string;
  /** Nothing of it has arrived. */
  readonly newReturnId: string;
  /** Of an address of the tracking page of `newOrderId`. */
  readonly linkId: string;
  readonly endpointOwner: string;
  /** From its warehouse to the annex; part of it is on its way. */
  readonly transferId: string;
  /** Nothing of it has left. */
  readonly newTransferId: string;
  readonly annexId: string;
  /** Another one each time. */
  readonly newName: string;
}

const reachesWarehouse = (person: Person, role: Role, warehouseId: string): boolean =>
  role !== 'customer' && (!isOfWarehouses(role) || person.warehouses.includes(warehouseId));

const reachesOrder = (person: Person, role: Role, { customerId, warehouseIds }: OrderOwners): boolean =>
  role === 'customer'
    ? customerId === person.customerId
    : warehouseIds.some((warehouseId) => reachesWarehouse(person, role, warehouseId));

/** "Whose" of docs/access.md. */
export const reaches = (person: Person, role: Role, whose: Rule['whose'], things: Things): boolean => {
  switch (whose) {
    case 'warehouse':
      return reachesWarehouse(person, role, things.warehouseId);
    case 'order':
      return reachesOrder(person, role, things.order);
    case 'endpoint':
      return role === 'admin' || things.endpointOwner === person.ownerId;
    default:
      return true;
  }
};

/** A word of somebody's, and what they are to it. What is absent says nothing. */
export interface Canary {
  readonly word: string;
  readonly warehouseId?: string;
  /** It is told with any of these. */
  readonly orders?: readonly OrderOwners[];
  readonly endpointOwner?: string;
  readonly field?: keyof VisibleFields;
  /** Told once, when it was made, and never again. */
  readonly isSecret?: true;
  /** What a role sees of nothing. */
  readonly hiddenFrom?: Role;
}

/** Those who may read all of the log see all that is in it, but for what a role does not see of anything. */
const wholeLog: readonly Operation[] = ['listAuditEvents'];

type Whose = Pick<Canary, 'warehouseId' | 'orders' | 'endpointOwner'>;

const isReached = ({ warehouseId, orders, endpointOwner }: Whose, person: Person, role: Role): boolean => {
  const isOwnEndpoint = endpointOwner === undefined || role === 'admin' || endpointOwner === person.ownerId;
  const isOfOwnOrder = orders === undefined || orders.some((order) => reachesOrder(person, role, order));
  // A customer sees each warehouse that has a part in the order.
  const isWithOrder = role === 'customer' && orders !== undefined;
  const isOfOwnHouse = warehouseId === undefined || isWithOrder || reachesWarehouse(person, role, warehouseId);
  return isOwnEndpoint && isOfOwnOrder && isOfOwnHouse;
};

/** Of an answer to somebody who acts in a role; `null`: who was not let in. */
export const maySee = (
  { field, isSecret, hiddenFrom, ...whose }: Canary,
  { operation, person, role }: { readonly operation: Operation; readonly person: Person; readonly role: Role | null },
): boolean => {
  if (role === null || isSecret === true || hiddenFrom === role) return false;
  if (field !== undefined && !visibleFieldsByRole[role][field]) return false;
  if (wholeLog.includes(operation)) return true;
  return isReached(whose, person, role);
};
