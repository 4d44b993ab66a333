/** A projection is folded in parts, each by one process at a time, told apart by the ids of its documents. */

/** What one part is called: its checkpoint, and the lease of whoever folds it. */
export const partName = (build: string, part: number, parts: number): string =>
  parts === 1 ? build : `${build}.${part + 1}of${parts}`;

export const partNames = (build: string, parts: number): readonly string[] =>
  Array.from({ length: parts }, (_, part) => partName(build, part, parts));

const fnvOffset = 0x81_1c_9d_c5;
const fnvPrime = 0x01_00_01_93;

/** FNV-1a over UTF-16 units: even enough, and the same on every machine. Never change it: parts would swap documents. */
export const partOf = (id: string, parts: number): number => {
  let hash = fnvOffset;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), fnvPrime);
  return (hash >>> 0) % parts;
};
