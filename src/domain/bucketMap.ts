/**
 * An immutable map for states that may hold tens of thousands of entries: a tree by the hash of the key, in which a change
 * copies one leaf and the branches above it. A plain `new Map(old)` made a hot SKU quadratic in its open reservations.
 * Most maps are small, and one leaf is all they have.
 */
export interface BucketMap<V> {
  readonly size: number;
  readonly root: Node<V>;
}

interface BucketEntry<V> {
  readonly key: string;
  readonly value: V;
}
interface Leaf<V> {
  readonly entries: readonly BucketEntry<V>[];
  readonly branches?: undefined;
}
interface Branch<V> {
  /** By the next bits of the hash. */
  readonly branches: readonly (Node<V> | undefined)[];
}
export type Node<V> = Leaf<V> | Branch<V>;

const bits = 4;
const fanOut = 2 ** bits;
/** The hash has no more bits below: there a leaf takes any number. */
const depthMax = 32 / bits;
/** Up to here a copy of all entries costs no more than a copy of the branches. */
const leafMax = 8;

const emptyLeaf: Node<never> = { entries: [] };
export const emptyBucketMap: BucketMap<never> = { size: 0, root: emptyLeaf };

/** FNV-1a. */
const hashOf = (key: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash;
};

const branchAt = (hash: number, depth: number): number => (hash >>> (bits * depth)) % fanOut;

const entryOf = <V>({ root }: BucketMap<V>, key: string): BucketEntry<V> | undefined => {
  let node: Node<V> = root;
  const hash = node.branches === undefined ? 0 : hashOf(key);
  for (let depth = 0; node.branches !== undefined; depth += 1) node = node.branches[branchAt(hash, depth)] ?? emptyLeaf;
  for (const entry of node.entries) if (entry.key === key) return entry;
  return undefined;
};

export const lookUp = <V>(map: BucketMap<V>, key: string): V | undefined => entryOf(map, key)?.value;

const put = <V>(node: Node<V>, entry: BucketEntry<V>, hash: number, depth: number): Node<V> => {
  if (node.branches !== undefined) {
    const at = branchAt(hash, depth);
    return { branches: node.branches.with(at, put(node.branches[at] ?? emptyLeaf, entry, hash, depth + 1)) };
  }
  const { entries } = node;
  const at = entries.findIndex(({ key }) => key === entry.key);
  if (at >= 0) return { entries: entries.with(at, entry) };
  if (entries.length < leafMax || depth === depthMax) return { entries: entries.concat(entry) };
  const branches = Array<Node<V> | undefined>(fanOut).fill(undefined);
  const split = entries.reduce<Node<V>>((branch, each) => put(branch, each, hashOf(each.key), depth), { branches });
  return put(split, entry, hash, depth);
};

export const withEntry = <V>(map: BucketMap<V>, key: string, value: V): BucketMap<V> => ({
  size: map.size + (entryOf(map, key) === undefined ? 1 : 0),
  root: put(map.root, { key, value }, hashOf(key), 0),
});

/** `undefined`: nothing is left of it. */
const take = <V>(node: Node<V>, key: string, hash: number, depth: number): Node<V> | undefined => {
  if (node.branches === undefined) {
    const entries = node.entries.filter((entry) => entry.key !== key);
    return entries.length === 0 ? undefined : { entries };
  }
  const at = branchAt(hash, depth);
  const branches = node.branches.with(at, take(node.branches[at] ?? emptyLeaf, key, hash, depth + 1));
  return branches.some((branch) => branch !== undefined) ? { branches } : undefined;
};

export const withoutEntry = <V>(map: BucketMap<V>, key: string): BucketMap<V> => {
  if (entryOf(map, key) === undefined) return map;
  const root = take(map.root, key, hashOf(key), 0);
  return root === undefined ? emptyBucketMap : { size: map.size - 1, root };
};

function* entriesIn<V>(node: Node<V>): Generator<readonly [string, V]> {
  if (node.branches === undefined) {
    for (const { key, value } of node.entries) yield [key, value];
    return;
  }
  for (const branch of node.branches) if (branch !== undefined) yield* entriesIn(branch);
}

export const entriesOf = <V>({ root }: BucketMap<V>): Generator<readonly [string, V]> => entriesIn(root);
