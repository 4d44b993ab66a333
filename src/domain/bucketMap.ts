/**
 * An immutable map for states that may hold tens of thousands of entries: a change copies one bucket of 256, not the
 * whole. A plain `new Map(old)` made a hot SKU quadratic in its open reservations. Most maps are small, and one bucket
 * is all they have: 256 of them would be 2 kB more for each change.
 */
export interface BucketMap<V> {
  readonly size: number;
  /** One, or `bucketCount`. */
  readonly buckets: readonly (ReadonlyMap<string, V> | undefined)[];
}

const bucketCount = 256;
/** Up to here a copy of all of it costs no more than a copy of the buckets. */
const smallMax = 32;

const bucketOf = (key: string, { length }: BucketMap<unknown>['buckets']): number => {
  if (length === 1) return 0;
  let hash = 0;
  for (let index = Math.max(0, key.length - 6); index < key.length; index += 1) {
    hash = (hash * 31 + key.charCodeAt(index)) >>> 0;
  }
  return hash % bucketCount;
};

export const emptyBucketMap: BucketMap<never> = { size: 0, buckets: [undefined] };

export const lookUp = <V>({ buckets }: BucketMap<V>, key: string): V | undefined =>
  buckets[bucketOf(key, buckets)]?.get(key);

/** The same entries over all buckets. */
const spread = <V>(map: BucketMap<V>): BucketMap<V> => {
  const buckets = Array<Map<string, V> | undefined>(bucketCount).fill(undefined);
  for (const [key, value] of entriesOf(map)) {
    const at = bucketOf(key, buckets);
    buckets[at] = (buckets[at] ?? new Map<string, V>()).set(key, value);
  }
  return { size: map.size, buckets };
};

export const withEntry = <V>(map: BucketMap<V>, key: string, value: V): BucketMap<V> => {
  if (map.size === smallMax && map.buckets.length === 1) return withEntry(spread(map), key, value);
  const at = bucketOf(key, map.buckets);
  const bucket = new Map(map.buckets[at]);
  const grows = !bucket.has(key);
  bucket.set(key, value);
  const buckets = map.buckets.slice();
  buckets[at] = bucket;
  return { size: map.size + (grows ? 1 : 0), buckets };
};

export const withoutEntry = <V>(map: BucketMap<V>, key: string): BucketMap<V> => {
  const at = bucketOf(key, map.buckets);
  const old = map.buckets[at];
  if (old?.has(key) !== true) return map;
  if (map.size === 1) return emptyBucketMap;
  const bucket = new Map(old);
  bucket.delete(key);
  const buckets = map.buckets.slice();
  buckets[at] = bucket.size === 0 ? undefined : bucket;
  return { size: map.size - 1, buckets };
};

export function* entriesOf<V>(map: BucketMap<V>): Generator<readonly [string, V]> {
  for (const bucket of map.buckets) if (bucket !== undefined) yield* bucket;
}
