import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, jwtVerify, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSigningKeys, signingKeysFileName } from '../../src/infra/oidc/issuerKeys.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-keys-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('the signing keys of the sandbox issuer', () => {
  it('are kept in a file that only its owner can read, with nothing left beside it (R7.5)', async () => {
    await loadSigningKeys(directory);
    expect(await readdir(directory)).toEqual([signingKeysFileName]);
    expect(await modeOf(join(directory, signingKeysFileName))).toBe(0o600);
  });

  it('get that mode back when a restored copy came with another', async () => {
    await loadSigningKeys(directory);
    await chmod(join(directory, signingKeysFileName), 0o644);
    await loadSigningKeys(directory);
    expect(await modeOf(join(directory, signingKeysFileName))).toBe(0o600);
  });

  it('survive a restart, so that a token signed before it is good after it (R4.1)', async () => {
    const [before] = (await loadSigningKeys(directory)).privateJwks.keys;
    if (before === undefined) throw new Error('no key');
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(await importJWK(before, 'ES256'));
    const [after] = (await loadSigningKeys(directory)).publicJwks.keys;
    if (after === undefined) throw new Error('no key');
    await expect(jwtVerify(token, after)).resolves.toBeDefined();
    expect(after.kid).toBe(before.kid);
  });

  it('have a public form without the private part', async () => {
    const { privateJwks, publicJwks } = await loadSigningKeys(directory);
    const { d, ...rest } = privateJwks.keys[0] ?? { d: '' };
    expect(d).not.toBe('');
    expect(publicJwks.keys).toEqual([rest]);
  });

  it('are made in a directory that does not exist yet', async () => {
    const inner = join(directory, 'data', 'oidc');
    await loadSigningKeys(inner);
    expect(await readdir(inner)).toEqual([signingKeysFileName]);
  });

  it.each([
    ['no JSON', '{'],
    ['another document', '{"name":"x"}'],
    ['an empty set', '{"keys":[]}'],
    ['a key without its private part', '{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b","kid":"c"}]}'],
    ['a key of another kind', '{"keys":[{"kty":"RSA","n":"a","e":"b","d":"c","kid":"d"}]}'],
    ['null', 'null'],
  ])('are never replaced silently: a file that holds %s stops the start', async (_what, content) => {
    const path = join(directory, signingKeysFileName);
    await writeFile(path, content);
    await expect(loadSigningKeys(directory)).rejects.toThrow(/not a set of ES256 private keys/);
    expect(await readFile(path, 'utf8')).toBe(content);
  });
});
