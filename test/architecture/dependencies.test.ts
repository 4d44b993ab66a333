/**
 * The folder rules of docs/architecture.md, "Who may import whom", run on `src/`, and proof that each can fail.
 * dependency-cruiser reports success when it understands no file at all, so the number of modules it read is asserted
 * too.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { afterEach, describe, expect, it } from 'vitest';

type Files = Readonly<Record<string, string>>;

const projectRoot = join(import.meta.dirname, '../..');
const options = await extractOptions(join(projectRoot, '.dependency-cruiser.cjs'));
const ruleNames = (options.ruleSet?.forbidden ?? []).map((rule) => rule.name ?? 'unnamed');

const read = async (baseDir: string): Promise<ICruiseResult> => {
  const { output } = await cruise(['src'], { ...options, baseDir } satisfies ICruiseOptions);
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text instead of a result');
  return output;
};

const violationsIn = (result: ICruiseResult): string[] =>
  result.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);

/** A clean project in small, one module a room, each with an import that its rule allows. */
const cleanLayout: Files = {
  'src/main.ts': "import './app/compose.ts';\nimport './infra/system.ts';",
  'src/cli/rebuild.ts': "import '../app/compose.ts';\nimport '../infra/system.ts';\nimport '../migration/copy.ts';",
  'src/app/compose.ts': "import '../http/app.ts';\nimport '../processManagers/react.ts';",
  'src/eventsourcing/ports.ts': "import 'node:crypto';",
  'src/domain/order.ts': "import '../eventsourcing/ports.ts';",
  'src/commands/ports.ts': "import 'node:crypto';\nimport '../domain/order.ts';",
  'src/processManagers/react.ts': "import '../commands/ports.ts';",
  'src/projections/orders.ts': "import '../eventsourcing/ports.ts';",
  'src/webhooks/planner.ts': "import '../domain/order.ts';",
  'src/audit/leaf.ts': "import '../eventsourcing/ports.ts';",
  'src/migration/copy.ts': "import '../webhooks/planner.ts';\nimport '../audit/leaf.ts';",
  'src/http/app.ts': "import 'node:http';\nimport 'fastify';\nimport '../commands/ports.ts';",
  'src/infra/system.ts': "import 'node:sqlite';\nimport 'undici';\nimport '../commands/ports.ts';",
};

/** A room without packages that imports each of these, one at a time. */
const planting = (room: string, ...imports: readonly string[]): readonly Files[] =>
  [...imports, 'node:fs', 'typebox', 'not-installed'].map((name) => ({
    [`src/${room}/bad.ts`]: `import type { Nothing } from '${name}';`,
  }));

/** For each rule, the imports that it must refuse. */
const planted: Readonly<Record<string, readonly Files[]>> = {
  'eventsourcing-points-down': planting('eventsourcing', '../domain/order.ts', '../infra/system.ts'),
  'domain-points-down': planting('domain', 'node:crypto', '../commands/ports.ts'),
  'commands-points-down': planting(
    'commands',
    '../projections/orders.ts',
    '../processManagers/react.ts',
    '../http/app.ts',
  ),
  'processManagers-points-down': planting('processManagers', '../projections/orders.ts', '../webhooks/planner.ts'),
  'projections-points-down': planting('projections', '../commands/ports.ts', '../webhooks/planner.ts'),
  'webhooks-points-down': planting('webhooks', '../commands/ports.ts', '../projections/orders.ts'),
  'audit-points-down': planting('audit', '../projections/orders.ts', '../migration/copy.ts'),
  'migration-points-down': planting('migration', '../http/app.ts', '../infra/system.ts', '../app/compose.ts'),
  'http-points-down': [
    { 'src/http/bad.ts': "import '../infra/system.ts';" },
    { 'src/http/bad.ts': "import '../app/compose.ts';" },
    { 'src/http/bad.ts': "import type { Copy } from '../migration/copy.ts';" },
  ],
  'app-points-down': [
    { 'src/app/bad.ts': "import '../infra/system.ts';" },
    { 'src/app/bad.ts': "import '../migration/copy.ts';" },
  ],
  'infra-points-down': [
    { 'src/infra/bad.ts': "import '../http/app.ts';" },
    { 'src/infra/bad.ts': "import type { App } from '../app/compose.ts';" },
  ],
  'cli-points-down': [{ 'src/cli/bad.ts': "import '../http/app.ts';" }],
  'infra-only-from-entry-points': [
    { 'src/app/compose.ts': "import '../infra/system.ts';" },
    { 'src/other.ts': "import './infra/system.ts';" },
    { 'src/commands/bad.ts': "import '../infra/system.ts';" },
  ],
  'stores-know-no-domain': ['sqlite/events', 'eventstoredb', 'mongodb', 'redis', 'bullmq', 'keys'].map((folder) => ({
    [`src/infra/${folder}/bad.ts`]: `import type { LedgerEvent } from '${'../'.repeat(folder.split('/').length + 1)}domain/events.ts';`,
    'src/domain/events.ts': 'export type LedgerEvent = string;',
  })),
  'entry-points-are-not-imported': [
    { 'src/app/compose.ts': "import '../main.ts';" },
    ...['rebuild', 'migrate', 'backup', 'restore', 'verify'].map((name) => ({
      'src/main.ts': `import './cli/${name}.ts';`,
      [`src/cli/${name}.ts`]: '',
    })),
  ],
  'drivers-only-in-infra': [
    'node:sqlite',
    '@eventstore/db-client',
    '@kurrent/kurrentdb-client',
    'mongodb',
    'bullmq',
    'ioredis',
    'undici',
    'oidc-provider',
    'jose',
    'openid-client',
  ].flatMap((driver) => [
    { 'src/http/bad.ts': `import type { Driver } from '${driver}';` },
    { 'src/main.ts': `await import('${driver}');` },
  ]),
  'known-rooms-only': [
    { 'src/helpers/bad.ts': "import '../eventsourcing/ports.ts';" },
    { 'src/loose.ts': "import './eventsourcing/ports.ts';" },
  ],
  'src-stays-in-src': [{ 'src/http/bad.ts': "import '../../test/support.ts';", 'test/support.ts': '' }],
  'production-packages-only': [
    { 'src/http/bad.ts': "import 'vitest';" },
    { 'src/infra/bad.ts': "import 'enhanced-resolve';" }, // Installed, though only because another package needs it.
  ],
  'no-cycles': [
    { 'src/domain/a.ts': "import './b.ts';", 'src/domain/b.ts': "import './a.ts';" },
    { 'src/domain/a.ts': "import type { B } from './b.ts';", 'src/domain/b.ts': "import type { A } from './a.ts';" },
  ],
};

