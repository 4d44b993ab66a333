/**
 * An immutable map for states that may hold tens of thousands of entries: a tree by the hash of the key, in which a change
 * copies one leaf and the branches above it. A plain `new Map(old)` made a hot SKU quadratic in its open reservations.
 * Most maps are small, and one leaf is all they have.
 */
export interface BucketMap<V> {
  readonly size: number;
  readonly root: Node<V>;
}

/** Key, value, key, value: an object for each pair would take as much memory as most values. */
type Pairs<V> = readonly (string | V)[];

interface Leaf<V> {
  readonly pairs: Pairs<V>;
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
/** Up to here a copy of all pairs costs no more than a copy of the branches. */
const leafMax = 8;

const emptyLeaf: Node<never> = { pairs: [] };
export const emptyBucketMap: BucketMap<never> = { size: 0, root: emptyLeaf };

/** FNV-1a. */
const hashOf = (key: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash;
};

const branchAt = (hash: number, depth: number): number => (hash >>> (bits * depth)) % fanOut;

/** Where the key stands among the pairs; -1 when it does not. */
const placeIn = <V>(pairs: Pairs<V>, key: string): number => {
  for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === key) return at;
  return -1;
};

export const lookUp = <V>({ root }: BucketMap<V>, key: string): V | undefined => {
  let node: Node<V> = root;
  const hash = node.branches === undefined ? 0 : hashOf(key);
  for (let depth = 0; node.branches !== undefined; depth += 1) node = node.branches[branchAt(hash, depth)] ?? emptyLeaf;
  const at = placeIn(node.pairs, key);
  return at < 0 ? undefined : (node.pairs[at + 1] as V);
};

/** A spread would leave room for more, which takes twice as much memory. */
const withPair = <V>(pairs: Pairs<V>, key: string, value: V): Pairs<V> => pairs.concat([key, value]);

const split = <V>(pairs: Pairs<V>, depth: number): Branch<V> => {
  const branches = Array<Leaf<V> | undefined>(fanOut).fill(undefined);
  for (let at = 0; at < pairs.length; at += 2) {
    const key = pairs[at] as string;
    const branch = branchAt(hashOf(key), depth);
    branches[branch] = { pairs: withPair(branches[branch]?.pairs ?? [], key, pairs[at + 1] as V) };
  }
  return { branches };
};

interface Pair<V> {
  readonly key: string;
  readonly value: V;
  /** Of the key. */
  readonly hash: number;
}

const put = <V>(node: Node<V>, pair: Pair<V>, depth: number): Node<V> => {
  const { key, value, hash } = pair;
  if (node.branches !== undefined) {
    const at = branchAt(hash, depth);
    return { branches: node.branches.with(at, put(node.branches[at] ?? emptyLeaf, pair, depth + 1)) };
  }
  const { pairs } = node;
  const at = placeIn(pairs, key);
  if (at >= 0) return { pairs: pairs.with(at + 1, value) };
  if (pairs.length < 2 * leafMax || depth === depthMax) return { pairs: withPair(pairs, key, value) };
  return put(split(pairs, depth), pair, depth);
};

/** A value is no `undefined`. */
export const withEntry = <V>(map: BucketMap<V>, key: string, value: V): BucketMap<V> => ({
  size: map.size + (lookUp(map, key) === undefined ? 1 : 0),
  root: put(map.root, { key, value, hash: hashOf(key) }, 0),
});

/** `undefined`: nothing is left of it. */
const take = <V>(node: Node<V>, key: string, hash: number, depth: number): Node<V> | undefined => {
  if (node.branches === undefined) {
    const at = placeIn(node.pairs, key);
    const pairs = at < 0 ? node.pairs : node.pairs.toSpliced(at, 2);
    return pairs.length === 0 ? undefined : { pairs };
  }
  const at = branchAt(hash, depth);
  const branches = node.branches.with(at, take(node.branches[at] ?? emptyLeaf, key, hash, depth + 1));
  return branches.some((branch) => branch !== undefined) ? { branches } : undefined;
};

export const withoutEntry = <V>(map: BucketMap<V>, key: string): BucketMap<V> => {
  if (lookUp(map, key) === undefined) return map;
  const root = take(map.root, key, hashOf(key), 0);
  return root === undefined ? emptyBucketMap : { size: map.size - 1, root };
};

function* entriesIn<V>(node: Node<V>): Generator<readonly [string, V]> {
  if (node.branches === undefined) {
    for (let at = 0; at < node.pairs.length; at += 2) yield [node.pairs[at] as string, node.pairs[at + 1] as V];
    return;
  }
  for (const branch of node.branches) if (branch !== undefined) yield* entriesIn(branch);
}

export const entriesOf = <V>({ root }: BucketMap<V>): Generator<readonly [string, V]> => entriesIn(root);
