/** Positions and ids as the file keeps them. */
import type { Position } from '../../../eventsourcing/message.ts';

/** Ours are row numbers, far below 2^53; SQLite itself throws when a number would not hold one. */
export const positionOf = (value: number): Position => {
  const commit = BigInt(value);
  return { commit, prepare: commit };
};

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** In lower case: it comes back from its bytes as the text that it was. */
export const isUuid = (id: string): boolean => uuidPattern.test(id);

/** @throws RangeError unless it is a UUID in lower case: it would come back as another text than it went in. */
export const idBytes = (id: string): Buffer => {
  if (!isUuid(id)) throw new RangeError(`not a UUID in lower case: ${id}`);
  return Buffer.from(id.replaceAll('-', ''), 'hex');
};

export const idText = (bytes: Uint8Array): string => {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
