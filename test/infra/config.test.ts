import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError, readConfig } from '../../src/infra/config.ts';

const refusalOf = (env: Readonly<Record<string, string>>): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'taken';
};

const key = Buffer.alloc(32, 7);

const makeFile = (content: string): string => {
  const directory = mkdtempSync(join(tmpdir(), 'stockledger-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'key');
  writeFileSync(file, content);
  return file;
};

describe('the configuration', () => {
  it('needs nothing: the service starts on its own', () => {
    expect(readConfig({})).toMatchObject({
      port: 8_080,
      dataDir: 'data',
      publicUrl: 'http://localhost:8080',
      oidcIssuer: null,
      audience: 'stockledger',
      sandboxWarehouses: ['BER', 'PAR'],
      webhookAllowedTargets: [],
      trustedProxies: 0,
      cache: 'off',
    });
    expect(readConfig({ CACHE: 'memory' }).cache).toBe('memory');
    expect(readConfig({}).keyEncryptionKey).toBeUndefined();
  });

  it('takes an empty variable for one that is not set', () => {
    const names = [
      'PORT',
      'DATA_DIR',
      'OIDC_ISSUER',
      'PUBLIC_URL',
      'KEY_ENCRYPTION_KEY',
      'KEY_ENCRYPTION_KEY_FILE',
      'ROLES',
    ];
    expect(readConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(readConfig({}));
  });

  const wrong: readonly (readonly [string, readonly string[]])[] = [
    ['PORT', ['0', '65536', '80.5', 'http', '-1']],
    ['PUBLIC_URL', ['localhost', '/ledger', 'http://']],
    ['OIDC_ISSUER', ['issuer.example/realm', 'not a url']],
    ['LOG_LEVEL', ['verbose', 'INFO']],
    ['RATE_LIMIT_PER_MINUTE', ['0', '1.5', 'many', '100000001']],
    ['TRUSTED_PROXIES', ['-1', '11', 'true']],
    ['STATE_CACHE_MB', ['0', '16385', 'x']],
    ['ORDER_RESERVATION_DAYS', ['0', '366', 'forever']],
    ['KEY_ENCRYPTION_KEY', ['short', key.subarray(1).toString('base64'), key.toString('hex')]],
    ['KEY_ENCRYPTION_KEY_FILE', ['no-such-file']],
    ['CACHE', ['on', 'true', 'redis', 'Memory']],
    ['EVENTSTORE_URL', ['esdb://localhost:2113']],
    ['MONGODB_URL', ['mongodb://localhost']],
    ['REDIS_URL', ['redis://localhost']],
    ['ROLES', ['api', 'api,worker']],
  ];

  it.each(wrong)('stops at a wrong %s and names it', (name, values) => {
    for (const value of values) expect(refusalOf({ [name]: value }), value).toContain(name);
  });

  it('never shows the key that was wrong', () => {
    expect(refusalOf({ KEY_ENCRYPTION_KEY: 'c2VjcmV0' })).not.toContain('c2VjcmV0');
  });

  it('refuses the sandbox identity in production (R4.1)', () => {
    expect(refusalOf({ NODE_ENV: 'production' })).toContain('OIDC_ISSUER');
    expect(refusalOf({ NODE_ENV: 'production', OIDC_ISSUER: 'https://issuer.example' })).toBe('taken');
  });

  it('takes the key from the variable, or from the file that holds it', () => {
    const encoded = key.toString('base64');
    expect(readConfig({ KEY_ENCRYPTION_KEY: encoded }).keyEncryptionKey).toEqual(key);
    const file = makeFile(`${encoded}\n`);
    expect(readConfig({ KEY_ENCRYPTION_KEY_FILE: file }).keyEncryptionKey).toEqual(key);
    expect(refusalOf({ KEY_ENCRYPTION_KEY_FILE: makeFile('short') })).toContain('KEY_ENCRYPTION_KEY');
  });

  it('reads lists, and addresses with or without a slash at the end', () => {
    const config = readConfig({
      SANDBOX_WAREHOUSES: ' BER, MAD,,',
      WEBHOOK_ALLOWED_TARGETS: 'localhost:9000',
      PUBLIC_URL: 'https://stock.example/',
      ROLES: 'worker,api,projector',
    });
    expect(config).toMatchObject({
      sandboxWarehouses: ['BER', 'MAD'],
      webhookAllowedTargets: ['localhost:9000'],
      publicUrl: 'https://stock.example',
    });
  });
});
