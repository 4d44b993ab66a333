/** docker-compose.yml, as far as it can be judged without an engine. Each rule is shown a violation that it must find. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/infra/config/config.ts';
import { openMongo } from '../../src/infra/mongodb/connect.ts';
import { type Compose, networksOf, parseCompose, projectRoot, readText, textOf } from './composeFile.ts';
import { reach, rules } from './composeRules.ts';

const text = readText('docker-compose.yml');
const compose = parseCompose(text);
const roles = ['api', 'projector', 'worker'];

describe.each(rules)('in docker-compose.yml, $name', ({ check, planted }) => {
  it('holds', () => {
    expect(Object.keys(compose.services).length).toBeGreaterThan(10);
    expect(check(compose)).toEqual([]);
  });

  it('is missed in each of its planted violations', () => {
    const found = planted.map((plant) => {
      const broken = structuredClone(compose);
      plant(broken);
      return check(broken).length;
    });
    expect(found).not.toHaveLength(0);
    expect(found).not.toContain(0);
  });
});

describe('docker-compose.yml', () => {
  it('tells the service only what the service asks for', () => {
    const asked = new Set<string>();
    readConfig(new Proxy<Record<string, string>>({}, { get: (_, name) => void asked.add(String(name)) }));
    // Node itself reads this one; and what is secret may come from a file.
    asked.add('NODE_EXTRA_CA_CERTS');
    for (const store of ['EVENTSTORE_URL', 'MONGODB_URL', 'REDIS_URL']) asked.add(`${store}_FILE`);
    for (const role of roles) {
      const told = Object.keys(compose.services[role]!.environment ?? {});
      expect(told.length).toBeGreaterThan(5);
      expect(told.filter((name) => !asked.has(name))).toEqual([]);
    }
  });

  it('gives each role its own container of one image', () => {
    expect(roles.map((role) => compose.services[role]!.environment?.ROLES)).toEqual(roles);
    expect(new Set(roles.map((role) => compose.services[role]!.image)).size).toBe(1);
  });

  it('starts either one EventStoreDB node or three that know each other', () => {
    const ofProfile = (profile: string): string[] =>
      Object.keys(compose.services).filter(
        (name) => name.match(/^eventstore(-\d)?$/) && compose.services[name]!.profiles?.includes(profile),
      );
    expect(ofProfile('single')).toEqual(['eventstore']);
    expect(ofProfile('cluster')).toEqual(['eventstore-1', 'eventstore-2', 'eventstore-3']);
    for (const name of ofProfile('cluster')) {
      const others = ofProfile('cluster').filter((other) => other !== name);
      const { environment = {} } = compose.services[name]!;
      expect(environment.EVENTSTORE_CLUSTER_SIZE).toBe('3');
      expect(environment.EVENTSTORE_GOSSIP_SEED).toBe(others.map((other) => `${other}:2113`).join());
      expect(environment.EVENTSTORE_NODE_HOST_ADVERTISE_AS).toBe(name);
    }
  });

  it('starts no store without TLS, without users, or in a way that forgets', () => {
    const told = (name: string): string => textOf(compose.services[name]!);
    expect(Object.keys(compose.services.eventstore!.environment ?? {})).not.toContain('EVENTSTORE_INSECURE');
    expect(told('mongodb')).toMatch(/--replSet rs0 --keyFile .*--tlsMode requireTLS/s);
    for (const flag of ['--port 0', '--aclfile', '--appendonly yes', '--maxmemory-policy noeviction']) {
      expect(told('redis')).toContain(flag);
    }
  });

  it('lets the service into each database that it opens, that of the keys too', async () => {
    const { db, keysDb, close } = openMongo({ url: 'mongodb://mongodb:27017/stockledger' });
    await close();
    const granted = /\[([^\]]*)\]\.map\(\(db\) => \(\{ role: 'readWrite', db \}\)\)/.exec(
      readText('deploy/mongodb/init.js'),
    );
    const names = [...(granted?.[1] ?? '').matchAll(/'(\w+)'/g)].map((match) => match[1]);
    expect(names).toEqual([db.databaseName, keysDb.databaseName]);
  });

  it('is described in docs/deploy.md network by network', () => {
    const rows = [...readText('docs/deploy.md').matchAll(/^\| `(\w+)` \|([^|]*)\|/gm)];
    const described = Object.fromEntries(
      rows.map(([, name = '', members = '']) => [name, [...members.matchAll(/`([\w-]+)`/g)].map((match) => match[1])]),
    );
    for (const [name, members] of Object.entries(reach)) {
      expect([...(described[name] ?? [])].sort(), name).toEqual([...members].sort());
    }
  });

  it('names each network and each secret once for all', () => {
    const used = new Set(Object.values(compose.services).flatMap(networksOf));
    expect([...used].sort()).toEqual(Object.keys(compose.networks).sort());
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
describe.skipIf(!hasOpenssl)('deploy/secrets.sh (skipped without openssl, which it needs)', () => {
  it('makes every file that docker-compose.yml mounts, in a closed directory, and keeps what is there', () => {
    const directory = mkdtempSync(join(tmpdir(), 'stockledger-secrets-'));
    try {
      const run = (topology: string) =>
        spawnSync('sh', ['deploy/secrets.sh', topology, directory], { cwd: projectRoot, encoding: 'utf8' });
      expect(run('single')).toMatchObject({ status: 0, stderr: '' });
      const files = Object.values(compose.secrets).map(({ file = '' }) => file.replace('./deploy/secrets/', ''));
      const contents = () =>
        Object.fromEntries(files.map((file) => [file, readFileSync(join(directory, file), 'utf8')] as const));
      const first = contents();
      expect(Object.entries(first).filter(([, content]) => content === '')).toEqual([]);
      expect(statSync(directory).mode & 0o777).toBe(0o700);
      expect(first.eventstore_url).toMatch(/^esdb:\/\/stockledger:[0-9a-f]{48}@eventstore:2113\?tls=true/);

      expect(run('cluster').status).toBe(0);
      const { eventstore_url: clusterUrl, ...others } = contents();
      expect({ ...others, eventstore_url: first.eventstore_url }).toEqual(first);
      expect(clusterUrl).toContain('@eventstore-1:2113,eventstore-2:2113,eventstore-3:2113?');
      expect(run('galaxy').status).toBe(2);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('writes where git does not look', () => {
    const { status } = spawnSync('git', ['check-ignore', 'deploy/secrets/ca.key'], { cwd: projectRoot });
    expect(status).toBe(0);
  });
});

/** The schema of the Compose specification, as its linter ships it. */
const schemaFile = join(projectRoot, 'node_modules/dclint/schemas/compose.schema.json');
describe.skipIf(!existsSync(schemaFile))('the schema of Compose (skipped where dclint is not installed)', () => {
  const isValid = (candidate: object): boolean => {
    // Its address of JSON Schema is one that ajv does not know; formats such as `duration` are its own.
    const { $schema: _, ...schema } = JSON.parse(readFileSync(schemaFile, 'utf8'));
    return new Ajv({ strict: false, validateFormats: false }).compile(schema)(candidate);
  };

  it('lets the file pass', () => {
    expect(isValid(compose)).toBe(true);
  });

  it.each([
    (services: Compose['services']) => Object.assign(services.api!, { reed_only: true }),
    (services: Compose['services']) => Object.assign(services.api!.deploy!.resources!.limits!, { memry: '1G' }),
    (services: Compose['services']) => (services.api!.depends_on!.redis!.condition = 'service_helthy'),
  ])('finds a slip that YAML lets pass (%#)', (slip) => {
    const broken = structuredClone(compose);
    slip(broken.services);
    expect(isValid(broken)).toBe(false);
  });
});

const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
describe.skipIf(!hasCompose)('docker compose (skipped without its command-line plugin; it needs no engine)', () => {
  it.each(['single', 'cluster'])('reads the file with the profile %s', (profile) => {
    const { status, stderr } = spawnSync('docker', ['compose', '--profile', profile, 'config', '--quiet'], {
      cwd: projectRoot,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
