import { accept, type Decider, type Decision, refuse, type Sealed, unreachable } from '../message.ts';
import type { ShipmentLabel } from '../order/events.ts';
import { type ParcelStatus, type ShipmentDispatched, type ShipmentEvent, shipmentVersions } from './events.ts';
import { correctLabel, type LabelCorrection, labelOf } from './label.ts';
import { freshParcel, moveParcel, type Parcel, reportKey } from './parcel.ts';

export interface KnownShipment {
  /** `turned_back`: a parcel of it goes back to the sender, whatever became of the others. */
  readonly phase: 'on_its_way' | 'delivered' | 'turned_back';
  readonly shipmentId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly label: ShipmentLabel;
  readonly parcels: ReadonlyMap<string, Parcel>;
}
export type Shipment = { readonly phase: 'absent' } | KnownShipment;

export type ShipmentCommand =
  | { readonly type: 'RecordDispatch'; readonly shipment: ShipmentDispatched['data'] }
  | ({ readonly type: 'CorrectShipment' } & LabelCorrection)
  | {
      readonly type: 'TrackParcel';
      /** May be left out when the shipment has one parcel. */
      readonly parcelId?: string;
      readonly status: ParcelStatus;
      readonly detail?: Sealed;
      readonly location?: Sealed;
      readonly textDigest?: string;
      readonly reportedAt: string;
    };
export type ShipmentRefusal =
  | 'SHIPMENT_NOT_FOUND'
  | 'PARCEL_NOT_FOUND'
  | 'PARCEL_REPEATED'
  | 'PARCEL_REQUIRED'
  | 'TOO_MANY_REPORTS';

/** A courier that reports more about one parcel is broken; the bound keeps a stream readable. */
export const reportsPerParcelMax = 500;

/** What a parcel comes to in the end. */
const endings: readonly ParcelStatus[] = ['delivered', 'return_to_sender'];

type TrackParcel = Extract<ShipmentCommand, { type: 'TrackParcel' }>;

/** What the shipment comes to now that this parcel was reported on; nothing when that is known or not settled. */
const endOf = (shipment: KnownShipment, parcels: readonly Parcel[], parcelId: string): readonly ShipmentEvent[] => {
  const { phase, shipmentId, orderId, warehouseId } = shipment;
  const place = { shipmentId, orderId, warehouseId };
  if (phase !== 'turned_back' && parcels.some(({ isTurnedBack }) => isTurnedBack)) {
    return [{ type: 'ShipmentTurnedBack', data: { ...place, parcelId } }];
  }
  if (phase !== 'on_its_way' || parcels.some(({ status }) => status !== 'delivered')) return [];
  // The last one to arrive, whichever was reported last.
  const deliveredAt = parcels.reduce(
    (latest, parcel) => (parcel.deliveredAt > latest ? parcel.deliveredAt : latest),
    '',
  );
  return [{ type: 'ShipmentDelivered', data: { ...place, deliveredAt } }];
};

const track = (command: TrackParcel, shipment: KnownShipment): Decision<ShipmentEvent, ShipmentRefusal> => {
  const only = shipment.parcels.size === 1 ? [...shipment.parcels.keys()][0] : undefined;
  const parcelId = command.parcelId ?? only;
  if (parcelId === undefined) return refuse('PARCEL_REQUIRED', 'The shipment has several parcels; name one.');
  const parcel = shipment.parcels.get(parcelId);
  if (parcel === undefined) return refuse('PARCEL_NOT_FOUND', 'The shipment has no such parcel.');
  if (parcel.reports.has(reportKey(command))) return accept();
  const moved = moveParcel(parcel, command);
  // How a parcel ends gets through, however much a broken courier has said before it.
  const ends = endings.includes(moved.status) && parcel.status !== moved.status;
  if (parcel.reports.size >= reportsPerParcelMax && !ends) {
    return refuse('TOO_MANY_REPORTS', `At most ${reportsPerParcelMax} reports about one parcel are kept.`);
  }
  const { shipmentId, orderId, warehouseId } = shipment;
  const { type: _, ...report } = command;
  const data = { shipmentId, orderId, warehouseId, ...report, parcelId, parcelStatus: moved.status };
  const parcels = [...shipment.parcels].map(([id, other]) => (id === parcelId ? moved : other));
  return accept<ShipmentEvent>({ type: 'ParcelTracked', data }, ...endOf(shipment, parcels, parcelId));
};

const evolve = (shipment: Shipment, event: ShipmentEvent): Shipment => {
  if (event.type === 'ShipmentDispatched') {
    const { shipmentId, orderId, warehouseId, parcels } = event.data;
    return {
      phase: 'on_its_way',
      shipmentId,
      orderId,
      warehouseId,
      label: labelOf(event.data),
      parcels: new Map(parcels.map(({ parcelId }) => [parcelId, freshParcel])),
    };
  }
  if (shipment.phase === 'absent') return shipment;
  switch (event.type) {
    case 'ParcelTracked': {
      const parcel = shipment.parcels.get(event.data.parcelId);
      if (parcel === undefined) return shipment;
      return {
        ...shipment,
        parcels: new Map([...shipment.parcels, [event.data.parcelId, moveParcel(parcel, event.data)]]),
      };
    }
    case 'ShipmentCorrected':
      return { ...shipment, label: labelOf(event.data) };
    case 'ShipmentDelivered':
      return { ...shipment, phase: 'delivered' };
    case 'ShipmentTurnedBack':
      return { ...shipment, phase: 'turned_back' };
    default:
      return unreachable(event);
  }
};

export const shipmentDecider: Decider<Shipment, ShipmentCommand, ShipmentEvent, ShipmentRefusal> = {
  category: 'shipment',
  initialState: { phase: 'absent' },
  decide: (command, shipment) => {
    if (command.type === 'RecordDispatch') {
      // A redelivered policy asks again for what is there.
      if (shipment.phase !== 'absent') return accept();
      return accept({ type: 'ShipmentDispatched', data: command.shipment });
    }
    if (shipment.phase === 'absent') return refuse('SHIPMENT_NOT_FOUND', 'No such shipment.');
    return command.type === 'CorrectShipment' ? correctLabel(command, shipment) : track(command, shipment);
  },
  evolve,
  weigh: (shipment) => {
    if (shipment.phase === 'absent') return 100;
    return [...shipment.parcels.values()].reduce((bytes, { reports }) => bytes + 200 + 150 * reports.size, 400);
  },
  schemaVersions: shipmentVersions,
};
