import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventVersions } from '../../src/domain/events.ts';
import { parcelStatuses } from '../../src/domain/shipment/events.ts';
import { adjustmentReasons } from '../../src/domain/values.ts';
import type { Recorded } from '../../src/eventsourcing/projecting/projection.ts';
import { contextOf, createEpcisIds } from '../../src/projections/epcis/ids.ts';
import { epcisEventsOf, epcisTypes, type MappedEvent } from '../../src/projections/epcis/mapping.ts';
import type { EpcisEvent } from '../../src/projections/epcis/shape.ts';
import { epcisFaultsOf } from '../support/epcisSchema.ts';
import { golden } from './golden.ts';
import { stockHistories } from './stockHistories.ts';
import { logOf } from './stockLog.ts';

const baseUrl = 'https://ledger.example';
const bare = createEpcisIds({ gtins: new Map(), glns: new Map(), sscc: () => undefined, baseUrl });
const keyed = createEpcisIds({
  gtins: new Map([['TABLE-OAK', '4006381333931']]),
  glns: new Map([['BER', '0614141123452']]),
  sscc: () => '106141412345678908',
  baseUrl,
});

const stored = (type: (typeof epcisTypes)[number], changes: object = {}): Recorded<MappedEvent> => {
  const example: { data: object } = golden(type, eventVersions[type]);
  return { ...example, data: { ...example.data, ...changes } } as Recorded<MappedEvent>;
};

const alone = (event: EpcisEvent): object => ({ '@context': contextOf(baseUrl), ...event });

const expectValid = (events: readonly EpcisEvent[]): void => {
  for (const event of events) expect(epcisFaultsOf(alone(event)), JSON.stringify(event)).toEqual([]);
};

describe('an event as EPCIS has it (B13)', () => {
  it.each(epcisTypes)('is one of the standard, by our names and by those of GS1: %s', (type) => {
    for (const ids of [bare, keyed]) {
      const events = epcisEventsOf(stored(type), ids);
      expect(events.length).toBeGreaterThan(0);
      expectValid(events);
      expect(new Set(events.map(({ eventID }) => eventID)).size).toBe(events.length);
      expect(events[0]).toMatchObject({ 'stockledger:type': type, eventTime: stored(type).occurredAt });
    }
  });

  it('is valid for any history of a stock, and its deltas come to what is on hand', () => {
    assert(
      property(stockHistories, (history) => {
        const mapped = logOf(...history).filter((event) => (epcisTypes as readonly string[]).includes(event.type));
        const events = (mapped as readonly Recorded<MappedEvent>[]).flatMap((event) => epcisEventsOf(event, keyed));
        expectValid(events);
        const sum = events.reduce((total, event) => total + (event['stockledger:onHandDelta'] ?? 0), 0);
        expect(sum).toBe(history.at(-1)?.data.after.onHand);
      }),
      { numRuns: 100 },
    );
  });

  it('has words of the vocabulary for each reason and each report', () => {
    for (const reason of adjustmentReasons) expectValid(epcisEventsOf(stored('StockAdjusted', { reason }), bare));
    const moved = parcelStatuses.filter((status) => {
      const events = epcisEventsOf(stored('ParcelTracked', { status }), bare);
      expectValid(events);
      return events.length > 0;
    });
    expect(moved).toEqual(parcelStatuses.filter((status) => status !== 'pre_transit'));
  });

  it('names goods by GTIN, places by GLN and parcels by SSCC, and otherwise below our own address', () => {
    const [received] = epcisEventsOf(stored('StockReceived'), keyed);
    expect(received?.quantityList?.[0]?.epcClass).toBe('https://id.gs1.org/01/04006381333931');
    expect(received?.readPoint).toEqual({ id: 'https://id.gs1.org/414/0614141123452' });
    const [, packed] = epcisEventsOf(stored('ShipmentDispatched'), keyed);
    expect(packed).toMatchObject({ type: 'AggregationEvent', parentID: 'https://id.gs1.org/00/106141412345678908' });
    const [own] = epcisEventsOf(stored('StockReceived', { sku: 'SOFA BLAU/2' }), bare);
    expect(own?.quantityList?.[0]?.epcClass).toBe(`${baseUrl}/class/SOFA%20BLAU%2F2`);
    expect(own?.bizLocation).toEqual({ id: `${baseUrl}/loc/BER` });
  });

  it('tells a person’s words, names and prices to nobody', () => {
    for (const type of epcisTypes) {
      expect(JSON.stringify(epcisEventsOf(stored(type), bare)), type).not.toMatch(/v1\.|priceMinor|note/);
    }
  });

  it('is nothing where no goods were there', () => {
    expect(epcisEventsOf(stored('StockRegistered', { onHand: 0 }), bare)).toEqual([]);
  });
});

describe('the check of the standard', () => {
  it('refuses what is none of it', () => {
    const [event] = epcisEventsOf(stored('StockReceived'), bare) as readonly [EpcisEvent];
    for (const wrong of [
      { ...event, bizStep: 'no_such_step' },
      { ...event, action: 'LOOK' },
      { ...event, quantityList: [{ quantity: 1 }] },
      { ...event, undeclared: 1 },
    ]) {
      expect(epcisFaultsOf(alone(wrong as EpcisEvent))).not.toEqual([]);
    }
  });
});
