/** Shipments as they are read, and the tracking of an order (R12, B11). */
import { array, assert, constantFrom, property, shuffledSubarray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParcelDeclared } from '../../src/domain/order/shapes.ts';
import { type ParcelStatus, parcelStatuses, type ShipmentEvent } from '../../src/domain/shipment/events.ts';
import {
  type ParcelEventView,
  type ParcelView,
  type ShipmentDocument,
  shipmentStatus,
  shipments,
} from '../../src/projections/shipments/projection.ts';
import { createShipmentQueries, orderTracking } from '../../src/projections/shipments/queries.ts';
import { sealed } from '../support/samples.ts';
import { ledgerLog } from '../webhooks/ledgerLog.ts';
import { projectionSpec } from './projectionSpec.ts';
import { projected, timeAt } from './stockLog.ts';

const place = { shipmentId: 's1', orderId: 'order1', warehouseId: 'BER' };
const boxOf = (boxCode: string, quantity = 1) => ({ lineId: '1', boxCode, quantity });
const parcels: readonly ParcelDeclared[] = [
  { parcelId: 'p1', trackingNumber: 'T1-1', boxes: [boxOf('A'), boxOf('B', 2)] },
  { parcelId: 'p2', boxes: [] },
];

const dispatched = (changes: Partial<typeof place & { parcels: typeof parcels }> = {}): ShipmentEvent => ({
  type: 'ShipmentDispatched',
  data: { ...place, carrier: 'parcelco', trackingNumber: 'T1', lines: [], parcels, ...changes },
});

interface Words {
  readonly detail?: string;
  readonly location?: string;
  readonly parcelId?: string;
  readonly parcelStatus?: ParcelStatus;
}
const tracked = (status: ParcelStatus, second: number, words: Words = {}): ShipmentEvent => ({
  type: 'ParcelTracked',
  data: {
    ...place,
    parcelId: words.parcelId ?? 'p1',
    status,
    parcelStatus: words.parcelStatus ?? status,
    ...(words.detail === undefined ? {} : { detail: sealed(words.detail) }),
    ...(words.location === undefined ? {} : { location: sealed(words.location) }),
    reportedAt: timeAt(second),
  },
});
const delivered: ShipmentEvent = { type: 'ShipmentDelivered', data: { ...place, deliveredAt: timeAt(50) } };

const turnedBack: ShipmentEvent = { type: 'ShipmentTurnedBack', data: { ...place, parcelId: 'p1' } };

const report = (
  status: ParcelStatus,
  reportedSecond: number,
  recordedSecond: number,
  words: Partial<ParcelEventView> = {},
): ParcelEventView => ({
  status,
  detail: null,
  location: null,
  occurredAt: timeAt(reportedSecond),
  recordedAt: timeAt(recordedSecond),
  ...words,
});
const quiet = { status: 'pre_transit', lastLocation: null, events: [] } as const;
const first: ParcelView = { parcelId: 'p1', trackingNumber: 'T1-1', boxes: [boxOf('A'), boxOf('B', 2)], ...quiet };
const second: ParcelView = { parcelId: 'p2', boxes: [], ...quiet };

const fold = (...events: readonly ShipmentEvent[]): ShipmentDocument => {
  const document = ledgerLog(...events).reduce<ShipmentDocument | null>(
    (before, event) => shipments.apply(before, event, event.data.shipmentId),
    null,
  );
  if (document === null) throw new Error('no shipment');
  return document;
};

