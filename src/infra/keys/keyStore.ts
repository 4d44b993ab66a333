/** Where wrapped keys are kept. The store alone tells neither a key nor whose it is. */
import { open, readFile } from 'node:fs/promises';
import type { Sealed } from '../../eventsourcing/message.ts';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';

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

/**
 * Which subjects were erased, one fence a line, in a file that only grows and is best kept on another disk than the keys:
 * a backup of the keys is older than the last erasures, and restoring it may not bring anybody back.
 * A fence is a keyed hash: without the key encryption key the file tells nothing about anybody.
 */

/** HMAC-SHA-256. */
const fenceBytes = 32;

export const erasureLogFileName = 'erasures.log';

const fencePattern = /^[A-Za-z0-9_-]{43}$/;

const unavailable = (error: unknown): never => {
  throw new StoreUnavailable('The erasure could not be noted.', 'not_written', error);
};

const append = async (path: string, line: string): Promise<void> => {
  const file = await open(path, 'a', 0o600);
  try {
    // On a line of its own, even after one that a crash has cut off.
    await file.write(`\n${line}`);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** Durable when it resolves. Repeated lines are harmless. @throws StoreUnavailable */
export const noteErasure = (path: string, fence: Uint8Array): Promise<void> =>
  append(path, Buffer.from(fence).toString('base64url')).catch(unavailable);

/**
 * A key store that notes each erasure first: a crash in between leaves a note too many, and the erasure is asked for again.
 */
export const notingErasures = (store: KeyStore, path: string): KeyStore => ({
  ...store,
  erase: async (subject, keyId) => {
    await noteErasure(path, subject);
    await store.erase(subject, keyId);
  },
});

export interface Erasures {
  readonly fences: readonly Buffer[];
  /** Lines that are no fence: cut off by a crash before the erasure was acknowledged, or not from here. */
  readonly unreadable: number;
}

/** @throws when the file can't be read. */
export const readErasures = async (path: string): Promise<Erasures> => {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  const fences = new Set(lines.filter((line) => fencePattern.test(line)));
  const decoded = [...fences]
    .map((line) => Buffer.from(line, 'base64url'))
    .filter(({ length }) => length === fenceBytes);
  return { fences: decoded, unreadable: lines.filter((line) => !fencePattern.test(line)).length };
};
