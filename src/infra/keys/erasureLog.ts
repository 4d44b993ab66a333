/**
 * Which subjects were erased, one fence a line, in a file that only grows and is best kept on another disk than the keys:
 * a backup of the keys is older than the last erasures, and restoring it may not bring anybody back.
 * A fence is a keyed hash: without the key encryption key the file tells nothing about anybody.
 */
import { open, readFile } from 'node:fs/promises';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import type { KeyStore } from './keyStore.ts';

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
