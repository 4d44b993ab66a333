/** What is asked of shipments: one, those of an order, and where all of an order is. */
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import type { OrderDocument } from '../orders/projection.ts';
import type { OrderStatus } from '../orders/status.ts';
import type { ParcelView, ShipmentDocument } from './projection.ts';

interface ShipmentQueries {
  get(shipmentId: string): Promise<ShipmentDocument | null>;
  /** By shipment id, which is the order they were dispatched in; at most `shipmentsPerOrderMax`. */
  byOrder(orderId: string): Promise<readonly ShipmentDocument[]>;
}

/** An order has at most some hundred lines, and hardly ever more shipments than lines. */
const shipmentsPerOrderMax = 1_000;

export const createShipmentQueries = (documents: Documents, collection: () => string): ShipmentQueries => ({
  get: async (shipmentId) => (await documents.get<ShipmentDocument>(collection(), shipmentId))?.document ?? null,
  byOrder: async (orderId) => {
    const found = await documents.find<ShipmentDocument>(collection(), {
      where: { orderId: { equals: orderId } },
      limit: shipmentsPerOrderMax,
    });
    return found.map(({ document }) => document);
  },
});

// Where all of an order is (R12.3, docs/openapi.json, `GET /v1/orders/{id}/tracking`), down to the box (B11).

/** A courier's words are sealed, as stored. */
interface OrderTracking {
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
