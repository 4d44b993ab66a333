/** By which numbers carriers know a shipment, and which ones are on their way: for reports that come in, and to ask for more. */
import type { ShipmentCorrected, ShipmentEvent } from '../../domain/shipment/events.ts';
import type { NumberedParcels, NumberedShipment } from '../../domain/shipment/matching.ts';
import { labelOf } from '../../domain/shipment/parcel.ts';
import { carrierSlug, compactNumber } from '../../domain/trackingNumber/recognise.ts';
import { unreachable } from '../../eventsourcing/message.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import type { Projection, Recorded } from '../../eventsourcing/projecting/projection.ts';

export interface TrackedShipmentDocument extends NumberedShipment, NumberedParcels {
  /** All of its numbers, as they are compared. */
  readonly numbers: readonly string[];
  /** Its carrier, as carriers are compared, as long as it is on its way; `null`: not any more, or not named. */
  readonly onItsWayWith: string | null;
}

type TrackingEvent = Exclude<ShipmentEvent, { readonly type: 'ParcelTracked' | 'VoidedShipmentReported' }>;
type Facts = Omit<TrackedShipmentDocument, 'numbers' | 'onItsWayWith'>;

const withNumbers = (facts: Facts): TrackedShipmentDocument => {
  const { trackingNumber, parcels, carrier, endedAt } = facts;
  const all = [trackingNumber, ...parcels.map((parcel) => parcel.trackingNumber)].filter((each) => each !== undefined);
  const onItsWayWith = carrier === undefined || endedAt !== null ? null : carrierSlug(carrier);
  return { ...facts, numbers: [...new Set(all.map(compactNumber))], onItsWayWith };
};

const corrected = (document: TrackedShipmentDocument, { data }: Recorded<ShipmentCorrected>): Facts => {
  const { parcels, ...label } = labelOf(data);
  const numbers = new Map(parcels.map(({ parcelId, trackingNumber }) => [parcelId, trackingNumber]));
  const renumbered = document.parcels.map((parcel) => {
    const trackingNumber = numbers.get(parcel.parcelId);
    return trackingNumber === undefined ? parcel : { ...parcel, trackingNumber };
  });
  return { ...document, ...label, parcels: renumbered };
};

export const trackedShipments: Projection<TrackedShipmentDocument, TrackingEvent> = {
  name: 'tracked_shipments_v1',
  handles: ['ShipmentDispatched', 'ShipmentCorrected', 'ShipmentVoided', 'ShipmentDelivered', 'ShipmentTurnedBack'],
  indexes: [['onItsWayWith'], ['dispatchedAt']],
  lists: ['numbers'],
  idsOf: ({ data }) => [data.shipmentId],
  apply: (document, event) => {
    if (event.type === 'ShipmentDispatched') {
      const { shipmentId, parcels } = event.data;
      const { parcels: _, ...label } = labelOf(event.data);
      const numbered = parcels.map(({ parcelId, trackingNumber }) => ({
        parcelId,
        ...(trackingNumber === undefined ? {} : { trackingNumber }),
      }));
      return withNumbers({ shipmentId, ...label, parcels: numbered, dispatchedAt: event.occurredAt, endedAt: null });
    }
    if (document === null) return null;
    switch (event.type) {
      case 'ShipmentCorrected':
        return withNumbers(corrected(document, event));
      case 'ShipmentDelivered':
        return withNumbers({ ...document, endedAt: event.data.deliveredAt });
      case 'ShipmentVoided':
      case 'ShipmentTurnedBack':
        return withNumbers({ ...document, endedAt: event.occurredAt });
      default:
        return unreachable(event);
    }
  },
};

/** A number that more shipments had in the end tells of none of them; the newest are looked at. */
const sameNumberMax = 100;

export interface TrackedShipmentQueries {
  /** The newest, whichever carrier they name. */
  withNumber(trackingNumber: string): Promise<readonly TrackedShipmentDocument[]>;
  /** By id; `after`: those that follow it. `carrier`: as carriers are compared. */
  onTheirWay(carrier: string, after: string | null, limit: number): Promise<readonly TrackedShipmentDocument[]>;
}

export const createTrackedShipmentQueries = (
  documents: Documents,
  collection: () => string,
): TrackedShipmentQueries => ({
  withNumber: async (trackingNumber) => {
    const found = await documents.find<TrackedShipmentDocument>(collection(), {
      where: { numbers: { has: compactNumber(trackingNumber) } },
      orderBy: { field: 'dispatchedAt', direction: 'descending' },
      limit: sameNumberMax,
    });
    return found.map(({ document }) => document);
  },
  onTheirWay: async (carrier, after, limit) => {
    const found = await documents.find<TrackedShipmentDocument>(collection(), {
      where: { onItsWayWith: { equals: carrier } },
      ...(after === null ? {} : { after: { value: null, id: after } }),
      limit,
    });
    return found.map(({ document }) => document);
  },
});
