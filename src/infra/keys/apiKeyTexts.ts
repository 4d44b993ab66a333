/**
 * `slk_<id>_<secret><checksum>`: the prefix and the checksum let scanners find keys that leaked, and tell them from what
 * only looks like one, without asking anybody.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type ApiKeyTexts, apiKeyPrefix } from '../../commands/ports.ts';

/** 95 bits: no two are ever the same. */
const idChars = 16;
/** So many take the 256 bits of an HMAC. */
const secretChars = 43;
/** So many take the 32 bits of a CRC. */
const checksumChars = 6;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const base = BigInt(alphabet.length);

/** The last so many digits of a number. */
const base62 = (value: bigint, chars: number): string => {
  let [left, text] = [value, ''];
  while (text.length < chars) {
    text = `${alphabet[Number(left % base)]}${text}`;
    left /= base;
  }
  return text;
};

const checksumOf = (text: string): string => base62(BigInt(crc32(text)), checksumChars);

const form = new RegExp(`^${apiKeyPrefix}([0-9A-Za-z]{${idChars}})_[0-9A-Za-z]{${secretChars + checksumChars}}$`);

export const createApiKeyTexts = (pepper: KeyObject): ApiKeyTexts => {
  const mac = (text: string): Buffer => createHmac('sha256', pepper).update(text).digest();
  const numberOf = (text: string): bigint => BigInt(`0x${mac(text).toString('hex')}`);
  // Each purpose begins with a word of its own, so that a digest is never the secret of something else.
  const digestOf = (key: string): Buffer => mac(`digest ${key}`);

  return {
    make: (seed) => {
      const keyId = base62(numberOf(`id ${seed}`), idChars);
      const before = `${apiKeyPrefix}${keyId}_${base62(numberOf(`issue ${seed}`), secretChars)}`;
      const key = `${before}${checksumOf(before)}`;
      return { keyId, key, digest: digestOf(key).toString('base64url') };
    },
    keyIdOf: (text) => {
      const [, keyId = null] = form.exec(text) ?? [];
      return text.endsWith(checksumOf(text.slice(0, -checksumChars))) ? keyId : null;
    },
    matches: (text, digest) => {
      const wanted = Buffer.from(digest, 'base64url');
      const made = digestOf(text);
      return wanted.length === made.length && timingSafeEqual(made, wanted);
    },
  };
};
