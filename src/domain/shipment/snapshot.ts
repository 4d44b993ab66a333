/** A shipment as its snapshots hold it: first all but its parcels, then each of them. */
import type { Json, StateCodec } from '../../eventsourcing/message.ts';
import type { Parcel } from './parcel.ts';
import type { KnownShipment, Shipment } from './state.ts';

type Frame = Omit<KnownShipment, 'parcels'>;

interface ParcelPart extends Omit<Parcel, 'reports'> {
  readonly parcelId: string;
  readonly reports: readonly string[];
}

function* encode(shipment: Shipment): Generator<Json> {
  if (shipment.phase === 'absent') {
    yield null;
    return;
  }
  const { parcels, ...frame } = shipment;
  yield frame satisfies Frame as object as Json;
  for (const [parcelId, parcel] of parcels)
    yield { parcelId, ...parcel, reports: [...parcel.reports] } satisfies ParcelPart;
}

const decode = (part: Json, shipment: Shipment | null): Shipment => {
  if (part === null) return { phase: 'absent' };
  if (shipment === null || shipment.phase === 'absent') return { ...(part as object as Frame), parcels: new Map() };
  const { parcelId, reports, ...parcel } = part as object as ParcelPart;
  return { ...shipment, parcels: new Map([...shipment.parcels, [parcelId, { ...parcel, reports: new Set(reports) }]]) };
};

export const shipmentStates: StateCodec<Shipment> = { version: 1, encode, decode };
