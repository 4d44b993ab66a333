/** Nearest is nearest on the globe, and a border is a cost and not a wall (R3.2, T8). */
import { array, assert, constantFrom, double, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planAllocation } from '../../src/domain/policies/allocation.ts';
import {
  borderKm,
  type Candidate,
  destinationOf,
  distanceKm,
  type Point,
  rankCandidates,
  remotenessOf,
} from '../../src/domain/policies/ranking.ts';

const at = (latitude: number, longitude: number): Point => ({ latitude, longitude });
const places = {
  berlin: at(52.52, 13.405),
  paris: at(48.8566, 2.3522),
  london: at(51.5074, -0.1278),
  newYork: at(40.7128, -74.006),
  suva: at(-18.1416, 178.4419),
  apia: at(-13.8333, -171.7667),
  sydney: at(-33.8688, 151.2093),
  auckland: at(-36.8485, 174.7633),
};

describe('the great-circle distance', () => {
  it.each([
    ['berlin', 'paris', 878],
    ['london', 'newYork', 5_570],
    ['sydney', 'auckland', 2_156],
    // Across the date line, where a difference of longitudes would go the long way round.
    ['suva', 'apia', 1_146],
    ['berlin', 'berlin', 0],
  ] as const)('from %s to %s is %i km, within half a percent', (from, to, km) => {
    expect(Math.abs(distanceKm(places[from], places[to]) - km)).toBeLessThanOrEqual(km / 200);
  });
});

const warehouse = (warehouseId: string, countryCode: string, postalCode: string, point: Point): Candidate => ({
  warehouseId,
  countryCode,
  postalCode,
  priority: 1,
  ...point,
});
const depots: readonly Candidate[] = [
  warehouse('BER', 'DE', '10115', places.berlin),
  warehouse('MUC', 'DE', '80331', at(48.1374, 11.5755)),
  warehouse('FRL', 'DE', '83395', at(47.8383, 12.9783)),
  warehouse('PAR', 'FR', '75001', places.paris),
  warehouse('MRS', 'FR', '13001', at(43.2965, 5.3698)),
  warehouse('KEL', 'DE', '77694', at(48.573, 7.809)),
  warehouse('VIE', 'AT', '1010', at(48.2082, 16.3738)),
  warehouse('TOR', 'FI', '95400', at(65.848, 24.147)),
  warehouse('MMA', 'SE', '211 20', at(55.605, 13.0038)),
  warehouse('CGY', 'CA', 'T2P', at(51.0447, -114.0719)),
  warehouse('BUF', 'US', '14301', at(43.0962, -79.0377)),
];
const nearest = (countryCode: string, point: Point): string | undefined =>
  rankCandidates(depots, 'nearest', { countryCode, point }, null)[0];

