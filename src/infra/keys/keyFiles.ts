/** Files that hold a secret of the service, and the key among them that wraps all other keys. */
import { createSecretKey, hkdfSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../../commands/ports.ts';
import { privateDirectory, syncPath } from '../privateFiles.ts';

/** Only the owner may read a private key (R7.5). */
const fileMode = 0o600;

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const writeWhole = async (path: string, text: string): Promise<void> => {
  const handle = await open(path, 'wx', fileMode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** `undefined` when there is no such file. A copy that came back readable for everybody gets its mode again. */
const readKeyFile = async (path: string): Promise<string | undefined> => {
  try {
    const text = await readFile(path, 'utf8');
    await chmod(path, fileMode);
    return text;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
};

/**
 * The text of a key file; when it is absent, the directory is made and `create` says what to put there. The first
 * writer wins: a second one at the same moment gets the first one's text, so that no process works with a lost key.
 * @throws when the directory can't be written.
 */
export const readOrCreateKeyFile = async (
  directory: string,
  name: string,
  create: () => string | Promise<string>,
): Promise<string> => {
  await mkdir(directory, privateDirectory);
  const path = join(directory, name);
  const stored = await readKeyFile(path);
  if (stored !== undefined) return stored;
  const text = await create();
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeWhole(temporary, text);
    // Unlike a rename, a link never replaces what is there.
    await link(temporary, path);
  } catch (error) {
    const winner = hasCode(error, 'EEXIST') ? await readKeyFile(path) : undefined;
    if (winner === undefined) throw error;
    return winner;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncPath(directory);
  return text;
};

export const keyEncryptionKeyFileName = 'key-encryption.key';

/** AES-256 takes 32 bytes. */
const keyBytes = 32;

/** The key encryption key is missing, damaged, or not the one that this key store was made with. */
export class KeyStoreLocked extends OperatorError {
  override readonly name = 'KeyStoreLocked';
}

const parseKey = (text: string, path: string): Buffer => {
  const key = Buffer.from(text.trim(), 'base64url');
  if (key.length === keyBytes) return key;
  throw new KeyStoreLocked(`${path} does not hold a key of ${keyBytes} bytes in base64url. Restore it.`);
};

const fromFile = async (directory: string, mayCreate: boolean): Promise<Buffer> => {
  const path = join(directory, keyEncryptionKeyFileName);
  if (mayCreate) {
    const create = (): string => `${randomBytes(keyBytes).toString('base64url')}\n`;
    return parseKey(await readOrCreateKeyFile(directory, keyEncryptionKeyFileName, create), path);
  }
  const text = await readKeyFile(path);
  // A new key here would open nothing and hide that the right one is lost.
  if (text === undefined) throw new KeyStoreLocked(`${path} is missing. Restore it: without it no key can be used.`);
  return parseKey(text, path);
};

export interface DerivedKeys {
  /** Wraps the subjects' keys. */
  readonly wrapping: KeyObject;
  /** Turns a subject into what its row is found by. */
  readonly lookup: KeyObject;
  /** Turns an e-mail address into what its rows are found by. */
  readonly email: KeyObject;
}

/** One purpose, one key: each is derived by HKDF (RFC 5869). @throws KeyStoreLocked */
const deriveFor = (given: Uint8Array, purpose: string): KeyObject => {
  if (given.length !== keyBytes) throw new KeyStoreLocked(`The key encryption key must have ${keyBytes} bytes.`);
  return createSecretKey(Buffer.from(hkdfSync('sha256', given, '', `stockledger ${purpose} v1`, keyBytes)));
};

/** From 32 bytes of a key management service. @throws KeyStoreLocked when there are not as many. */
export const deriveKeys = (given: Uint8Array): DerivedKeys => ({
  wrapping: deriveFor(given, 'wrapping'),
  lookup: deriveFor(given, 'subject lookup'),
  email: deriveFor(given, 'email lookup'),
});

/** What the access log is sealed with: derived as the others, from the same key. @throws KeyStoreLocked */
export const loadAccessLogKey = async (
  directory: string,
  given: Uint8Array | undefined,
  mayCreate: boolean,
): Promise<KeyObject> => deriveFor(given ?? (await fromFile(directory, mayCreate)), 'access log');

/** What API keys are made with and known by (R4.2): derived as the others. @throws KeyStoreLocked */
export const loadApiKeyPepper = async (directory: string, given: Uint8Array | undefined): Promise<KeyObject> =>
  deriveFor(given ?? (await fromFile(directory, false)), 'api keys');

/** Of the tokens of tracking pages. A new one makes the addresses that were given out lead nowhere. @throws KeyStoreLocked */
export const loadTrackingKey = async (directory: string, given: Uint8Array | undefined): Promise<KeyObject> =>
  deriveFor(given ?? (await fromFile(directory, false)), 'tracking links');

/**
 * `given` (32 bytes) or the file in `directory`, which is made only for a key store that is empty (`mayCreate`).
 * @throws KeyStoreLocked
 */
export const loadDerivedKeys = async (
  directory: string,
  given: Uint8Array | undefined,
  mayCreate: boolean,
): Promise<DerivedKeys> => deriveKeys(given ?? (await fromFile(directory, mayCreate)));
