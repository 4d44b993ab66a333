/**
 * STORED FOREVER: which order has a shop's own number (T26; stream `ordernumber-{id}`, the id derived from client and
 * number). The latest event counts: a number goes on to another order when the one that had it was never placed.
 */
import type { FieldClasses } from '../../eventsourcing/message.ts';

export type OrderNumberTaken = {
  readonly type: 'OrderNumberTaken';
  readonly data: {
    /** The client that numbers its orders so. */
    readonly client: string;
    readonly orderNumber: string;
    readonly orderId: string;
  };
};
export type OrderNumberEvent = OrderNumberTaken;

export const orderNumberFields: FieldClasses<OrderNumberEvent> = {
  OrderNumberTaken: { client: 'public', orderNumber: 'public', orderId: 'public' },
};
export const orderNumberVersions = { OrderNumberTaken: 1 } as const;
