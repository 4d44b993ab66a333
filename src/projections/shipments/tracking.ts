/** Where all of an order is (R12.3, API.md `GET /v1/orders/{id}/tracking`), down to the box (B11). */
import type { OrderDocument } from '../orders/projection.ts';
import type { OrderStatus } from '../orders/status.ts';
import type { ParcelView, ShipmentDocument } from './projection.ts';

/** A courier's words are sealed, as stored. */
export interface OrderTracking {
  readonly orderId: string;
  readonly status: OrderStatus;
  /** No delivery window is promised yet, and so none was ever changed (B10). */
  readonly promisedWindow: null;
  readonly promiseHistory: readonly never[];
  readonly shipments: readonly ShipmentDocument[];
  /** Of what was shipped so far, and not voided; what has not left is in no box yet. */
  readonly boxes: { readonly total: number; readonly delivered: number };
}

/** A parcel that says nothing about boxes is one. */
const boxesIn = ({ boxes }: ParcelView): number =>
  boxes.length === 0 ? 1 : boxes.reduce((total, { quantity }) => total + quantity, 0);

const countBoxes = (parcels: readonly ParcelView[]): number =>
  parcels.reduce((total, parcel) => total + boxesIn(parcel), 0);

/** `shipments`: those of this order. The two read models may be a moment apart; each tells what it knows. */
export const orderTracking = (
  { orderId, status }: Pick<OrderDocument, 'orderId' | 'status'>,
  shipments: readonly ShipmentDocument[],
): OrderTracking => {
  const parcels = shipments.flatMap((shipment) => (shipment.voidedAt === undefined ? shipment.parcels : []));
  const delivered = parcels.filter((parcel) => parcel.status === 'delivered');
  return {
    orderId,
    status,
    promisedWindow: null,
    promiseHistory: [],
    shipments,
    boxes: { total: countBoxes(parcels), delivered: countBoxes(delivered) },
  };
};
