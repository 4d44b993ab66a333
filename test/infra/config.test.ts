import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/infra/config/config.ts';
import { ConfigError, isLoopback } from '../../src/infra/config/configValues.ts';

const refusalOf = (env: Readonly<Record<string, string>>): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'taken';
};

const key = Buffer.from(Array.from({ length: 32 }, (_, index) => 7 * index));

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
      trustedProxies: [],
      host: '127.0.0.1',
      introspection: undefined,
      boundTokens: { clients: [], roles: [] },
      requestsPerMinute: 6_000,
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
    ['TRUSTED_PROXIES', ['1', '2', '-1', 'true', '0.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0.1,proxy.example']],
    ['BOUND_TOKENS', ['partner', 'role:root', 'role:', 'client:', 'client:wms,role:Partner', 'key:wms']],
    ['INTROSPECTION', ['on', 'true', 'ALL', 'opaque', 'people', 'all']],
    ['TLS_CLIENT_CA_FILE', ['partners.crt']],
    ['SANDBOX', ['yes', 'ON', 'true']],
    ['STATE_CACHE_MB', ['39', '16385', 'x']],
    ['ORDER_RESERVATION_DAYS', ['0', '366', 'forever']],
    ['APPROVAL_FROM_UNITS', ['-1', '0.5', '2147483648', 'many']],
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

  const servers = {
    EVENTSTORE_URL: 'esdb://ledger:s3cret@node:2113?tls=true',
    MONGODB_URL: 'mongodb://ledger:s3cret@node/ledger',
    REDIS_URL: 'rediss://:s3cret@node:6380',
    KEY_ENCRYPTION_KEY: key.toString('base64'),
  };

  it('runs on servers when all three are named, each role in a process of its own (S8)', () => {
    const config = readConfig({ ...servers, ROLES: 'worker, api', PROJECTION_PARTS: '8' });
    expect(config.servers).toEqual({
      eventStoreUrl: servers.EVENTSTORE_URL,
      mongodbUrl: servers.MONGODB_URL,
      redisUrl: servers.REDIS_URL,
      keyEncryptionKey: key,
    });
    expect([...config.roles].sort()).toEqual(['api', 'worker']);
    expect(config.projectionParts).toBe(8);
    expect(readConfig(servers).roles).toEqual(new Set(['api', 'projector', 'worker']));
    expect(readConfig(servers).stateCacheBytesMax).toBeGreaterThan(readConfig({}).stateCacheBytesMax);
    expect(readConfig(servers).cache).toBe('redis');
    expect(readConfig({ ...servers, CACHE: 'off' }).cache).toBe('off');
  });

  it('takes the connection strings from files, as container secrets come', () => {
    const { REDIS_URL, ...others } = servers;
    const config = readConfig({ ...others, REDIS_URL_FILE: makeFile(`${REDIS_URL}\n`) });
    expect(config.servers?.redisUrl).toBe(REDIS_URL);
  });

  it.each([
    ['MONGODB_URL', { ...servers, MONGODB_URL: 'http://node' }],
    ['KEY_ENCRYPTION_KEY', { ...servers, KEY_ENCRYPTION_KEY: '' }],
    ['ROLES', { ...servers, ROLES: 'api,cook' }],
    ['PROJECTION_PARTS', { ...servers, PROJECTION_PARTS: '0' }],
  ])('stops at a wrong %s beside the servers, and shows no password', (name, env) => {
    expect(refusalOf(env)).toContain(name);
    expect(refusalOf(env)).not.toContain('s3cret');
  });

  it('asks the issuer about tokens as a client of its own, with a secret that may be in a file', () => {
    const env = { OIDC_ISSUER: 'https://issuer.example', INTROSPECTION: 'all', INTROSPECTION_CLIENT_ID: 'ledger' };
    expect(refusalOf(env)).toContain('INTROSPECTION_CLIENT_SECRET');
    expect(refusalOf({ ...env, INTROSPECTION_CLIENT_ID: '', INTROSPECTION_CLIENT_SECRET: 's3cret' })).toContain(
      'INTROSPECTION_CLIENT_ID',
    );
    const introspection = { clientId: 'ledger', clientSecret: 's3cret', tokens: 'all' };
    expect(readConfig({ ...env, INTROSPECTION_CLIENT_SECRET: 's3cret' }).introspection).toEqual(introspection);
    const file = makeFile('s3cret\n');
    expect(readConfig({ ...env, INTROSPECTION_CLIENT_SECRET_FILE: file }).introspection).toEqual(introspection);
    expect(readConfig({ ...env, INTROSPECTION: 'off' }).introspection).toBeUndefined();
  });

  it('names whose tokens must be bound to a holder', () => {
    const { boundTokens } = readConfig({ BOUND_TOKENS: 'role:partner, client:wms,client:partner,role:admin' });
    expect(boundTokens).toEqual({ clients: ['wms', 'partner'], roles: ['admin', 'partner'] });
  });

  it('never shows the key that was wrong', () => {
    expect(refusalOf({ KEY_ENCRYPTION_KEY: 'c2VjcmV0' })).not.toContain('c2VjcmV0');
  });

  it('refuses the sandbox identity in production (R4.1)', () => {
    expect(refusalOf({ NODE_ENV: 'production' })).toContain('OIDC_ISSUER');
    expect(refusalOf({ NODE_ENV: 'production', OIDC_ISSUER: 'https://issuer.example', HOST: '::1' })).toBe('taken');
  });

  const production = { NODE_ENV: 'production', OIDC_ISSUER: 'https://issuer.example' };
  const certificate = { TLS_CERT_FILE: 'ledger.crt', TLS_KEY_FILE: 'ledger.key' };

  it('asks clients for certificates where their authority is named', () => {
    expect(readConfig(certificate).tls).toEqual({ certFile: 'ledger.crt', keyFile: 'ledger.key' });
    const tls = { certFile: 'ledger.crt', keyFile: 'ledger.key', clientCaFile: 'partners.crt' };
    expect(readConfig({ ...certificate, TLS_CLIENT_CA_FILE: 'partners.crt' }).tls).toEqual(tls);
  });

  it('in production is reached from other machines over TLS, or where a person has said otherwise (R4.4)', () => {
    expect(refusalOf(production)).toContain('TLS_CERT_FILE and TLS_KEY_FILE must be set: 0.0.0.0');
    expect(refusalOf({ ...production, HOST: '10.0.0.7' })).toContain('10.0.0.7');
    for (const more of [certificate, { HOST: '127.0.0.1' }, { ALLOW_INSECURE: 'engines, http' }, { SANDBOX: 'on' }]) {
      const env = 'SANDBOX' in more ? { NODE_ENV: 'production', HOST: '0.0.0.0', ...more } : { ...production, ...more };
      expect(refusalOf(env), JSON.stringify(more)).toBe('taken');
    }
    expect(refusalOf({ ...production, ALLOW_INSECURE: 'engines' })).toContain('TLS_CERT_FILE');
    expect(refusalOf({ OIDC_ISSUER: 'https://issuer.example' })).toBe('taken');
  });

  it('in production speaks to no server in the clear, unless a person has said so (R4.4)', () => {
    const clear = {
      EVENTSTORE_URL: 'esdb://ledger:s3cret@node:2113?tls=false',
      MONGODB_URL: 'mongodb://ledger:s3cret@node/ledger',
      REDIS_URL: 'redis://:s3cret@node:6379',
    };
    const encrypted = { ...servers, MONGODB_URL: 'mongodb://ledger:s3cret@node/ledger?tls=true&w=majority' };
    const env = { ...production, ...certificate, ...encrypted };
    expect(refusalOf(env)).toBe('taken');
    expect(refusalOf({ ...env, MONGODB_URL: 'mongodb+srv://ledger:s3cret@node/ledger' })).toBe('taken');
    for (const [name, url] of Object.entries(clear)) {
      expect(refusalOf({ ...env, [name]: url })).toContain(`${name} does not encrypt`);
      expect(refusalOf({ ...env, [name]: url })).not.toContain('s3cret');
      expect(refusalOf({ ...env, [name]: url, ALLOW_INSECURE: 'engines' })).toBe('taken');
      expect(refusalOf({ ...env, [name]: url, NODE_ENV: '' })).toBe('taken');
    }
  });

  it('in production takes no secret that everybody knows, unless a person has said so (R17)', () => {
    const mongodb = 'mongodb://ledger:s3cret@node/ledger?tls=true';
    const env = { ...production, ...certificate, ...servers, MONGODB_URL: mongodb };
    const known = {
      EVENTSTORE_URL: 'esdb://admin:changeit@node:2113',
      MONGODB_URL: 'mongodb://root:Example@node1,node2/ledger?tls=true',
      REDIS_URL: 'rediss://:foobared@node:6379',
    };
    for (const [name, url] of Object.entries(known)) {
      expect(refusalOf({ ...env, [name]: url })).toContain(`${name} has a password that everybody knows`);
      expect(refusalOf({ ...env, [name]: url, ALLOW_INSECURE: 'secrets' })).toBe('taken');
      expect(refusalOf({ ...env, [name]: url, NODE_ENV: '' })).toBe('taken');
    }
    const KEY_ENCRYPTION_KEY = Buffer.alloc(32, 'key').toString('base64');
    expect(refusalOf({ ...env, KEY_ENCRYPTION_KEY })).toContain('KEY_ENCRYPTION_KEY is not random');
    expect(refusalOf({ ...env, KEY_ENCRYPTION_KEY, ALLOW_INSECURE: 'secrets' })).toBe('taken');
  });

  it('takes a certificate with its key, and tells clients of https', () => {
    expect(refusalOf({ TLS_CERT_FILE: 'ledger.crt' })).toContain('TLS_KEY_FILE');
    expect(refusalOf({ TLS_KEY_FILE: 'ledger.key' })).toContain('TLS_CERT_FILE');
    expect(readConfig({ ...certificate, PORT: '8443' })).toMatchObject({
      publicUrl: 'https://localhost:8443',
      tls: { certFile: 'ledger.crt', keyFile: 'ledger.key' },
    });
    expect(readConfig({}).publicUrl).toBe('http://localhost:8080');
    expect(refusalOf({ ALLOW_INSECURE: 'everything' })).toContain('ALLOW_INSECURE');
  });

  it('starts the sandbox identity only where it was meant: no other spelling of NODE_ENV opens it (15)', () => {
    for (const place of ['', 'development', 'test']) expect(readConfig({ NODE_ENV: place }).oidcIssuer).toBeNull();
    for (const place of ['Production', 'PRODUCTION', 'prod', 'staging', 'Development', 'production ']) {
      expect(refusalOf({ NODE_ENV: place }), place).toMatch(/^OIDC_ISSUER must be set/);
      expect(readConfig({ NODE_ENV: place, SANDBOX: 'on' }).oidcIssuer).toBeNull();
    }
    expect(refusalOf({ SANDBOX: 'off' })).toContain('OIDC_ISSUER');
    expect(refusalOf({ SANDBOX: 'on', OIDC_ISSUER: 'https://issuer.example' })).toContain('SANDBOX');
  });

  it('keeps the sandbox on this machine unless HOST says otherwise (15)', () => {
    expect(readConfig({ SANDBOX: 'on' }).host).toBe('127.0.0.1');
    expect(readConfig({ HOST: '0.0.0.0' }).host).toBe('0.0.0.0');
    expect(readConfig({ OIDC_ISSUER: 'https://issuer.example' }).host).toBe('0.0.0.0');
    expect(['127.0.0.1', '127.1.2.3', '::1', 'localhost', '::ffff:127.0.0.1'].map(isLoopback)).not.toContain(false);
    expect(['0.0.0.0', '::', '10.0.0.1', 'ledger.example', '192.168.1.4'].map(isLoopback)).not.toContain(true);
  });

  it('trusts proxies by their networks, and tells who counts them what to write (15)', () => {
    const networks = '10.0.0.0/8, 192.0.2.7,fd00::/8 , ::1';
    expect(readConfig({ TRUSTED_PROXIES: networks }).trustedProxies).toEqual([
      '10.0.0.0/8',
      '192.0.2.7',
      'fd00::/8',
      '::1',
    ]);
    expect(refusalOf({ TRUSTED_PROXIES: '1' })).toContain('such as 10.0.0.0/8,::1');
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
