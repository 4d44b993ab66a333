/**
 * deploy/kubernetes, as far as it can be judged without a cluster: Kustomize builds it, every object fits the schema of
 * its kind, and the rules hold. Each rule is shown changes that it must find.
 */
import { randomBytes } from 'node:crypto';
import { globSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { processRoles } from '../../src/eventsourcing/ports.ts';
import { readConfig } from '../../src/infra/config/config.ts';
import { projectRoot, readText } from './composeFile.ts';
import { containerOf, environmentOf, type Manifests, objectsIn, parseManifests } from './kubernetesManifests.ts';
import { networkRules } from './kubernetesNetworkRules.ts';
import { podRules } from './kubernetesPodRules.ts';
import { rolloutRules } from './kubernetesRolloutRules.ts';
import { serviceRules } from './kubernetesServiceRules.ts';
import { secretExample, settingsRules } from './kubernetesSettingsRules.ts';
import { shareRules } from './kubernetesShareRules.ts';
import { build, toolsMissing, validate } from './kubernetesTools.ts';

/** The oldest that the manifests are for, and the newest that the validator knows. */
const kubernetesVersions = ['1.34', '1.37'];
const overlays = globSync('deploy/kubernetes/overlays/*', { cwd: projectRoot }).sort();
const rules = [...podRules, ...shareRules, ...serviceRules, ...settingsRules, ...networkRules, ...rolloutRules];

const missing = toolsMissing();
if (missing !== null && process.env.CI_REQUIRE?.split(',').includes('kubernetes')) {
  it('the tools of Kubernetes can be had, as CI_REQUIRE names them', () => {
    expect(missing).toBeNull();
  });
}

/** Each folder is built once, and only when a test asks for it. */
const built = new Map<string, string>();
const textOf = (path: string): string => {
  const text = built.get(path) ?? build(path);
  built.set(path, text);
  return text;
};
/** A copy, for the caller to change. */
const manifestsOf = (path: string): Manifests => parseManifests(textOf(path));

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'stockledger-kubernetes-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
};

const whenThere = missing === null ? '' : ` (skipped: ${missing})`;
const describeBuilt = describe.skipIf(missing !== null);

describeBuilt(`the schemas of Kubernetes${whenThere}`, () => {
  it.each(kubernetesVersions)('of %s let every object of every overlay pass', (version) => {
    expect(overlays).toContain('deploy/kubernetes/overlays/production');
    const folder = temporaryFolder();
    for (const overlay of overlays) {
      const file = join(folder, 'objects.yaml');
      writeFileSync(file, textOf(overlay));
      const lines = validate([file], version);
      expect(lines.filter((line) => !line.startsWith('INFO'))).toEqual([]);
      expect(lines).toHaveLength(objectsIn(textOf(overlay)).length);
      expect(lines.length).toBeGreaterThan(15);
    }
  });

  it('let the example of the Secret pass', () => {
    const file = join(projectRoot, 'deploy/kubernetes/secret.example.yaml');
    expect(validate([file], kubernetesVersions[0]!)).toEqual([expect.stringContaining('secret/stockledger')]);
  });

  it.each([
    ['a field that is misspelt', 'readOnlyRootFilesystem', 'readOnlyRootFileSystem'],
    ['a word in place of a number', 'maxReplicas: 6', 'maxReplicas: six'],
    ['a field that must be there', 'maxReplicas: 6', ''],
    ['a version that is gone', 'autoscaling/v2', 'autoscaling/v2beta2'],
    ['a kind that does not exist', 'kind: NetworkPolicy', 'kind: NetworkPolice'],
  ])('find %s', (_, right, wrong) => {
    const text = textOf('deploy/kubernetes/overlays/production');
    const file = join(temporaryFolder(), 'objects.yaml');
    writeFileSync(file, text.replace(right, wrong));
    expect(text).toContain(right);
    expect(validate([file], kubernetesVersions[0]!).filter((line) => !line.startsWith('INFO'))).toHaveLength(1);
  });
});

describeBuilt.each(overlays)(`in %s${whenThere}`, (overlay) => {
  describe.each(rules)('$name', ({ check, planted }) => {
    it('holds', () => {
      const manifests = manifestsOf(overlay);
      expect(manifests.Deployment).toHaveLength(processRoles.length);
      expect(check(manifests)).toEqual([]);
    });

    it('is missed in each of its planted violations, and nothing else is', () => {
      const found = planted.map(({ change }) => {
        const broken = manifestsOf(overlay);
        change(broken);
        return check(broken).sort();
      });
      expect(found).toEqual(planted.map(({ finds }) => [...finds].sort()));
      expect(found.map(({ length }) => length)).not.toContain(0);
      expect(found).not.toHaveLength(0);
    });
  });

  it('has no kind of object that no rule reads, and no Secret above all', () => {
    expect(manifestsOf(overlay).others).toEqual([]);
  });

  it.each(processRoles)('starts %s with what its pod is told and given, once the Secret has a key', (role) => {
    const manifests = manifestsOf(overlay);
    const folder = temporaryFolder();
    const { stringData } = secretExample();
    const start = (values: Readonly<Record<string, string>>) => {
      for (const [name, value] of Object.entries(values)) writeFileSync(join(folder, name), value);
      const told = Object.entries(environmentOf(manifests, containerOf(manifests, role)));
      return readConfig(Object.fromEntries(told.map(([name, value]) => [name, value.replace('/run/secrets', folder)])));
    };
    expect(() => start(stringData)).toThrow('KEY_ENCRYPTION_KEY');
    const config = start({ ...stringData, key_encryption_key: randomBytes(32).toString('base64') });
    expect(config).toMatchObject({ host: '0.0.0.0', port: 8_080, roles: new Set([role]), cache: 'redis' });
    expect(config.oidcIssuer).toMatch(/^https:/);
    expect(config.servers).toMatchObject({ redisUrl: stringData.redis_url, mongodbUrl: stringData.mongodb_url });
  });
});

describeBuilt(`deploy/kubernetes/base${whenThere}`, () => {
  it('lets nobody in by itself', () => {
    const policies = manifestsOf('deploy/kubernetes/base').NetworkPolicy;
    expect(policies).not.toEqual([]);
    expect(policies.flatMap(({ spec }) => spec.ingress ?? [])).toEqual([]);
  });
});

describe('deploy/kubernetes/secret.example.yaml', () => {
  it('has the keys that docs/deploy.md says how to make, and no secret in them', () => {
    const page = readText('docs/deploy.md');
    const made = [...page.matchAll(/--from-file=(\w+)/g)].map((match) => match[1]);
    const { stringData } = secretExample();
    expect(made).toEqual(Object.keys(stringData));
    expect(Object.values(stringData).filter((value) => !/REPLACE/.test(value))).toEqual([]);
  });
});

describe('docs/deploy.md', () => {
  it('says which versions of Kubernetes the objects were checked for', () => {
    const said = /against the schemas of\s+Kubernetes ([\d.]+) and ([\d.]+)\./.exec(readText('docs/deploy.md'));
    expect(said?.slice(1)).toEqual(kubernetesVersions);
  });
});
