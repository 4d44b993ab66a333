/**
 * AES-256-GCM (NIST SP 800-38D) with a random nonce, which is safe for 2^32 texts a key: no subject has that many.
 * Keys are key objects: Node takes ten times as long to make a cipher from the bytes of a key.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto';

const algorithm = 'aes-256-gcm';
export const nonceBytes = 12;
export const tagBytes = 16;
/** Random bytes are drawn for this many nonces at once: a draw costs more than an encryption. */
const noncesPerDraw = 128;

/** Fresh nonces, never the same twice. */
export const createNonces = (): (() => Buffer) => {
  let drawn = Buffer.alloc(0);
  let used = 0;
  return () => {
    if (used >= drawn.length) {
      drawn = randomFillSync(Buffer.alloc(noncesPerDraw * nonceBytes));
      used = 0;
    }
    const nonce = drawn.subarray(used, used + nonceBytes);
    used += nonceBytes;
    return nonce;
  };
};

/** Ciphertext, then the tag. */
export const encrypt = (key: KeyObject, nonce: Buffer, plain: Buffer, context: Buffer): Buffer => {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(context);
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([body, cipher.getAuthTag()]);
};

/** `undefined` when key, nonce, text or context is not what it was. */
export const decrypt = (key: KeyObject, nonce: Buffer, sealed: Buffer, context: Buffer): Buffer | undefined => {
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const plain = decipher.update(sealed.subarray(0, -tagBytes));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
};
