/** What is known of a shipment: where each of its parcels is, and what that comes to. */
import type { ShipmentLabel } from '../order/shapes.ts';
import type { Parcel } from './parcel.ts';

export interface KnownShipment {
  /**
   * `turned_back`: a parcel of it goes back to the sender, whatever became of the others. `voided`: it never left;
   * `disputed`: and yet a courier reports on it.
   */
  readonly phase: 'on_its_way' | 'delivered' | 'turned_back' | 'voided' | 'disputed';
  readonly shipmentId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly label: ShipmentLabel;
  readonly parcels: ReadonlyMap<string, Parcel>;
}
export type Shipment = { readonly phase: 'absent' } | KnownShipment;
