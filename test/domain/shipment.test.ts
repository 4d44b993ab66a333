import { describe, expect, it } from 'vitest';
import {
  reportsPerParcelMax,
  type ShipmentCommand,
  type ShipmentRefusal,
  shipmentDecider,
} from '../../src/domain/shipment/decider.ts';
import {
  type ParcelStatus,
  parcelStatuses,
  type ShipmentDispatched,
  type ShipmentEvent,
} from '../../src/domain/shipment/events.ts';
import { given, type RefusalTests } from '../support/deciderSpec.ts';
import { earlier, later, now, sealed, soon } from '../support/samples.ts';

const place = { shipmentId: 's1', orderId: 'order1', warehouseId: 'BER' };
const dispatchedWith = (...parcelIds: string[]): ShipmentDispatched => ({
  type: 'ShipmentDispatched',
  data: {
    ...place,
    carrier: 'parcelco',
    trackingNumber: 'T1',
    lines: [{ lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 1 }],
    parcels: parcelIds.map((parcelId) => ({ parcelId, boxes: [] })),
  },
});
const one = dispatchedWith('p1');
const two = dispatchedWith('p1', 'p2');

const track = (status: ParcelStatus, reportedAt: string, parcelId = 'p1'): ShipmentCommand => ({
  type: 'TrackParcel',
  parcelId,
  status,
  reportedAt,
});
const tracked = (
  status: ParcelStatus,
  reportedAt: string,
  parcelStatus: ParcelStatus = status,
  parcelId = 'p1',
): ShipmentEvent => ({ type: 'ParcelTracked', data: { ...place, parcelId, status, reportedAt, parcelStatus } });
const said = (detail: string, location: string) => ({
  detail: sealed(detail),
  location: sealed(location),
  textDigest: `${detail} ${location}`,
});
const delivered = (deliveredAt: string): ShipmentEvent => ({
  type: 'ShipmentDelivered',
  data: { ...place, deliveredAt },
});

const turnedBack = (parcelId = 'p1'): ShipmentEvent => ({ type: 'ShipmentTurnedBack', data: { ...place, parcelId } });

describe('a dispatch', () => {
  it('begins the shipment; a redelivered policy asks again in vain', () =>
    given(shipmentDecider).when({ type: 'RecordDispatch', shipment: one.data }).thenRecords(one));
});