const temporary: string[] = [];
afterEach(() => {
  for (const folder of temporary.splice(0)) rmSync(folder, { recursive: true });
});

/** A project in a temporary folder that sees this project's packages. */
const plant = (files: Files): string => {
  const folder = mkdtempSync(join(tmpdir(), 'stockledger-layers-'));
  temporary.push(folder);
  for (const shared of ['node_modules', 'package.json']) symlinkSync(join(projectRoot, shared), join(folder, shared));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
};

describe('the source tree', () => {
  it('keeps the folder rules', async () => {
    expect(violationsIn(await read(projectRoot))).toEqual([]);
  });

  it('was read whole: every source file is a module of the result', async () => {
    const { modules } = await read(projectRoot);
    const files = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.[jt]s$/.test(path))
      .map((path) => `src/${path}`);
    expect(
      modules
        .map(({ source }) => source)
        .filter((source) => source.startsWith('src/'))
        .sort(),
    ).toEqual(files.sort());
    expect(files.length).toBeGreaterThan(30);
    expect(modules.flatMap(({ dependencies }) => dependencies).length).toBeGreaterThan(files.length);
  });

  it.each([
    'eventsourcing',
    'domain',
    'commands',
    'processManagers',
    'projections',
    'webhooks',
    'audit',
    'migration',
    'http',
    'app',
    'cli',
    'infra',
  ])('has modules in src/%s to rule over', async (layer) => {
    const { modules } = await read(projectRoot);
    expect(modules.filter(({ source }) => source.startsWith(`src/${layer}/`))).not.toEqual([]);
  });
});

describe('the diagram of docs/architecture.md', () => {
  const below = ['eventsourcing', 'domain'];
  const roomOf = (path: string): string => path.split('/')[1]?.replace('.ts', '') ?? '';

  it('has an arrow for each room that imports another one, and no other arrow', async () => {
    const page = readFileSync(join(projectRoot, 'docs/architecture.md'), 'utf8');
    const drawn = [...page.matchAll(/^ {2}(\w+) --> (\w+)$/gm)].map(([, from, to]) => `${from} --> ${to}`);
    const { modules } = await read(projectRoot);
    const arrows = modules.flatMap(({ source, dependencies }) =>
      dependencies
        .map(({ resolved }) => [roomOf(source), roomOf(resolved)] as const)
        .filter(([from, to], index) => dependencies[index]?.resolved.startsWith('src/') && from !== to)
        .filter(([, to]) => !below.includes(to))
        .map(([from, to]) => `${from} --> ${to}`),
    );
    expect(arrows).not.toHaveLength(0);
    expect(drawn.sort()).toEqual([...new Set(arrows)].sort());
  });
});

describe('the folder rules', () => {
  it('refuse nothing in a clean layout', async () => {
    expect(violationsIn(await read(plant(cleanLayout)))).toEqual([]);
  });

  it('have planted violations one to one', () => {
    expect(Object.keys(planted).sort()).toEqual(ruleNames.toSorted());
  });

  it.each(ruleNames)('%s can fail', async (ruleName) => {
    for (const files of planted[ruleName] ?? []) {
      const result = await read(plant({ ...cleanLayout, ...files }));
      const broken = result.summary.violations.map(({ rule }) => rule.name);
      expect(broken, JSON.stringify(files)).toContain(ruleName);
    }
    expect(planted[ruleName]).not.toHaveLength(0);
  });
});
