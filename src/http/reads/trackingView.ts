/**
 * What the customer's tracking page tells of an order: how far it is, box by box, and where it was seen. Nothing of the
 * customer but the city. Pure.
 */
import type { ParcelStatus } from '../../domain/shipment/events.ts';
import type { OrderDocument } from '../../projections/orders/projection.ts';
import type { OrderStatus } from '../../projections/orders/status.ts';
import type { ParcelView, ShipmentDocument } from '../../projections/shipments/projection.ts';
import { orderTracking } from '../../projections/shipments/queries.ts';

export const trackingSteps = ['Ordered', 'Being prepared', 'On its way', 'Delivered'] as const;

export interface TrackedStation {
  readonly words: string;
  /** `null`: it is not told, or not known. */
  readonly place: string | null;
  /** The carrier's time, ISO 8601 UTC. */
  readonly at: string;
}
export interface TrackedParcel {
  readonly words: string;
  readonly boxes: number;
  /** The latest first. */
  readonly stations: readonly TrackedStation[];
}
export interface TrackedShipment {
  readonly carrier: string | null;
  readonly dispatchedAt: string;
  readonly parcels: readonly TrackedParcel[];
}
export interface TrackingView {
  /** One sentence that says it all. */
  readonly headline: string;
  /** Index in `trackingSteps`; `null` where the order does not go that way any more. */
  readonly step: number | null;
  readonly boxes: { readonly total: number; readonly delivered: number };
  /** Some of it is in no box yet. */
  readonly isMoreToCome: boolean;
  /** `null`: the customer's data was erased. */
  readonly city: string | null;
  readonly placedAt: string;
  readonly shipments: readonly TrackedShipment[];
}

const parcelWords: { readonly [Status in ParcelStatus]: string } = {
  pre_transit: 'Handed to the carrier',
  in_transit: 'On its way',
  out_for_delivery: 'Out for delivery',
  available_for_pickup: 'Waiting to be picked up',
  attempted_delivery: 'Delivery was tried',
  delayed: 'Delayed',
  exception: 'Held up: the carrier is looking into it',
  delivered: 'Delivered',
  return_to_sender: 'Going back to the sender',
};

const headlines: { readonly [Status in OrderStatus]: string } = {
  pending: 'We have received the order.',
  processing: 'The order is being prepared.',
  partially_shipped: 'A part of the order is on its way.',
  shipped: 'The order is on its way.',
  partially_delivered: 'A part of the order has arrived.',
  delivered: 'The order has arrived.',
  cancelled: 'The order was cancelled.',
  returned: 'The order has come back to us.',
  exception: 'Something needs our attention. We are looking into it.',
};

const stepOf: { readonly [Status in Exclude<OrderStatus, 'exception'>]: number | null } = {
  pending: 0,
  processing: 1,
  partially_shipped: 2,
  shipped: 2,
  partially_delivered: 2,
  delivered: 3,
  cancelled: null,
  returned: null,
};

/** Trouble hides nothing of how far it has come. */
const stepIn = ({ status, lines }: Pick<OrderDocument, 'status' | 'lines'>): number | null => {
  if (status !== 'exception') return stepOf[status];
  return stepOf[lines.some(({ shipped }) => shipped > 0) ? 'shipped' : 'processing'];
};

/**
 * Stations between the houses. Near the door a courier's words may be an address or a neighbour's name, and whoever has the
 * link is not always the customer.
 */
const placesAreTold: ReadonlySet<ParcelStatus> = new Set(['pre_transit', 'in_transit', 'delayed', 'exception']);

/** A parcel that says nothing about boxes is one. */
const boxesIn = ({ boxes }: ParcelView): number =>
  boxes.length === 0 ? 1 : boxes.reduce((total, { quantity }) => total + quantity, 0);

/** Of all parcels of a page that is read on a phone; older stations tell nothing new. */
const stationsOfPageMax = 500;
const stationsOfParcelMax = 50;

/** Each parcel shows where it was seen last, however many there are. */
const stationsMaxOf = (shipments: readonly ShipmentDocument[]): number => {
  const parcels = shipments.reduce((sum, shipment) => sum + shipment.parcels.length, 0);
  return Math.max(1, Math.min(stationsOfParcelMax, Math.floor(stationsOfPageMax / Math.max(1, parcels))));
};

interface Opened {
  readonly order: OrderDocument;
  /** Those that were voided left no warehouse, and are not told of. */
  readonly shipments: readonly ShipmentDocument[];
  readonly city: string | null;
  /** The words of a sealed place, by its sealed text. */
  readonly placeOf: (sealed: string) => string | null;
}

/** A carrier goes on to report the way back, under the same number. */
const wordsBack: { readonly [Status in ParcelStatus]?: string } = {
  in_transit: 'On its way back',
  out_for_delivery: 'On its way back',
  delivered: 'Back at the sender',
};

const parcelOf = (parcel: ParcelView, placeOf: Opened['placeOf'], stationsMax: number): TrackedParcel => {
  const { status: now, events } = parcel;
  const turned = events.findIndex(({ status }) => status === 'return_to_sender');
  const stations = events.map(({ status, location, occurredAt }, index) => ({
    words: (turned >= 0 && index > turned ? wordsBack[status] : undefined) ?? parcelWords[status],
    place: location === null || !placesAreTold.has(status) ? null : placeOf(location),
    at: occurredAt,
  }));
  return { words: parcelWords[now], boxes: boxesIn(parcel), stations: stations.slice(-stationsMax).reverse() };
};

/** Sealed places that the page tells. */
export const placesIn = (shipments: readonly ShipmentDocument[]) => {
  const stationsMax = stationsMaxOf(shipments);
  return shipments.flatMap(({ shipmentId, parcels }) =>
    parcels.flatMap(({ events }) =>
      events
        .slice(-stationsMax)
        .flatMap(({ status, location }) =>
          location === null || !placesAreTold.has(status) ? [] : [{ shipmentId, location }],
        ),
    ),
  );
};

const headlineOf = (status: OrderStatus, { held, lines }: Pick<OrderDocument, 'held' | 'lines'>): string => {
  if (status !== 'pending' && status !== 'processing') return headlines[status];
  if (held) return 'The order is held back for now.';
  return lines.some(({ backordered }) => backordered > 0) ? 'The order waits for goods.' : headlines[status];
};

export const trackingView = ({ order, shipments, city, placeOf }: Opened): TrackingView => {
  const { status, boxes } = orderTracking(order, shipments);
  const stationsMax = stationsMaxOf(shipments);
  return {
    headline: headlineOf(status, order),
    step: stepIn(order),
    boxes,
    isMoreToCome: order.lines.some(({ quantity, cancelled, shipped }) => quantity - cancelled > shipped),
    city,
    placedAt: order.placedAt,
    shipments: shipments
      .filter(({ voidedAt }) => voidedAt === undefined)
      .map(({ carrier, dispatchedAt, parcels }) => ({
        carrier: carrier ?? null,
        dispatchedAt,
        parcels: parcels.map((parcel) => parcelOf(parcel, placeOf, stationsMax)),
      })),
  };
};
