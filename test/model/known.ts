/** What the clients have been told so far: what they aim their next commands at. The model does not read it. */
import type { Answer, Client } from './client.ts';
import { stockKey } from './log.ts';

export interface Shelf {
  readonly warehouseId: string;
  readonly sku: string;
}
export interface KnownOrder {
  readonly orderId: string;
  readonly customerId: string;
  readonly lineIds: readonly string[];
}
export interface KnownShipment {
  readonly shipmentId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly parcelIds: readonly string[];
  readonly reports: { readonly parcelId?: string; readonly status: string; readonly occurredAt: string }[];
}

export interface Known {
  readonly shelves: Shelf[];
  /** By key: the revision that was told last. */
  readonly revisions: Map<string, number>;
  readonly holds: (Shelf & { readonly reservationId: string })[];
  readonly approvals: (Shelf & { readonly approvalId: string })[];
  readonly orders: KnownOrder[];
  /** Ids of orders that goods are held for, and that are still to be placed. */
  readonly announced: string[];
  readonly shipments: KnownShipment[];
  /** By client. */
  readonly numbers: Map<string, string[]>;
  /** By the correlation id of the command that told it. */
  readonly addresses: Map<string, object>;
}

export const createKnown = (): Known => ({
  shelves: [],
  revisions: new Map(),
  holds: [],
  approvals: [],
  orders: [],
  announced: [],
  shipments: [],
  numbers: new Map(),
  addresses: new Map(),
});

export const note = (known: Known, key: string, { body: { revision } }: Pick<Answer, 'body'>): void => {
  if (typeof revision === 'number') known.revisions.set(key, Math.max(revision, known.revisions.get(key) ?? -1));
};

export const revisionAt = (known: Known, { warehouseId, sku }: Shelf): number | undefined =>
  known.revisions.get(stockKey(warehouseId, sku));

/** Warehouses that the staff and the partner of the sandbox, and the person, are assigned to. */
export const assigned: readonly string[] = ['BER', 'PAR'];
export const elsewhere: readonly string[] = ['LON', 'NYC', 'ROM'];
export const warehouseIds: readonly string[] = [...assigned, ...elsewhere];

export const reachOf = ({ role }: Pick<Client, 'role'>): readonly string[] | 'all' =>
  ['staff', 'partner', 'person'].includes(role) ? assigned : 'all';
export const reaches = (client: Pick<Client, 'role'>, warehouseId: string): boolean =>
  reachOf(client) === 'all' || assigned.includes(warehouseId);

/** Whether the caller does not see the order: what is not theirs is not there. */
export const isUnseen = (role: string, { customerId, warehouses }: Part): boolean => {
  if (role === 'customer') return customerId !== 'sandbox-customer';
  return reachOf({ role }) !== 'all' && !assigned.some((warehouseId) => warehouses.has(warehouseId));
};

interface Part {
  readonly customerId: string;
  /** That have or had a part in it. */
  readonly warehouses: ReadonlySet<string>;
}
