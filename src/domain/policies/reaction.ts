/** What policies can be asked for. */
import type { OrderCommand } from '../order/commands.ts';
import type { FillCause } from '../order/fillEvents.ts';
import type { OrderShipmentVoided } from '../order/shapes.ts';
import type { ReturnCommand } from '../return/decider.ts';
import type { ShipmentCommand } from '../shipment/decider.ts';
import type { StockCommand } from '../stock/commands.ts';
import type { TransferCommand } from '../transfer/commands.ts';

interface OrderReservation {
  readonly orderId: string;
  readonly warehouseId: string;
  readonly sku: string;
  readonly reservationId: string;
}

interface Told {
  readonly order: OrderCommand;
  readonly shipment: ShipmentCommand;
  readonly stock: StockCommand;
  readonly transfer: TransferCommand;
  readonly return: ReturnCommand;
}
/** Another stream is told what the event says: it happened when the event did. */
export type TellOf<Category extends keyof Told> = {
  readonly type: 'Tell';
  readonly to: Category;
  readonly stream: string;
  readonly command: Told[Category];
  /** The command id is derived from it. */
  readonly name: string;
};
export type Tell = { readonly [Category in keyof Told]: TellOf<Category> }[keyof Told];

export type Reaction =
  /** `afterLoss`: something that was promised is gone; an order that may not wait then needs a person. */
  | { readonly type: 'AllocateOrder'; readonly orderId: string; readonly afterLoss?: true }
  | { readonly type: 'AllocateWaitingOrders'; readonly sku: string }
  | { readonly type: 'AllocateAllWaitingOrders' }
  /** After all plans of its batch: which goods on their way will fill whom, of one SKU, or of all that an order is about. */
  | { readonly type: 'PromiseFills'; readonly sku: string; readonly because: FillCause }
  | { readonly type: 'PromiseOrder'; readonly orderId: string; readonly because: FillCause }
  | (Omit<OrderReservation, 'orderId'> & {
      readonly type: 'ReleaseReservation';
      /** What of it is not needed, as what is on its way out of the house stays; absent: all of it. */
      readonly quantity?: number;
      readonly reason: string;
    })
  | (OrderReservation & {
      readonly type: 'ShipReserved';
      readonly lineId: string;
      readonly shipmentId: string;
      readonly quantity: number;
    })
  /** After all else that the events of its batch ask for: its goods must be booked out before they are booked back. */
  | { readonly type: 'BookBack'; readonly voided: OrderShipmentVoided['data'] }
  | Tell
  /** To what the stock still holds for it: none, some, or again all of it where it was made once more meanwhile. */
  | ({ readonly type: 'LapseAllocation' } & OrderReservation)
  /** Unless the order counts it, or lacks it: what a crash or a quick cancellation left behind would be kept from all. */
  | ({ readonly type: 'ReleaseUncounted' } & OrderReservation);

export type ReactionOf<Type extends Reaction['type']> = Extract<Reaction, { type: Type }>;

/** For each event of an aggregate what it asks for, in this order; `null`: nothing. */
export type ReactionTable<Event extends { readonly type: string }> = {
  readonly [Type in Event['type']]:
    | ((
        event: Extract<Event, { readonly type: Type }> & { readonly revision: number; readonly occurredAt: string },
      ) => readonly Reaction[])
    | null;
};
