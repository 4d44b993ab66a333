/** STORED FOREVER: what of an order goes back, as the order has it. A shipped shape is never edited. */
import type { FieldClasses } from '../../eventsourcing/message.ts';
import { type ReturnRequest, returnRequestFields } from '../return/events.ts';
import type { LineQuantity } from './shapes.ts';

/** Decided here, so that all open returns of a line are never for more than has left. */
export type OrderReturnRequested = { readonly type: 'OrderReturnRequested'; readonly data: ReturnRequest };
/** As the stream of the return has it, summed per line whatever became of the pieces. */
export type OrderReturnReceived = {
  readonly type: 'OrderReturnReceived';
  readonly data: {
    readonly orderId: string;
    readonly returnId: string;
    readonly warehouseId: string;
    readonly lines: readonly LineQuantity[];
  };
};
/** These pieces are not waited for any more. */
export type OrderReturnCancelled = {
  readonly type: 'OrderReturnCancelled';
  readonly data: {
    readonly orderId: string;
    readonly returnId: string;
    readonly warehouseId: string;
    readonly lines: readonly LineQuantity[];
  };
};
export type OrderReturnEvent = OrderReturnRequested | OrderReturnReceived | OrderReturnCancelled;

const told = { orderId: 'public', returnId: 'public', warehouseId: 'public', lines: 'public' } as const;
export const orderReturnFields: FieldClasses<OrderReturnEvent> = {
  OrderReturnRequested: returnRequestFields,
  OrderReturnReceived: told,
  OrderReturnCancelled: told,
};
export const orderReturnVersions = {
  OrderReturnRequested: 1,
  OrderReturnReceived: 1,
  OrderReturnCancelled: 1,
} as const;