describe('reports of a courier (R12.2)', () => {
  it('move the parcel, and the same report twice is told once', () =>
    given(shipmentDecider, one)
      .when({ ...track('in_transit', now), ...said('left the hub', 'Leipzig') })
      .thenRecords({
        type: 'ParcelTracked',
        data: {
          ...place,
          parcelId: 'p1',
          status: 'in_transit',
          reportedAt: now,
          ...said('left the hub', 'Leipzig'),
          parcelStatus: 'in_transit',
        },
      }));
  it('of one moment in other words are another report', () =>
    given(shipmentDecider, one, tracked('in_transit', now))
      .when({ ...track('in_transit', now), ...said('arrived at the next hub', 'Berlin') })
      .thenRecords({
        type: 'ParcelTracked',
        data: {
          ...place,
          parcelId: 'p1',
          status: 'in_transit',
          reportedAt: now,
          ...said('arrived at the next hub', 'Berlin'),
          parcelStatus: 'in_transit',
        },
      }));
  it('need no parcel when there is but one', () =>
    given(shipmentDecider, one)
      .when({ type: 'TrackParcel', status: 'in_transit', reportedAt: now })
      .thenRecords(tracked('in_transit', now)));
  it('that are older than what is known are kept, and move nothing', () =>
    given(shipmentDecider, one, tracked('out_for_delivery', soon))
      .when(track('in_transit', now))
      .thenRecords(tracked('in_transit', now, 'out_for_delivery')));
  it('of one moment count by how far on the way they are, whichever came first', () => {
    given(shipmentDecider, one, tracked('out_for_delivery', now))
      .when(track('in_transit', now))
      .thenRecords(tracked('in_transit', now, 'out_for_delivery'));
    given(shipmentDecider, one, tracked('in_transit', now))
      .when(track('out_for_delivery', now))
      .thenRecords(tracked('out_for_delivery', now));
  });
  it('of one moment, a delivery and a turn back, are a turn back, whichever came first', () => {
    given(shipmentDecider, one, tracked('delivered', now), delivered(now))
      .when(track('return_to_sender', now))
      .thenRecords(tracked('return_to_sender', now), turnedBack());
    given(shipmentDecider, one, tracked('return_to_sender', now), turnedBack())
      .when(track('delivered', now))
      .thenRecords(tracked('delivered', now, 'return_to_sender'));
  });
  it('never take back a delivery, not even later ones', () =>
    given(shipmentDecider, one, tracked('delivered', now), delivered(now))
      .when(track('in_transit', later))
      .thenRecords(tracked('in_transit', later, 'delivered')));
  it('turn a delivered parcel back when the goods go back after it', () =>
    given(shipmentDecider, one, tracked('delivered', now), delivered(now))
      .when(track('return_to_sender', later))
      .thenRecords(tracked('return_to_sender', later), turnedBack()));
  it('of a delivery after the goods turned back are about the sender: it is no delivery to the customer', () =>
    given(shipmentDecider, one, tracked('return_to_sender', now), turnedBack())
      .when(track('delivered', later))
      .thenRecords(tracked('delivered', later, 'return_to_sender')));
  it('of a turn back that is told after the delivery at the sender take the delivery away again', () =>
    given(shipmentDecider, one, tracked('delivered', now), delivered(now))
      .when(track('return_to_sender', earlier))
      .thenRecords(tracked('return_to_sender', earlier), turnedBack()));
  it('of the way back do not hide that it goes back', () =>
    given(shipmentDecider, one, tracked('return_to_sender', now), turnedBack())
      .when(track('in_transit', later))
      .thenRecords(tracked('in_transit', later, 'return_to_sender')));
  it('of a turn back that an older release took for a delivery put that right with the next report', () =>
    given(
      shipmentDecider,
      one,
      tracked('return_to_sender', earlier),
      tracked('delivered', now, 'delivered'),
      delivered(now),
    )
      .when(track('in_transit', later))
      .thenRecords(tracked('in_transit', later, 'return_to_sender'), turnedBack()));
  it('of a turn back stay when the delivery before it is told late', () =>
    given(shipmentDecider, one, tracked('return_to_sender', later), turnedBack())
      .when(track('delivered', now))
      .thenRecords(tracked('delivered', now, 'return_to_sender')));
});

describe('a label that comes after the goods have left (T26)', () => {
  const bare: ShipmentEvent = {
    type: 'ShipmentDispatched',
    data: { ...place, lines: [], parcels: ['p1', 'p2'].map((parcelId) => ({ parcelId, boxes: [] })) },
  };
  const labelled = (label: object, parcels: readonly { parcelId: string; trackingNumber: string }[] = []) =>
    ({ type: 'ShipmentCorrected', data: { ...place, ...label, parcels } }) satisfies ShipmentEvent;
  it('is recorded whole, with what was known before', () => {
    const first = labelled({ trackingNumber: 'T1' }, [{ parcelId: 'p2', trackingNumber: 'P2' }]);
    given(shipmentDecider, bare)
      .when({
        type: 'CorrectShipment',
        trackingNumber: 'T1',
        parcels: [{ parcelId: 'p2', trackingNumber: 'P2' }],
      })
      .thenRecords(first);
    given(shipmentDecider, bare, first)
      .when({ type: 'CorrectShipment', carrier: 'ups' })
      .thenRecords(labelled({ carrier: 'ups', trackingNumber: 'T1' }, first.data.parcels));
  });
  it('changes nothing when it is the same', () =>
    given(shipmentDecider, one)
      .when({ type: 'CorrectShipment', carrier: 'parcelco', trackingNumber: 'T1' })
      .thenNothing());
});