describe('the nearest warehouse', () => {
  it.each([
    ['Potsdam', 'DE', at(52.3906, 13.0645), 'BER'],
    ['Augsburg', 'DE', at(48.3705, 10.8978), 'MUC'],
    ['Versailles', 'FR', at(48.8049, 2.1204), 'PAR'],
    ['Toulon', 'FR', at(43.1242, 5.928), 'MRS'],
    ['Graz', 'AT', at(47.0707, 15.4395), 'VIE'],
    // Over the bridge from Kehl: six kilometres across the border beat 400 in the country.
    ['Strasbourg', 'FR', at(48.5734, 7.7521), 'KEL'],
    ['Salzburg', 'AT', at(47.8095, 13.055), 'FRL'],
    // Two kilometres to Finland, or 1,270 to the other end of Sweden.
    ['Haparanda', 'SE', at(65.835, 24.137), 'TOR'],
    ['Niagara Falls, Ontario', 'CA', at(43.0896, -79.0849), 'BUF'],
    // Linz is nearer to Freilassing than to Vienna, by less than a border costs.
    ['Linz', 'AT', at(48.3069, 14.2858), 'VIE'],
  ] as const)('of %s (%s) is the right one', (_place, countryCode, point, expected) => {
    expect(nearest(countryCode, point)).toBe(expected);
  });

  it('is the preferred one where the order names it', () =>
    expect(rankCandidates(depots, 'nearest', { countryCode: 'DE', point: places.berlin }, 'CGY')[0]).toBe('CGY'));
  it('is in the country when nothing tells where the address is', () =>
    expect(rankCandidates(depots, 'nearest', { countryCode: 'AT', point: null }, null)[0]).toBe('VIE'));
  it('does not matter to the other strategies, which go by priority and id', () => {
    const ranked = rankCandidates(
      [{ ...warehouse('B', 'DE', '1', places.berlin), priority: 2 }, ...depots.slice(3, 5)],
      'priority',
      { countryCode: 'DE', point: places.berlin },
      null,
    );
    expect(ranked).toEqual(['MRS', 'PAR', 'B']);
  });

  it('that has it is never farther than another that has it, border included, for any places', () => {
    const points = record({
      latitude: double({ min: -90, max: 90, noNaN: true }),
      longitude: double({ min: -180, max: 180, noNaN: true }),
    });
    const countries = constantFrom('DE', 'FR', 'NZ');
    const stocked = record({ point: points, countryCode: countries, pieces: nat(2) });
    let decided = 0;
    assert(
      property(array(stocked, { minLength: 1, maxLength: 8 }), points, countries, (shelves, point, countryCode) => {
        const all = shelves.map((each, index) => warehouse(`W${index}`, each.countryCode, '', each.point));
        const destination = { countryCode, point };
        const pieces = new Map(shelves.map((each, index) => [`W${index}`, each.pieces]));
        const { sources } = planAllocation({
          demand: [{ lineId: '1', sku: 'CHAIR', quantity: 1 }],
          ranking: rankCandidates(all, 'nearest', destination, null),
          strategy: 'nearest',
          allowSplit: true,
          allowBackorder: true,
          promise: (warehouseId) => pieces.get(warehouseId) ?? 0,
        });
        const [source] = sources;
        if (source === undefined) return;
        const costs = all.filter(({ warehouseId }) => (pieces.get(warehouseId) ?? 0) > 0);
        const least = Math.min(...costs.map((candidate) => remotenessOf(candidate, destination)));
        const chosen = all.find(({ warehouseId }) => warehouseId === source.warehouseId);
        expect(chosen && remotenessOf(chosen, destination)).toBe(least);
        if (costs.length > 1) decided += 1;
      }),
      { numRuns: 5_000 },
    );
    expect(decided).toBeGreaterThan(1_000);
  });
});

describe('the point of an address', () => {
  const middle = (countryCode: string): Point | null => (countryCode === 'DE' ? at(51, 9) : null);
  const pointOf = (address: Parameters<typeof destinationOf>[0]): Point | null => {
    const { point } = destinationOf(address, depots, middle);
    return point === null ? null : at(point.latitude, point.longitude);
  };
  it('is its own where it has one', () =>
    expect(pointOf({ countryCode: 'DE', postalCode: '80331', ...places.london })).toEqual(places.london));
  it('is that of the warehouse in the country whose postal code begins most alike', () => {
    expect(pointOf({ countryCode: 'DE', postalCode: '80999' })).toEqual(at(48.1374, 11.5755));
    expect(pointOf({ countryCode: 'DE', postalCode: '83471' })).toEqual(at(47.8383, 12.9783));
    expect(pointOf({ countryCode: 'SE', postalCode: '21145' })).toEqual(at(55.605, 13.0038));
  });
  it('is not that of a warehouse abroad, however alike its postal code is (7)', () => {
    expect(pointOf({ countryCode: 'FR', postalCode: '80331' })).toBeNull();
    expect(pointOf({ countryCode: 'DE', postalCode: '95401' })).toEqual(at(51, 9));
  });
  it('is the middle of the country where no postal code begins alike, or there is none, as after an erasure', () => {
    expect(pointOf({ countryCode: 'DE', postalCode: '50667' })).toEqual(at(51, 9));
    expect(pointOf({ countryCode: 'DE', postalCode: null })).toEqual(at(51, 9));
    expect(pointOf({ countryCode: 'DE' })).toEqual(at(51, 9));
  });
  it('is unknown where not even the country is known', () => expect(pointOf({ countryCode: 'XX' })).toBeNull());
  it('costs a border of a stated number of kilometres', () => {
    const [berlin] = depots;
    expect(berlin && remotenessOf(berlin, { countryCode: 'PL', point: places.berlin })).toBe(borderKm);
  });
});
