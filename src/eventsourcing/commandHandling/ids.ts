/** The ids that follow from a command, so that a retry makes the same ones. */
import { hash } from 'node:crypto';

/** Namespace of all ids this service derives (a UUIDv4 made once, never changed). */
const namespace = Buffer.from('6f0c1d5ab1b24c0e9a5d3f7e2c84a911', 'hex');

/** The namespace, and room for a name that a UUID begins. */
const scratch = Buffer.concat([namespace, Buffer.alloc(3 * 150)]);
const scratchCharsMax = 150;

const sha1Of = (name: string): string => {
  if (name.length > scratchCharsMax) return hash('sha1', Buffer.concat([namespace, Buffer.from(name)]), 'hex');
  const bytes = scratch.write(name, namespace.length);
  return hash('sha1', scratch.subarray(0, namespace.length + bytes), 'hex');
};

const withVariant = (hex: string): string => ((Number.parseInt(hex, 16) & 0x3f) | 0x80).toString(16);

const dashed = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;

/**
 * UUIDv5 (RFC 9562 §5.5) of a name: the same name gives the same id on every machine and on every retry, which is
 * what makes a repeated append, command or delivery recognisable.
 */
export const derivedId = (name: string): string => {
  const hex = sha1Of(name);
  return dashed(`${hex.slice(0, 12)}5${hex.slice(13, 16)}${withVariant(hex.slice(16, 18))}${hex.slice(18, 32)}`);
};

/**
 * UUIDv7 (RFC 9562 §5.7) whose time is `at` (ISO 8601) and whose random part is derived from a name: sorts by time like
 * any other, and a request that is sent again makes the same one.
 */
export const derivedTimeId = (name: string, at: string): string => {
  const hex = sha1Of(name);
  const time = Date.parse(at).toString(16).padStart(12, '0');
  return dashed(`${time}7${hex.slice(13, 16)}${withVariant(hex.slice(16, 18))}${hex.slice(18, 32)}`);
};

/** Event ids are derived from the command and the index, so that a retry writes the same ids. */
export const eventIdOf = (commandId: string, index: number): string => derivedId(`${commandId}#${index}`);
