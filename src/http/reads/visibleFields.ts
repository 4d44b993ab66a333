/**
 * What each role gets to see of what it reaches (R7.3): a support desk needs the address, a price is nobody's business in
 * a warehouse, and an auditor needs no words about persons. Read by every answer that shows an order or an event.
 */
import { type Reach, reachesWarehouse } from '../../domain/access/policy.ts';
import type { Role } from '../../domain/access/principal.ts';

interface Sight {
  readonly contact: boolean;
  readonly shipTo: boolean;
  readonly prices: boolean;
  /** Free text of couriers, which may name the person at the door. */
  readonly words: boolean;
  /** Free text of colleagues about goods and orders, in history. */
  readonly notes: boolean;
}

const all: Sight = { contact: true, shipTo: true, prices: true, words: true, notes: true };
const shelves: Sight = { contact: false, shipTo: true, prices: false, words: true, notes: true };

export const sights: { readonly [R in Role]: Sight } = {
  admin: all,
  service: { ...all, notes: false },
  customer_service: { ...all, notes: false },
  customer: { ...all, notes: false },
  warehouse_staff: shelves,
  partner: { ...shelves, notes: false },
  auditor: { contact: false, shipTo: false, prices: true, words: false, notes: true },
};

/** Who sees the whole of an order that they reach; others see the part of their warehouses. */
export const seesWhole = ({ warehouses, customerId }: Reach): boolean => warehouses === 'all' || customerId !== null;

/** A customer sees whatever warehouse has a part in their order. */
export const seesWarehouse = (reach: Reach, warehouseId: string): boolean =>
  seesWhole(reach) || reachesWarehouse(reach, warehouseId);
