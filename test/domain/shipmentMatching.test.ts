import { describe, expect, it } from 'vitest';
import { type NumberedShipment, parcelsMeant, shipmentMeant } from '../../src/domain/shipment/matching.ts';

const day = (days: number): string => new Date(Date.UTC(2026, 2, 1) + days * 24 * 3_600_000).toISOString();

const shipment = (shipmentId: string, dispatched: number, more: Partial<NumberedShipment> = {}): NumberedShipment => ({
  shipmentId,
  carrier: 'UPS',
  dispatchedAt: day(dispatched),
  endedAt: null,
  ...more,
});
const meant = (shipments: readonly NumberedShipment[], days: number, carrier = 'ups'): string | undefined =>
  shipmentMeant(shipments, { carrier, reportedAt: day(days) })?.shipmentId;

describe('the shipment that a carrier means (row 19)', () => {
  const older = shipment('older', 0, { endedAt: day(5) });
  const newer = shipment('newer', 100);

  it('is the newest that had left by then, whatever their order', () => {
    for (const both of [
      [older, newer],
      [newer, older],
    ]) {
      expect(meant(both, 3)).toBe('older');
      expect(meant(both, 101)).toBe('newer');
      expect(meant(both, 100)).toBe('newer');
    }
  });

  it('is the next one where the one before had arrived, and the next left within a week', () => {
    expect(meant([older, newer], 94)).toBe('newer');
    expect(meant([older, newer], 92)).toBe('older');
    expect(meant([shipment('open', 0), newer], 94)).toBe('open');
  });

  it('is the oldest for what is older than all, up to 90 days', () => {
    expect(meant([older, newer], -89)).toBe('older');
    expect(meant([older, newer], -91)).toBeUndefined();
  });

  it('is one of this carrier; else one whose carrier nobody has named; never one of another', () => {
    const unnamed: NumberedShipment = { shipmentId: 'unnamed', dispatchedAt: day(1), endedAt: null };
    const fedex = shipment('fedex', 2, { carrier: 'FedEx' });
    expect(meant([older, unnamed, fedex], 3)).toBe('older');
    expect(meant([unnamed, fedex], 3)).toBe('unnamed');
    expect(meant([fedex], 3)).toBeUndefined();
    expect(meant([fedex], 3, 'Federal Express')).toBe('fedex');
  });
});

describe('the parcels that a number means', () => {
  const parcels = [{ parcelId: 'a', trackingNumber: 'A' }, { parcelId: 'b' }, { parcelId: 'c' }];
  const of = (number: string, trackingNumber?: string) =>
    parcelsMeant({ ...(trackingNumber === undefined ? {} : { trackingNumber }), parcels }, (each) => each === number);

  it('are the one with this number, or those that go under the number of the whole', () => {
    expect(of('A', 'ALL')).toEqual(['a']);
    expect(of('ALL', 'ALL')).toEqual(['b', 'c']);
    expect(of('OTHER', 'ALL')).toEqual([]);
    expect(of('ALL')).toEqual([]);
  });
});