projectionSpec(shipments, ledgerLog, {
  ShipmentDispatched: [
    {
      title: 'a shipment is on its way, though no courier has said so yet',
      events: [dispatched()],
      becomes: {
        ...place,
        carrier: 'parcelco',
        trackingNumber: 'T1',
        status: 'pre_transit',
        parcels: [first, second],
        dispatchedAt: timeAt(0),
        deliveredAt: null,
        revision: 0,
        updatedAt: timeAt(0),
      },
    },
  ],
  ShipmentCorrected: [
    {
      title: 'it has its numbers later, and keeps what was reported',
      events: [
        {
          type: 'ShipmentDispatched',
          data: { ...place, lines: [], parcels: parcels.map(({ parcelId, boxes }) => ({ parcelId, boxes })) },
        },
        tracked('in_transit', 20),
        {
          type: 'ShipmentCorrected',
          data: { ...place, trackingNumber: 'T1', parcels: [{ parcelId: 'p1', trackingNumber: 'T1-1' }] },
        },
      ],
      becomes: {
        trackingNumber: 'T1',
        parcels: [{ ...first, status: 'in_transit', events: [report('in_transit', 20, 1)] }, second],
        revision: 2,
      },
    },
  ],
  ShipmentVoided: [
    {
      title: 'it keeps its parcels, and tells when it was voided',
      events: [dispatched(), { type: 'ShipmentVoided', data: { ...place, reason: 'label not used' } }],
      becomes: { status: 'pre_transit', voidedAt: expect.any(String), revision: 1 },
    },
  ],
  VoidedShipmentReported: [
    {
      title: 'the report stands, and it is voided still',
      events: [
        dispatched(),
        { type: 'ShipmentVoided', data: { ...place, reason: 'label not used' } },
        tracked('in_transit', 20),
        {
          type: 'VoidedShipmentReported',
          data: { ...place, parcelId: 'p1', status: 'in_transit', reportedAt: timeAt(20) },
        },
      ],
      becomes: {
        voidedAt: expect.any(String),
        parcels: [{ ...first, status: 'in_transit', events: [report('in_transit', 20, 2)] }, second],
        revision: 3,
      },
    },
  ],
  ParcelTracked: [
    {
      title: 'a report is kept with both times and its sealed words',
      events: [dispatched(), tracked('in_transit', 20, { detail: 'left', location: 'Leipzig' })],
      becomes: {
        status: 'pre_transit',
        parcels: [
          {
            ...first,
            status: 'in_transit',
            lastLocation: sealed('Leipzig'),
            events: [report('in_transit', 20, 1, { detail: sealed('left'), location: sealed('Leipzig') })],
          },
          second,
        ],
        revision: 1,
        updatedAt: timeAt(1),
      },
    },
    {
      title: 'a late report stands where its time belongs, and the status follows from all of them',
      events: [
        dispatched(),
        tracked('delivered', 40, { location: 'at the door' }),
        tracked('out_for_delivery', 30, { parcelStatus: 'delivered', location: 'Potsdam' }),
        tracked('delayed', 60, { parcelStatus: 'delivered' }),
      ],
      becomes: {
        parcels: [
          {
            ...first,
            status: 'delivered',
            lastLocation: sealed('at the door'),
            events: [
              report('out_for_delivery', 30, 2, { location: sealed('Potsdam') }),
              report('delivered', 40, 1, { location: sealed('at the door') }),
              report('delayed', 60, 3),
            ],
          },
          second,
        ],
      },
    },
    {
      title: 'a turn back that was stored as delivered by an older release is a turn back',
      events: [
        dispatched({ parcels: [parcels[1]!] }),
        tracked('return_to_sender', 20, { parcelId: 'p2' }),
        tracked('delivered', 30, { parcelId: 'p2', parcelStatus: 'delivered' }),
      ],
      becomes: { status: 'return_to_sender' },
    },
    {
      title: 'a report about a parcel that was never declared changes no parcel',
      events: [dispatched(), tracked('in_transit', 20, { parcelId: 'p9' })],
      becomes: { parcels: [first, second], revision: 1 },
    },
  ],
  ShipmentDelivered: [
    {
      title: "it has arrived, at the carrier's time",
      events: [dispatched(), tracked('delivered', 40), tracked('delivered', 50, { parcelId: 'p2' }), delivered],
      becomes: { status: 'delivered', deliveredAt: timeAt(50), revision: 3, updatedAt: timeAt(3) },
    },
  ],
  ShipmentTurnedBack: [
    {
      title: 'it has not arrived, even when it seemed so',
      events: [dispatched(), tracked('delivered', 40), delivered, tracked('return_to_sender', 30), turnedBack],
      becomes: { status: 'return_to_sender', deliveredAt: null, revision: 4, updatedAt: timeAt(4) },
    },
  ],
});

