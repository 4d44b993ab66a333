/**
 * An immutable map for states that may hold tens of thousands of entries: a change copies one bucket of 256,
 * not the whole. A plain `new Map(old)` made a hot SKU quadratic in its open reservations.
 */
export interface BucketMap<V> {
  readonly size: number;
  readonly buckets: readonly (ReadonlyMap<string, V> | undefined)[];
}

const bucketCount = 256;

const bucketOf = (key: string): number => {
  let hash = 0;
  for (let index = Math.max(0, key.length - 6); index < key.length; index += 1) {
    hash = (hash * 31 + key.charCodeAt(index)) >>> 0;
  }
  return hash % bucketCount;
};

export const emptyBucketMap: BucketMap<never> = { size: 0, buckets: [] };

export const lookUp = <V>(map: BucketMap<V>, key: string): V | undefined => map.buckets[bucketOf(key)]?.get(key);

export const withEntry = <V>(map: BucketMap<V>, key: string, value: V): BucketMap<V> => {
  const at = bucketOf(key);
  const bucket = new Map(map.buckets[at]);
  const grows = !bucket.has(key);
  bucket.set(key, value);
  const buckets = map.buckets.slice();
  buckets[at] = bucket;
  return { size: map.size + (grows ? 1 : 0), buckets };
};

export const withoutEntry = <V>(map: BucketMap<V>, key: string): BucketMap<V> => {
  const at = bucketOf(key);
  const old = map.buckets[at];
  if (old?.has(key) !== true) return map;
  const bucket = new Map(old);
  bucket.delete(key);
  const buckets = map.buckets.slice();
  buckets[at] = bucket.size === 0 ? undefined : bucket;
  return { size: map.size - 1, buckets };
};

export function* entriesOf<V>(map: BucketMap<V>): Generator<readonly [string, V]> {
  for (const bucket of map.buckets) if (bucket !== undefined) yield* bucket;
}
