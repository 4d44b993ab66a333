/** The text of API keys: what a scanner sees in it, and what nobody does (R4.2). */
import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { createApiKeyTexts } from '../../src/infra/keys/apiKeyTexts.ts';
import { KeyStoreLocked, loadAccessLogKey, loadApiKeyPepper } from '../../src/infra/keys/keyFiles.ts';

const texts = createApiKeyTexts(createSecretKey(Buffer.alloc(32, 7)));
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const numberOf = (text: string): number => [...text].reduce((sum, digit) => sum * 62 + alphabet.indexOf(digit), 0);

it('is the same for the same seed and pepper, and for no other', () => {
  const made = texts.make('seed');
  expect(texts.make('seed')).toEqual(made);
  const others = [texts.make('seed2'), createApiKeyTexts(createSecretKey(randomBytes(32))).make('seed')];
  for (const { key, keyId, digest } of others) {
    expect([key, keyId, digest].filter((each) => Object.values(made).includes(each))).toEqual([]);
  }
});

it('has the form for ever: one that was issued stays valid', () => {
  const { key, keyId, digest } = texts.make('seed');
  expect({ key, keyId, digest }).toMatchInlineSnapshot(`
    {
      "digest": "x-FVoZkQ_-1IufCj9dcgzH3MUw1UJMD5_towkBldZqA",
      "key": "slk_7KWHVQyRuNULV0Hr_BOPcaTfnhS76rnJ4pEBLj48QNj5HRysLD00SUauarFp4U0xPE",
      "keyId": "7KWHVQyRuNULV0Hr",
    }
  `);
  expect(texts.matches(key, digest)).toBe(true);
});

it('ends in a checksum that anybody can check, without the pepper', () => {
  const { key, keyId } = texts.make('seed');
  expect(numberOf(key.slice(-6))).toBe(crc32(key.slice(0, -6)));
  const anybody = createApiKeyTexts(createSecretKey(Buffer.alloc(32)));
  expect(anybody.keyIdOf(key)).toBe(keyId);
});

it('with any one character changed, or two swapped, is none', () => {
  const { key } = texts.make('seed');
  for (let at = 0; at < key.length; at += 1) {
    const [before, after] = [key.slice(0, at), key.slice(at + 1)];
    const other = key[at] === 'a' ? 'b' : 'a';
    expect(texts.keyIdOf(`${before}${other}${after}`), `${at}`).toBeNull();
    const swapped = `${before}${after.slice(0, 1)}${key[at]}${after.slice(1)}`;
    if (swapped !== key) expect(texts.keyIdOf(swapped), `${at} swapped`).toBeNull();
  }
  for (const text of ['', 'slk_', key.toUpperCase(), `${key}\n`, key.slice(1), `${key}${key}`, 'a'.repeat(100_000)]) {
    expect(texts.keyIdOf(text)).toBeNull();
  }
});

it('does not match what is no digest', () => {
  const { key, digest } = texts.make('seed');
  for (const wrong of ['', 'a', digest.slice(0, -2), `${digest}${digest}`]) {
    expect(texts.matches(key, wrong)).toBe(false);
  }
});

it('is made with a key of its own, derived from the key encryption key, and never with a new one', async () => {
  const given = randomBytes(32);
  const pepper = await loadApiKeyPepper('nowhere', given);
  expect(pepper.equals(await loadApiKeyPepper('elsewhere', given))).toBe(true);
  expect(pepper.equals(await loadAccessLogKey('nowhere', given, false))).toBe(false);
  expect(pepper.equals(createSecretKey(given))).toBe(false);
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-pepper-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await expect(loadApiKeyPepper(directory, undefined)).rejects.toThrow(KeyStoreLocked);
});
