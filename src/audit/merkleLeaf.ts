/**
 * The hash of one event in the tamper-evident log (src/audit/README.md, B6): anyone can work it out again from an
 * export.
 */
import { createHash } from 'node:crypto';
import type { RecordedEvent } from '../eventsourcing/message.ts';

/** RFC 6962 §2.1: leaves and inner nodes are told apart by their first byte, so that neither can pass for the other. */
const leafPrefix = Uint8Array.of(0);

/**
 * Canonical JSON (RFC 8785): keys sorted by UTF-16 code units, no space, numbers and strings as ECMAScript prints them.
 * Absent and `undefined` fields are the same.
 * @throws TypeError for what JSON can't hold: such a value would be stored as another than the one that was hashed.
 */
export const canonicalJson = (value: unknown): string => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} is no JSON value, or not a finite one`);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
};

const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/**
 * Hex SHA-256(0x00 ‖ canonical envelope ‖ SHA-256(canonical payload)).
 *
 * Takes the event as it is stored: sealed fields sealed, and at the version it was written in, never upcast. The
 * payload goes in as its hash, so that a proof can be given without it. The position stays out: the order is the tree's own,
 * and an engine may number the same log differently after a restore.
 */
export const merkleLeaf = ({ data, position: _, ...envelope }: RecordedEvent): string =>
  sha256(leafPrefix, canonicalJson(envelope), sha256(canonicalJson(data))).toString('hex');
