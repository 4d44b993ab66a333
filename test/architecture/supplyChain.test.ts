/** What others wrote and we ship or build with: pinned, whole, without programs of its own, under licences that we may use (R17). */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const projectRoot = join(import.meta.dirname, '../..');

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}
type Packages = Readonly<Record<string, Locked>>;

const readJson = (name: string): unknown => JSON.parse(readFileSync(join(projectRoot, name), 'utf8'));
const { packages } = readJson('package-lock.json') as { readonly packages: Packages };
const manifest = readJson('package.json') as Readonly<Record<'dependencies' | 'devDependencies', Packages[string]>>;

/** May be shipped with a service that is not open. */
const licences: ReadonlySet<string> = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Zlib',
]);
/** Only used to build and to test. MPL-2.0 asks something of who changes the files and gives them away. */
const licencesOfTools: ReadonlySet<string> = new Set([...licences, 'MPL-2.0', 'Python-2.0', 'Unlicense']);
/** Its manifest names it in an old form: ODbL 1.0, for a list of countries that is used as it is, with its source named. */
const licensedOtherwise: ReadonlySet<string> = new Set(['node_modules/world-countries']);
/**
 * Would run a program when they are installed. `msgpackr-extract` is an optional addition that brings its own binaries, and
 * `protobufjs` looks at the version of who asks for it: both work without.
 */
const withInstallScript: ReadonlySet<string> = new Set(['node_modules/msgpackr-extract', 'node_modules/protobufjs']);

const isAllowed = (licence: string, allowed: ReadonlySet<string>): boolean => {
  const parts = licence.replaceAll(/[()]/g, '').split(' AND ');
  return parts.every((part) => part.split(' OR ').some((one) => allowed.has(one)));
};

const faultsOf = (locked: Packages): readonly string[] =>
  Object.entries(locked).flatMap(([name, { resolved, integrity = '', license, dev, hasInstallScript }]) => {
    if (name === '') return [];
    const allowed = dev === true ? licencesOfTools : licences;
    const isLicensed = license === undefined ? licensedOtherwise.has(name) : isAllowed(license, allowed);
    return [
      ...(/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity) ? [] : [`${name}: no SHA-512 of what it is`]),
      ...(resolved === undefined ? [] : [`${name}: comes from a place of its own`]),
      ...(isLicensed ? [] : [`${name}: ${license ?? 'no licence'}`]),
      ...(hasInstallScript === true && !withInstallScript.has(name)
        ? [`${name}: runs a program when it is installed`]
        : []),
    ];
  });

const good: Locked = { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==`, license: 'MIT' };

describe('the packages of others', () => {
  it('are whole, from the registry, licensed, and run nothing when they are installed', () => {
    expect(Object.keys(packages).length).toBeGreaterThan(300);
    expect(faultsOf(packages)).toEqual([]);
  });

  it.each<readonly [string, Locked, string]>([
    ['without a digest', { ...good, integrity: '' }, 'no SHA-512 of what it is'],
    ['with an old digest', { ...good, integrity: 'sha1-AAAA' }, 'no SHA-512 of what it is'],
    ['from elsewhere', { ...good, resolved: 'git+ssh://git@example.invalid/a.git' }, 'comes from a place of its own'],
    ['of a licence that asks for our source', { ...good, license: 'AGPL-3.0-only' }, 'AGPL-3.0-only'],
    ['of two licences, one of them such', { ...good, license: '(MIT AND GPL-3.0-only)' }, '(MIT AND GPL-3.0-only)'],
    ['shipped, of a licence for tools', { ...good, license: 'MPL-2.0' }, 'MPL-2.0'],
    ['with an install script', { ...good, hasInstallScript: true }, 'runs a program when it is installed'],
  ])('are found out: one %s', (_what, planted, fault) => {
    expect(faultsOf({ 'node_modules/good': good, 'node_modules/planted': planted })).toEqual([
      `node_modules/planted: ${fault}`,
    ]);
  });

  it('are asked for by exact versions', () => {
    const asked = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(asked.length).toBeGreaterThan(30);
    expect(
      asked.filter((version) => !/^(npm:(@[\w-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version))),
    ).toEqual([]);
  });

  it('are listed in a bill of materials: npm run sbom (CycloneDX)', () => {
    const { stdout, status } = spawnSync('npm', ['run', '-s', 'sbom'], {
      cwd: projectRoot,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    expect(status).toBe(0);
    const bill = JSON.parse(stdout) as {
      readonly bomFormat: string;
      readonly components: readonly { readonly name: string }[];
    };
    expect(bill.bomFormat).toBe('CycloneDX');
    const names = bill.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['fastify', 'mongodb', 'jose']));
    expect(names).not.toContain('vitest');
  });
});
