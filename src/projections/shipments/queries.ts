import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import type { ShipmentDocument } from './projection.ts';

export interface ShipmentQueries {
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
