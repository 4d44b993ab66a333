/** What a courier knows a shipment by: set when it leaves, completed or put right later. */
import { accept, type Decision, refuse } from '../../eventsourcing/message.ts';
import type { ShipmentLabel } from '../order/shapes.ts';
import { sameJson } from '../sameJson.ts';
import type { ShipmentCorrected } from './events.ts';

/** What is absent stays as it is. */
export type LabelCorrection = Partial<ShipmentLabel>;

interface Declared {
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly parcels: readonly { readonly parcelId: string; readonly trackingNumber?: string }[];
}
interface Labelled {
  readonly shipmentId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly label: ShipmentLabel;
  readonly parcels: ReadonlyMap<string, unknown>;
}

export const labelOf = ({ carrier, trackingNumber, parcels }: Declared): ShipmentLabel => ({
  ...(carrier === undefined ? {} : { carrier }),
  ...(trackingNumber === undefined ? {} : { trackingNumber }),
  parcels: parcels.flatMap((parcel) => {
    const { parcelId, trackingNumber: number } = parcel;
    return number === undefined ? [] : [{ parcelId, trackingNumber: number }];
  }),
});

export const correctLabel = (
  { carrier, trackingNumber, parcels = [] }: LabelCorrection,
  shipment: Labelled,
): Decision<ShipmentCorrected, 'PARCEL_REPEATED' | 'PARCEL_NOT_FOUND'> => {
  const { shipmentId, orderId, warehouseId, label } = shipment;
  const corrected = new Map(parcels.map((parcel) => [parcel.parcelId, parcel.trackingNumber]));
  if (corrected.size < parcels.length) return refuse('PARCEL_REPEATED', 'Name each parcel once.');
  const unknown = parcels.find(({ parcelId }) => !shipment.parcels.has(parcelId));
  if (unknown !== undefined) {
    return refuse('PARCEL_NOT_FOUND', 'The shipment has no such parcel.', { parcelId: unknown.parcelId });
  }
  const numbers = new Map([
    ...label.parcels.map((each) => [each.parcelId, each.trackingNumber] as const),
    ...corrected,
  ]);
  const after: ShipmentLabel = {
    ...label,
    ...(carrier === undefined ? {} : { carrier }),
    ...(trackingNumber === undefined ? {} : { trackingNumber }),
    parcels: [...numbers].map(([parcelId, number]) => ({ parcelId, trackingNumber: number })),
  };
  if (sameJson(after, label)) return accept();
  return accept({ type: 'ShipmentCorrected', data: { shipmentId, orderId, warehouseId, ...after } });
};
