/** Files that hold a secret of the service: whole or absent after a crash, readable for their owner alone. */
import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { privateDirectory } from './privateFiles.ts';

/** Only the owner may read a private key (R7.5). */
const fileMode = 0o600;

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

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
export const readKeyFile = async (path: string): Promise<string | undefined> => {
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
 * writer wins: whoever comes second at the same moment gets the first one's text, so nobody works with a lost key.
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
  await syncDirectory(directory);
  return text;
};