describe('a shipment of two parcels (B11)', () => {
  it('is not delivered with the first of them', () =>
    given(shipmentDecider, two).when(track('delivered', now)).thenRecords(tracked('delivered', now)));
  it('is delivered with the last, at the time the last one arrived, in whatever order that is told', () =>
    given(shipmentDecider, two, tracked('delivered', later))
      .when(track('delivered', now, 'p2'))
      .thenRecords(tracked('delivered', now, 'delivered', 'p2'), delivered(later)));
  it('of which one turned back is not delivered by the other, and turns back once', () => {
    const history = [two, tracked('return_to_sender', now), turnedBack()];
    given(shipmentDecider, ...history)
      .when(track('delivered', later, 'p2'))
      .thenRecords(tracked('delivered', later, 'delivered', 'p2'));
    given(shipmentDecider, ...history)
      .when(track('return_to_sender', later, 'p2'))
      .thenRecords(tracked('return_to_sender', later, 'return_to_sender', 'p2'));
  });
});

const voided: ShipmentEvent = { type: 'ShipmentVoided', data: { ...place, reason: 'label not used' } };
const reported = (status: 'in_transit' | 'delivered', parcelId = 'p1'): ShipmentEvent => ({
  type: 'VoidedShipmentReported',
  data: { ...place, parcelId, status, reportedAt: now },
});
describe('voiding a shipment that never left', () => {
  const voidIt = { type: 'VoidShipment', reason: 'label not used' } as const;
  it('is recorded once, also beside a label that the courier knows of', () => {
    given(shipmentDecider, one).when(voidIt).thenRecords(voided);
    given(shipmentDecider, one, tracked('pre_transit', now)).when(voidIt).thenRecords(voided);
    given(shipmentDecider, one, voided).when(voidIt).thenNothing();
  });
  it('is refused once a courier has any parcel of it, wherever that is', () => {
    for (const status of parcelStatuses.filter((each) => each !== 'pre_transit')) {
      given(shipmentDecider, two, tracked(status, now, status, 'p2'))
        .when(voidIt)
        .thenRefused('SHIPMENT_ON_ITS_WAY');
    }
  });
  it('keeps what a courier reports later, tells of it once, and delivers nothing', () => {
    given(shipmentDecider, one, voided)
      .when(track('in_transit', now))
      .thenRecords(tracked('in_transit', now), reported('in_transit'));
    given(shipmentDecider, one, voided)
      .when(track('delivered', now))
      .thenRecords(tracked('delivered', now), reported('delivered'));
    given(shipmentDecider, one, voided).when(track('pre_transit', now)).thenRecords(tracked('pre_transit', now));
    given(shipmentDecider, one, voided, tracked('in_transit', now), reported('in_transit'))
      .when(track('return_to_sender', later))
      .thenRecords(tracked('return_to_sender', later));
    given(shipmentDecider, one, voided, tracked('in_transit', now), reported('in_transit')).when(voidIt).thenNothing();
  });
});

