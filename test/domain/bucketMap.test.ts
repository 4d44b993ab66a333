import { array, assert, constantFrom, nat, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BucketMap,
  emptyBucketMap,
  entriesOf,
  lookUp,
  withEntry,
  withoutEntry,
} from '../../src/domain/bucketMap.ts';

const contents = <V>(map: BucketMap<V>): Map<string, V> => new Map([...entriesOf(map)].sort());

describe('the bucket map', () => {
  it('holds what a Map holds after any changes, and leaves each earlier state as it was', () => {
    // More keys than a small map holds, and more sets than deletes, so that it grows and shrinks across that line.
    const changes = array(tuple(constantFrom('set', 'set', 'delete'), nat(60), nat()), { maxLength: 200 });
    assert(
      property(changes, (steps) => {
        const model = new Map<string, number>();
        let map: BucketMap<number> = emptyBucketMap;
        for (const [change, id, value] of steps) {
          const [before, key] = [map, `reservation-${id}`];
          const earlier = contents(before);
          map = change === 'set' ? withEntry(map, key, value) : withoutEntry(map, key);
          if (change === 'set') model.set(key, value);
          else model.delete(key);
          expect(contents(before)).toEqual(earlier);
          expect([map.size, lookUp(map, key)]).toEqual([model.size, model.get(key)]);
        }
        expect(contents(map)).toEqual(new Map([...model].sort()));
      }),
    );
  });
  it('is one leaf while it is small, and goes back to nothing', () => {
    const keys = Array.from({ length: 400 }, (_, index) => `reservation-${index}`);
    let map: BucketMap<number> = emptyBucketMap;
    for (const [index, key] of keys.entries()) {
      map = withEntry(map, key, 1);
      expect(map.root.branches === undefined).toBe(index < 8);
    }
    const emptied = keys.reduce<BucketMap<number>>(withoutEntry, map);
    expect(emptied).toBe(emptyBucketMap);
  });
  it('holds any number of keys that have the same hash', () => {
    // Whichever of each pair is taken, FNV-1a goes on from the same figure.
    const pairs = [
      ['7yzx', 'e6ad'],
      ['33zx', 'epad'],
      ['33zx', 'epad'],
      ['33zx', 'epad'],
      ['33zx', 'epad'],
    ];
    const keys = pairs.reduce<string[]>((all, pair) => all.flatMap((key) => pair.map((part) => key + part)), ['']);
    const map = keys.reduce<BucketMap<string>>((all, key) => withEntry(all, key, key), emptyBucketMap);
    expect([map.size, keys.every((key) => lookUp(map, key) === key)]).toEqual([32, true]);
    const half = keys.slice(8).reduce<BucketMap<string>>(withoutEntry, map);
    expect([...contents(half).keys()]).toEqual(keys.slice(0, 8).toSorted());
  });
  it('tells keys apart that fall into one bucket', () => {
    const map = withEntry(withEntry(emptyBucketMap, 'a-000001', 1), 'b-000001', 2);
    expect([lookUp(map, 'a-000001'), lookUp(map, 'b-000001'), lookUp(map, 'c-000001')]).toEqual([1, 2, undefined]);
    expect(lookUp(withoutEntry(map, 'a-000001'), 'b-000001')).toBe(2);
  });
  it('is the same map when nothing is taken out, and takes keys of any length', () => {
    const map = withEntry(emptyBucketMap, '', 1);
    expect(withoutEntry(map, 'x')).toBe(map);
    expect([lookUp(map, ''), map.size, withoutEntry(map, '').size]).toEqual([1, 1, 0]);
  });
});
