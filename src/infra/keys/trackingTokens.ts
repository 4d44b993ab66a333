/**
 * Tokens of tracking pages, and the ids that they are known by. Both are HMACs under a key that lies in no store: whoever
 * reads the log or a backup has ids, and can make no token of them.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import type { TrackingTokens } from '../../commands/ports.ts';

/** Base64url of the 256 bits of an HMAC. */
const form = /^[A-Za-z0-9_-]{43}$/;

/** RFC 9562 §5.8: a UUID of version 8, 122 bits of it from the digest. */
const uuidOf = (digest: Buffer): string => {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

export const createTrackingTokens = (key: KeyObject): TrackingTokens => {
  const mac = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  // Each purpose begins with a word of its own, so that an id is never a token.
  const linkIdOf = (token: string): string => uuidOf(mac(`link ${token}`));
  return {
    make: (seed) => {
      const token = mac(`token ${seed}`).toString('base64url');
      return { token, linkId: linkIdOf(token) };
    },
    linkIdOf: (text) => (form.test(text) ? linkIdOf(text) : null),
  };
};