const many = Array.from({ length: reportsPerParcelMax }, (_, index) =>
  tracked('in_transit', new Date(index).toISOString()),
);
const refusals: RefusalTests<ShipmentRefusal> = {
  SHIPMENT_NOT_FOUND: () => given(shipmentDecider).when(track('in_transit', now)).thenRefused('SHIPMENT_NOT_FOUND'),
  SHIPMENT_ON_ITS_WAY: () =>
    given(shipmentDecider, one, tracked('in_transit', now))
      .when({ type: 'VoidShipment', reason: 'label not used' })
      .thenRefused('SHIPMENT_ON_ITS_WAY'),
  PARCEL_NOT_FOUND: () =>
    given(shipmentDecider, one)
      .when(track('in_transit', now, 'p9'))
      .thenRefused('PARCEL_NOT_FOUND'),
  PARCEL_REPEATED: () =>
    given(shipmentDecider, one)
      .when({
        type: 'CorrectShipment',
        parcels: [
          { parcelId: 'p1', trackingNumber: 'P1' },
          { parcelId: 'p1', trackingNumber: 'P2' },
        ],
      })
      .thenRefused('PARCEL_REPEATED'),
  PARCEL_REQUIRED: () =>
    given(shipmentDecider, two)
      .when({ type: 'TrackParcel', status: 'in_transit', reportedAt: now })
      .thenRefused('PARCEL_REQUIRED'),
  TOO_MANY_REPORTS: () =>
    given(shipmentDecider, one, ...many)
      .when(track('out_for_delivery', now))
      .thenRefused('TOO_MANY_REPORTS'),
};

describe('every refusal of a shipment command', () => {
  it.each(Object.entries(refusals))('%s', (_code, provoke) => {
    provoke();
  });
  it('lets the end of a parcel through, however much was reported before it', () => {
    given(shipmentDecider, one, ...many)
      .when(track('delivered', now))
      .thenRecords(tracked('delivered', now), delivered(now));
    given(shipmentDecider, one, ...many)
      .when(track('return_to_sender', now))
      .thenRecords(tracked('return_to_sender', now), turnedBack());
  });
});

describe('the fold of a shipment', () => {
  it('ignores what it knows nothing of', () => {
    const { evolve, initialState } = shipmentDecider;
    expect(evolve(initialState, delivered(now))).toBe(initialState);
    const known = evolve(initialState, one);
    expect(evolve(known, tracked('delivered', now, 'delivered', 'p9'))).toBe(known);
  });
  it('weighs more with each report, so that the cache can bound it', () => {
    const { evolve, initialState, weigh } = shipmentDecider;
    const known = evolve(initialState, one);
    expect(weigh(evolve(known, tracked('in_transit', now)))).toBeGreaterThan(weigh(known));
    expect(weigh(known)).toBeGreaterThan(weigh(initialState));
  });
});

describe('a report that says nothing of where the parcel is', () => {
  const silent = (reportedAt: string, textDigest: string): ShipmentCommand => ({
    type: 'TrackParcel',
    parcelId: 'p1',
    reportedAt,
    detail: sealed(textDigest),
    textDigest,
  });
  const kept = (
    status: ParcelStatus,
    reportedAt: string,
    textDigest: string,
    parcelStatus = status,
  ): ShipmentEvent => ({
    type: 'ParcelTracked',
    data: { ...place, parcelId: 'p1', status, reportedAt, parcelStatus, detail: sealed(textDigest), textDigest },
  });

  it('leaves it where it is, and its words are kept', () =>
    given(shipmentDecider, one, tracked('out_for_delivery', now))
      .when(silent(later, 'odd'))
      .thenRecords(kept('out_for_delivery', later, 'odd')));

  it('comes before all others: then there is a label', () =>
    given(shipmentDecider, one)
      .when(silent(now, 'odd'))
      .thenRecords(kept('pre_transit', now, 'odd')));

  it('comes late: it moves nothing', () =>
    given(shipmentDecider, one, tracked('out_for_delivery', now))
      .when(silent(earlier, 'odd'))
      .thenRecords(kept('in_transit', earlier, 'odd', 'out_for_delivery')));

  it('is known again wherever the parcel has got to since, and another one of that moment is not', () => {
    const history = [one, kept('pre_transit', now, 'odd'), tracked('delivered', later), delivered(later)];
    given(shipmentDecider, ...history)
      .when(silent(now, 'odd'))
      .thenNothing();
    given(shipmentDecider, ...history)
      .when(silent(now, 'other'))
      .thenRecords(kept('in_transit', now, 'other', 'delivered'));
  });
});
