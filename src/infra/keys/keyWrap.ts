import type { KeyObject } from 'node:crypto';
import { createNonces, decrypt, encrypt, nonceBytes, tagBytes } from './aesGcm.ts';

export const keyBytes = 32;
export const wrappedBytes = nonceBytes + keyBytes + tagBytes;

export interface KeyWrap {
  /** `place` binds it to where it stands. */
  wrap(plain: Buffer, place: Buffer): Buffer;
  /** `undefined` when key, bytes or place is not what it was. */
  unwrap(wrapped: Buffer, place: Buffer): Buffer | undefined;
}

/** Nonce, ciphertext, tag. */
export const createKeyWrap = (wrapping: KeyObject): KeyWrap => {
  const nextNonce = createNonces();
  return {
    wrap: (plain, place) => {
      const nonce = nextNonce();
      return Buffer.concat([nonce, encrypt(wrapping, nonce, plain, place)]);
    },
    unwrap: (wrapped, place) => decrypt(wrapping, wrapped.subarray(0, nonceBytes), wrapped.subarray(nonceBytes), place),
  };
};
