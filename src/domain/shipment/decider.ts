import { accept, type Decider, type Decision, refuse, type Sealed, unreachable } from '../../eventsourcing/message.ts';
import { type ParcelStatus, type ShipmentDispatched, type ShipmentEvent, shipmentVersions } from './events.ts';
import {
  correctLabel,
  freshParcel,
  hasHeard,
  type LabelCorrection,
  labelOf,
  moveParcel,
  type Parcel,
  reportKey,
  statusBy,
} from './parcel.ts';
import { shipmentStates } from './snapshot.ts';
import type { KnownShipment, Shipment } from './state.ts';

export type ShipmentCommand =
  | { readonly type: 'RecordDispatch'; readonly shipment: ShipmentDispatched['data'] }
  | ({ readonly type: 'CorrectShipment' } & LabelCorrection)
  | { readonly type: 'VoidShipment'; readonly reason: string; readonly note?: Sealed }
  | {
      readonly type: 'TrackParcel';
      /** May be left out when the shipment has one parcel. */
      readonly parcelId?: string;
      /** Absent: the carrier says something that no status says. Its words are kept, and the parcel stays where it is. */
      readonly status?: ParcelStatus;
      readonly detail?: Sealed;
      readonly location?: Sealed;
      readonly textDigest?: string;
      readonly reportedAt: string;
    };
export type ShipmentRefusal =
  | 'SHIPMENT_NOT_FOUND'
  | 'SHIPMENT_ON_ITS_WAY'
  | 'PARCEL_NOT_FOUND'
  | 'PARCEL_REPEATED'
  | 'PARCEL_REQUIRED'
  | 'TOO_MANY_REPORTS';

/** A courier that reports more about one parcel is broken; the bound keeps a stream readable. */
export const reportsPerParcelMax = 500;

/** What a parcel comes to in the end. */
const endings: readonly ParcelStatus[] = ['delivered', 'return_to_sender'];

type Decided = Decision<ShipmentEvent, ShipmentRefusal>;
type TrackParcel = Extract<ShipmentCommand, { type: 'TrackParcel' }>;
type Report = Required<Pick<TrackParcel, 'status' | 'reportedAt'>>;

const isVoided = ({ phase }: KnownShipment): boolean => phase === 'voided' || phase === 'disputed';

/** `pre_transit` says that there is a label; any other word says that the courier has the goods, or had them. */
const isInHands = ({ status }: { readonly status: ParcelStatus }): boolean => status !== 'pre_transit';

/** The goods never left, by who had them. A courier who says otherwise is believed: that they left is a fact then. */
const voidShipment = (
  { reason, note }: Extract<ShipmentCommand, { type: 'VoidShipment' }>,
  shipment: KnownShipment,
): Decided => {
  if (isVoided(shipment)) return accept();
  if ([...shipment.parcels.values()].some(isInHands)) {
    return refuse('SHIPMENT_ON_ITS_WAY', 'A courier has reported on it: the goods have left.');
  }
  const { shipmentId, orderId, warehouseId } = shipment;
  const data = { shipmentId, orderId, warehouseId, reason, ...(note === undefined ? {} : { note }) };
  return accept({ type: 'ShipmentVoided', data });
};

/** The courier and the house do not agree; told once, a person must look. */
const disputeOf = (shipment: KnownShipment, { status, reportedAt }: Report, parcelId: string): ShipmentEvent[] => {
  if (shipment.phase !== 'voided' || !isInHands({ status })) return [];
  const { shipmentId, orderId, warehouseId } = shipment;
  const data = { shipmentId, orderId, warehouseId, parcelId, status, reportedAt };
  return [{ type: 'VoidedShipmentReported', data }];
};

/** What the shipment comes to now that this parcel was reported on; nothing when that is known or not settled. */
const endOf = (shipment: KnownShipment, parcels: readonly Parcel[], parcelId: string): readonly ShipmentEvent[] => {
  const { phase, shipmentId, orderId, warehouseId } = shipment;
  const place = { shipmentId, orderId, warehouseId };
  if (isVoided(shipment)) return [];
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

const track = (command: TrackParcel, shipment: KnownShipment): Decided => {
  const only = shipment.parcels.size === 1 ? [...shipment.parcels.keys()][0] : undefined;
  const parcelId = command.parcelId ?? only;
  if (parcelId === undefined) return refuse('PARCEL_REQUIRED', 'The shipment has several parcels; name one.');
  const parcel = shipment.parcels.get(parcelId);
  if (parcel === undefined) return refuse('PARCEL_NOT_FOUND', 'The shipment has no such parcel.');
  const { type: _, status = statusBy(parcel, command.reportedAt), ...rest } = command;
  const report = { ...rest, status };
  if (command.status === undefined ? hasHeard(parcel, report) : parcel.reports.has(reportKey(report))) return accept();
  const moved = moveParcel(parcel, report);
  // How a parcel ends gets through, however much a broken courier has said before it.
  const ends = endings.includes(moved.status) && parcel.status !== moved.status;
  if (parcel.reports.size >= reportsPerParcelMax && !ends) {
    return refuse('TOO_MANY_REPORTS', `At most ${reportsPerParcelMax} reports about one parcel are kept.`);
  }
  const { shipmentId, orderId, warehouseId } = shipment;
  const data = { shipmentId, orderId, warehouseId, ...report, parcelId, parcelStatus: moved.status };
  const parcels = [...shipment.parcels].map(([id, other]) => (id === parcelId ? moved : other));
  const then = [...disputeOf(shipment, report, parcelId), ...endOf(shipment, parcels, parcelId)];
  return accept<ShipmentEvent>({ type: 'ParcelTracked', data }, ...then);
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
    case 'ShipmentVoided':
      return { ...shipment, phase: 'voided' };
    case 'VoidedShipmentReported':
      return { ...shipment, phase: 'disputed' };
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
    switch (command.type) {
      case 'CorrectShipment':
        return correctLabel(command, shipment);
      case 'VoidShipment':
        return voidShipment(command, shipment);
      case 'TrackParcel':
        return track(command, shipment);
      default:
        return unreachable(command);
    }
  },
  evolve,
  weigh: (shipment) => {
    if (shipment.phase === 'absent') return 100;
    return [...shipment.parcels.values()].reduce((bytes, { reports }) => bytes + 200 + 150 * reports.size, 400);
  },
  codec: shipmentStates,
  schemaVersions: shipmentVersions,
};
