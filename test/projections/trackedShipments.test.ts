import { describe, expect, it } from 'vitest';
import type { ShipmentEvent } from '../../src/domain/shipment/events.ts';
import { createCarrierRounds } from '../../src/projections/trackedShipments/carrierRounds.ts';
import {
  createTrackedShipmentQueries,
  type TrackedShipmentDocument,
  trackedShipments,
} from '../../src/projections/trackedShipments/projection.ts';
import { ledgerLog } from '../webhooks/ledgerLog.ts';
import { projectionSpec } from './projectionSpec.ts';
import { projected, timeAt } from './stockLog.ts';

type TrackingEvent = Exclude<ShipmentEvent, { readonly type: 'ParcelTracked' | 'VoidedShipmentReported' }>;

const place = { shipmentId: 's1', orderId: 'order1', warehouseId: 'BER' };
const parcels = [
  { parcelId: 'p1', trackingNumber: 'T 1-1', boxes: [] },
  { parcelId: 'p2', boxes: [] },
];
const dispatched = (shipmentId = 's1', label: object = { carrier: 'FedEx', trackingNumber: 't1' }): TrackingEvent => ({
  type: 'ShipmentDispatched',
  data: { ...place, shipmentId, lines: [], parcels, ...label },
});
const delivered: TrackingEvent = { type: 'ShipmentDelivered', data: { ...place, deliveredAt: timeAt(50) } };

const document: TrackedShipmentDocument = {
  shipmentId: 's1',
  carrier: 'FedEx',
  trackingNumber: 't1',
  parcels: [{ parcelId: 'p1', trackingNumber: 'T 1-1' }, { parcelId: 'p2' }],
  numbers: ['T1', 'T1-1'],
  onItsWayWith: 'fedex',
  dispatchedAt: timeAt(0),
  endedAt: null,
};

projectionSpec<TrackedShipmentDocument, TrackingEvent>(trackedShipments, ledgerLog, {
  ShipmentDispatched: [
    { title: 'is found by all of its numbers, without blanks and in capitals', events: [dispatched()], document },
    {
      title: 'that names no carrier is on its way with none',
      events: [dispatched('s1', {})],
      becomes: { numbers: ['T1-1'], onItsWayWith: null },
    },
  ],
  ShipmentCorrected: [
    {
      title: 'is found by the numbers that stand after it',
      events: [
        dispatched(),
        {
          type: 'ShipmentCorrected',
          data: {
            ...place,
            carrier: 'UPS',
            trackingNumber: 'T2',
            parcels: [
              { parcelId: 'p1', trackingNumber: 'T 1-1' },
              { parcelId: 'p2', trackingNumber: 'T2-2' },
            ],
          },
        },
      ],
      becomes: { numbers: ['T2', 'T1-1', 'T2-2'], onItsWayWith: 'ups', carrier: 'UPS' },
    },
  ],
  ShipmentVoided: [
    {
      title: 'is on its way no more, and still found',
      events: [dispatched(), { type: 'ShipmentVoided', data: { ...place, reason: 'never left' } }],
      becomes: { onItsWayWith: null, numbers: document.numbers, endedAt: timeAt(1) },
    },
  ],
  ShipmentDelivered: [
    {
      title: 'has ended when it arrived',
      events: [dispatched(), delivered],
      becomes: { onItsWayWith: null, endedAt: timeAt(50) },
    },
  ],
  ShipmentTurnedBack: [
    {
      title: 'is not asked for any more',
      events: [dispatched(), { type: 'ShipmentTurnedBack', data: { ...place, parcelId: 'p1' } }],
      becomes: { onItsWayWith: null, endedAt: timeAt(1) },
    },
  ],
});

describe('tracked shipments', () => {
  it('are found by number, the newest first, and by carrier, page by page', async () => {
    const log = ledgerLog(dispatched('s1'), dispatched('s2'), dispatched('s3', { carrier: 'UPS' }), dispatched('s4'));
    const queries = createTrackedShipmentQueries(await projected(trackedShipments, log), () => trackedShipments.name);
    const idsOf = (found: readonly TrackedShipmentDocument[]) => found.map(({ shipmentId }) => shipmentId);
    expect(idsOf(await queries.withNumber(' t1 '))).toEqual(['s4', 's2', 's1']);
    expect(idsOf(await queries.withNumber('t 1-1'))).toEqual(['s4', 's3', 's2', 's1']);
    expect(await queries.withNumber('t9')).toEqual([]);
    expect(idsOf(await queries.onTheirWay('fedex', null, 2))).toEqual(['s1', 's2']);
    expect(idsOf(await queries.onTheirWay('fedex', 's2', 2))).toEqual(['s4']);
  });
});

describe('the rounds of carriers', () => {
  it('are what was put last, by whichever process, and tell who is away', async () => {
    const documents = await projected(trackedShipments, []);
    const [one, other] = [createCarrierRounds(documents), createCarrierRounds(documents)];
    await one.prepare();
    await other.prepare();
    expect(await one.get('fedex')).toBeNull();
    const round = { beganAt: timeAt(0), after: 's1', awaySince: timeAt(5) };
    await one.put('fedex', round);
    expect(await other.get('fedex')).toEqual(round);
    expect(await other.away(['fedex', 'usps'])).toEqual(new Map([['fedex', timeAt(5)]]));
    await other.put('fedex', { ...round, awaySince: null });
    expect(await one.away(['fedex', 'usps'])).toEqual(new Map());
    expect(await one.away([])).toEqual(new Map());
  });
});
