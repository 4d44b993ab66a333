import { hash } from 'node:crypto';

/** Namespace of all ids this service derives (a UUIDv4 made once, never changed). */
const namespace = Buffer.from('6f0c1d5ab1b24c0e9a5d3f7e2c84a911', 'hex').toString('latin1');

/**
 * UUIDv5 (RFC 9562 §5.5) of a name: the same name gives the same id on every machine and on every retry, which is
 * what makes a repeated append, command or delivery recognisable.
 */
export const derivedId = (name: string): string => {
  const hex = hash('sha1', Buffer.concat([Buffer.from(namespace, 'latin1'), Buffer.from(name, 'utf8')]), 'hex');
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
};

/** Event ids are derived from the command and the index, so that a retry writes the same ids (DESIGN §4.2). */
export const eventIdOf = (commandId: string, index: number): string => derivedId(`${commandId}#${index}`);
