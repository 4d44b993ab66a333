/** Couriers report late, twice and out of order; what a parcel's status is depends on none of it. */
import { array, assert, constantFrom, nat, property, shuffledSubarray, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ShipmentCommand, shipmentDecider } from '../../src/domain/shipment/decider.ts';
import { type ParcelStatus, parcelStatuses, type ShipmentEvent } from '../../src/domain/shipment/events.ts';
import type { Shipment } from '../../src/domain/shipment/state.ts';
import { recordedBy } from '../support/deciderSpec.ts';

const dispatched: ShipmentEvent = {
  type: 'ShipmentDispatched',
  data: {
    shipmentId: 's1',
    orderId: 'order1',
    warehouseId: 'BER',
    carrier: 'parcelco',
    trackingNumber: 'T1',
    lines: [],
    parcels: [
      { parcelId: 'p1', boxes: [] },
      { parcelId: 'p2', boxes: [] },
    ],
  },
};
/** Few moments, so that many reports fall on the same one. */
const report = tuple(constantFrom('p1', 'p2'), constantFrom(...parcelStatuses, 'delivered' as const), nat(5)).map(
  ([parcelId, status, minute]): ShipmentCommand => ({
    type: 'TrackParcel',
    parcelId,
    status,
    reportedAt: new Date(minute * 60_000).toISOString(),
  }),
);

interface Story {
  readonly phase: Shipment['phase'];
  readonly statuses: readonly (readonly [string, ParcelStatus])[];
  readonly events: readonly ShipmentEvent[];
}

const tell = (reports: readonly ShipmentCommand[]): Story => {
  const events: ShipmentEvent[] = [dispatched];
  let shipment: Shipment = shipmentDecider.evolve(shipmentDecider.initialState, dispatched);
  for (const command of reports) {
    for (const event of recordedBy(shipmentDecider.decide(command, shipment))) {
      events.push(event);
      shipment = shipmentDecider.evolve(shipment, event);
    }
  }
  const parcels = shipment.phase === 'absent' ? [] : [...shipment.parcels];
  return { phase: shipment.phase, statuses: parcels.map(([id, { status }]) => [id, status]), events };
};

const stories = array(report, { maxLength: 12 }).chain((reports) =>
  tuple(
    array(constantFrom(...reports, null), { maxLength: 6 }),
    shuffledSubarray(reports, { minLength: reports.length }),
  ).map(([repeated, shuffled]) => ({
    reports,
    shuffled: [...shuffled, ...repeated.filter((command) => command !== null)],
  })),
);

describe('reports in any order and repeated', () => {
  it('leave each parcel and the shipment with the same status', () => {
    assert(
      property(stories, ({ reports, shuffled }) => {
        const [one, other] = [tell(shuffled), tell(reports)];
        expect(one.statuses).toEqual(other.statuses);
        expect(one.phase).toBe(other.phase);
      }),
      { numRuns: 5_000 },
    );
  });

  it('leave a parcel turned back for good once any of them says so', () => {
    assert(
      property(stories, ({ shuffled }) => {
        const gone = new Set<string>();
        for (const { type, data } of tell(shuffled).events) {
          if (type !== 'ParcelTracked') continue;
          if (data.status === 'return_to_sender') gone.add(data.parcelId);
          expect(data.parcelStatus === 'return_to_sender').toBe(gone.has(data.parcelId));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never take a delivered parcel anywhere but back to its sender', () => {
    assert(
      property(stories, ({ shuffled }) => {
        const delivered = new Set<string>();
        for (const { type, data } of tell(shuffled).events) {
          if (type !== 'ParcelTracked') continue;
          if (delivered.has(data.parcelId)) expect(['delivered', 'return_to_sender']).toContain(data.parcelStatus);
          if (data.parcelStatus === 'delivered') delivered.add(data.parcelId);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('tell the delivery of the shipment at most once, and only when every parcel was there', () => {
    let deliveries = 0;
    assert(
      property(stories, ({ shuffled }) => {
        const { events } = tell(shuffled);
        const at = events.findIndex(({ type }) => type === 'ShipmentDelivered');
        expect(events.filter(({ type }) => type === 'ShipmentDelivered').length).toBe(at < 0 ? 0 : 1);
        if (at < 0) return;
        deliveries += 1;
        const reached = new Set(
          events
            .slice(0, at)
            .flatMap(({ type, data }) => (type === 'ParcelTracked' ? [[data.parcelId, data.status]] : []))
            .filter(([, status]) => status === 'delivered')
            .map(([id]) => id),
        );
        expect(reached.size).toBe(2);
      }),
      { numRuns: 2_000 },
    );
    expect(deliveries).toBeGreaterThan(10);
  });
});