describe('the reports about a parcel', () => {
  it("are in the order of the carrier's time, whatever order they came in", () => {
    const seconds = [10, 20, 30, 40, 50];
    assert(
      property(shuffledSubarray(seconds, { minLength: seconds.length }), (order) => {
        const [parcel] = fold(
          dispatched(),
          ...order.map((at) => tracked('in_transit', at, { location: `${at}` })),
        ).parcels;
        expect(parcel?.events.map(({ occurredAt }) => occurredAt)).toEqual(seconds.map(timeAt));
        expect(parcel?.lastLocation).toBe('50');
      }),
    );
  });

  it('of one moment stay in the order they came in', () => {
    const [parcel] = fold(
      dispatched(),
      tracked('in_transit', 5),
      tracked('delayed', 5),
      tracked('exception', 5),
    ).parcels;
    expect(parcel?.events.map(({ status }) => status)).toEqual(['in_transit', 'delayed', 'exception']);
  });
});

describe('the status of a shipment (R12.1)', () => {
  const statusOf = (...statuses: readonly ParcelStatus[]): ParcelStatus =>
    shipmentStatus(statuses.map((status) => ({ status })));

  it.each<[ParcelStatus, readonly ParcelStatus[]]>([
    ['pre_transit', []],
    ['in_transit', ['in_transit']],
    ['in_transit', ['delivered', 'in_transit', 'out_for_delivery']],
    ['delayed', ['in_transit', 'delayed']],
    ['pre_transit', ['delivered', 'pre_transit', 'delayed']],
    ['exception', ['pre_transit', 'exception', 'return_to_sender']],
    ['return_to_sender', ['delivered', 'return_to_sender', 'pre_transit']],
    ['delivered', ['delivered', 'delivered']],
  ])('is %s for parcels that are %j', (expected, statuses) => {
    expect(statusOf(...statuses)).toBe(expected);
  });

  it('is that of one of its parcels, whatever their order, and delivered only when all are', () => {
    assert(
      property(array(constantFrom(...parcelStatuses), { minLength: 1, maxLength: 5 }), (statuses) => {
        const status = statusOf(...statuses);
        expect(statuses).toContain(status);
        expect(statusOf(...statuses.toReversed())).toBe(status);
        expect(status === 'delivered').toBe(statuses.every((each) => each === 'delivered'));
      }),
    );
  });
});

describe('queries for shipments', () => {
  it('find one, and those of an order, and tell when there is none', async () => {
    const others = [dispatched({ shipmentId: 's3' }), dispatched({ shipmentId: 's2', orderId: 'order2' })];
    const documents = await projected(shipments, ledgerLog(...others, dispatched()));
    const queries = createShipmentQueries(documents, () => shipments.name);
    expect(await queries.get('s2')).toMatchObject({ shipmentId: 's2', orderId: 'order2' });
    expect(await queries.get('s9')).toBeNull();
    expect((await queries.byOrder('order1')).map(({ shipmentId }) => shipmentId)).toEqual(['s1', 's3']);
    expect(await queries.byOrder('order9')).toEqual([]);
  });
});

describe('the tracking of an order', () => {
  const order = { orderId: 'order1', status: 'partially_delivered' } as const;

  it('counts boxes, and a parcel that names none as one (B11)', () => {
    const one = fold(dispatched(), tracked('delivered', 40));
    const other = fold(
      dispatched({ shipmentId: 's2' }),
      tracked('in_transit', 40),
      tracked('delivered', 41, { parcelId: 'p2' }),
    );
    expect(orderTracking(order, [one, other])).toEqual({
      ...order,
      promisedWindow: null,
      promiseHistory: [],
      shipments: [one, other],
      boxes: { total: 8, delivered: 4 },
    });
  });

  it('has no boxes before anything was shipped', () => {
    expect(orderTracking({ ...order, status: 'pending' }, [])).toMatchObject({
      status: 'pending',
      shipments: [],
      boxes: { total: 0, delivered: 0 },
    });
  });
});
