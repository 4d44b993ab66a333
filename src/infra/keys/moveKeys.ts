/** A key store into another one: keys and fences, wrapped as they are, under the same key encryption key. */
import type { KeyRow, KeyRows } from './keyRows.ts';

/** The target was made with another key encryption key, or gave one of our subjects a key of its own. */
export class KeysDiffer extends Error {
  override readonly name = 'KeysDiffer';
}

export interface KeysMoved {
  readonly keys: number;
  readonly fences: number;
}

/** Some 100 bytes each. */
const pageRows = 1_000;

async function* pagesOf(rows: KeyRows): AsyncGenerator<readonly KeyRow[]> {
  for (let after: Uint8Array | null = null; ; ) {
    const page: readonly KeyRow[] = await rows.read(after, pageRows);
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) return;
    after = last.keyId;
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const setProof = async (source: KeyRows, target: KeyRows): Promise<void> => {
  const proof = await source.proof();
  if (proof === null) return;
  await target.setProof(proof);
  const kept = await target.proof();
  if (kept === null || !isSame(kept, proof)) {
    throw new KeysDiffer('The key store there was made by another service: it would not open these keys.');
  }
};

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Our key is there, or was erased there meanwhile; our fence is a fence there. */
const isKept = (ours: KeyRow, theirs: KeyRow | undefined): boolean =>
  theirs !== undefined && (theirs.isErased || (!ours.isErased && isSame(theirs.wrapped, ours.wrapped)));

/** @throws KeysDiffer */
const movePage = async (page: readonly KeyRow[], target: KeyRows): Promise<void> => {
  await target.put(page);
  const found = await target.find(page.map(({ subject }) => subject));
  const there = new Map(found.map((row) => [hexOf(row.subject), row]));
  if (!page.every((row) => isKept(row, there.get(hexOf(row.subject))))) {
    throw new KeysDiffer('The key store there has another key for a subject of ours.');
  }
};

/** May be repeated, and goes on. @throws KeysDiffer */
export const moveKeys = async (source: KeyRows, target: KeyRows): Promise<KeysMoved> => {
  await setProof(source, target);
  let keys = 0;
  let fences = 0;
  for await (const page of pagesOf(source)) {
    await movePage(page, target);
    const erased = page.filter(({ isErased }) => isErased).length;
    fences += erased;
    keys += page.length - erased;
  }
  return { keys, fences };
};
