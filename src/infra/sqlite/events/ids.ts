/** Positions and ids as the file keeps them. */
import type { Position } from '../../../eventsourcing/message.ts';

/** Ours are row numbers, far below 2^53; SQLite itself throws when a number would not hold one. */
export const positionOf = (value: number): Position => {
  const commit = BigInt(value);
  return { commit, prepare: commit };
};

const uuidChars = 36;
const dash = '-'.charCodeAt(0);
/** A dash stands before each of these bytes. */
const isAfterDash = Uint8Array.from({ length: 16 }, (_, byte) => ([4, 6, 8, 10].includes(byte) ? 1 : 0));
/** The value of each digit, by its character. Two of them of which one is no digit in lower case come to less than 0. */
const noDigit = -256;
const digits = Int32Array.from({ length: 128 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return digit < 0 ? noDigit : digit;
});
const digitAt = (id: string, at: number): number => digits[id.charCodeAt(at)] ?? noDigit;

/** In one pass, as each event has five ids. `null` for what is no UUID in lower case: it would come back as another text. */
export const uuidBytes = (id: string): Buffer | null => {
  if (id.length !== uuidChars) return null;
  const bytes = Buffer.allocUnsafe(16);
  let at = 0;
  for (let byte = 0; byte < 16; byte += 1) {
    if (isAfterDash[byte] === 1) {
      if (id.charCodeAt(at) !== dash) return null;
      at += 1;
    }
    const value = 16 * digitAt(id, at) + digitAt(id, at + 1);
    if (value < 0) return null;
    bytes[byte] = value;
    at += 2;
  }
  return bytes;
};

/** @throws RangeError for what is no UUID in lower case. */
export const idBytes = (id: string): Buffer => {
  const bytes = uuidBytes(id);
  if (bytes === null) throw new RangeError(`not a UUID in lower case: ${id}`);
  return bytes;
};

export const idText = (bytes: Uint8Array): string => {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
