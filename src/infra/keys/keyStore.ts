/** Where wrapped keys are kept. Whoever has only that learns neither a key nor whose it is. */
import type { Sealed } from '../../eventsourcing/message.ts';

export interface KeptKey {
  /** Random, 16 bytes in base64url: a sealed text names its key, never its subject. */
  readonly keyId: string;
  /** A keyed digest of the subject. */
  readonly subject: Buffer;
  /** `null` once erased: the fence. */
  readonly wrapped: Buffer | null;
}

/** By which address a subject is found. */
export interface KeptEmail {
  /** A keyed digest of the address. */
  readonly email: Buffer;
  /** A keyed digest of the subject. */
  readonly subject: Buffer;
  /** The subject, sealed under its own key. */
  readonly sealed: Sealed;
}

/** Each call is one atomic step, so that processes may share a store. */
export interface KeyStore {
  bySubject(subject: Buffer): Promise<KeptKey | undefined>;
  byId(keyId: string): Promise<KeptKey | undefined>;
  /** The first one for a subject wins, be it a key or a fence. Durable when it resolves. @returns what stands there. */
  add(key: KeptKey & { readonly wrapped: Buffer }): Promise<KeptKey>;
  /** Unless the subject is erased. The first one for an address and a subject stays. Durable when it resolves. */
  addEmail(kept: KeptEmail): Promise<void>;
  /** In no order, at most `limit`. */
  byEmail(email: Buffer, limit: number): Promise<readonly KeptEmail[]>;
  /** Destroys the wrapped key and its addresses, and leaves a fence, also where there was no key: then under `keyId`. */
  erase(subject: Buffer, keyId: string): Promise<void>;
  /** Keeps the first one it is ever given. @returns that one. */
  proof(sealed: Buffer): Promise<Buffer>;
}
