/**
 * The folder rules of DESIGN §3, run on `src/`, and proof that each can fail. dependency-cruiser reports success when
 * it understands no file at all, so the number of modules it read is asserted too.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** A clean project in small, one module a layer, each with an import that its rule allows. */
const cleanLayout: Files = {
  'src/main.ts': "import './compose.ts';\nimport './infra/clock.ts';",
  'src/compose.ts': "import './http/app.ts';\nimport './commands/ports.ts';",
  'src/eventsourcing/message.ts': 'export const one = 1;',
  'src/domain/order.ts': "import '../eventsourcing/message.ts';",
  'src/commands/ports.ts': "import 'node:crypto';\nimport '../domain/order.ts';",
  'src/projections/ports.ts': "import '../eventsourcing/message.ts';",
  'src/moving/copy.ts': "import '../commands/ports.ts';\nimport '../projections/ports.ts';",
  'src/http/app.ts': "import 'node:http';\nimport 'fastify';\nimport '../commands/ports.ts';",
  'src/infra/clock.ts': "import 'node:sqlite';\nimport 'undici';\nimport '../commands/ports.ts';",
};

/** For each rule, the imports that it must refuse. */
const planted: Readonly<Record<string, readonly Files[]>> = {
  'domain-imports-only-itself': [
    { 'src/domain/bad.ts': "import 'node:crypto';" },
    { 'src/domain/bad.ts': "import 'typebox';" },
    { 'src/domain/bad.ts': "import type { Nothing } from 'not-installed';" },
    { 'src/domain/bad.ts': "import type { Port } from '../commands/ports.ts';" },
  ],
  'commands-imports-only-domain': [
    { 'src/commands/bad.ts': "import '../projections/ports.ts';" },
    { 'src/commands/bad.ts': "import '../http/app.ts';" },
    { 'src/commands/bad.ts': "import 'node:fs';" },
    { 'src/commands/bad.ts': "import 'typebox';" },
  ],
  'projections-imports-only-domain': [
    { 'src/projections/bad.ts': "import type { Port } from '../commands/ports.ts';" },
    { 'src/projections/bad.ts': "import '../compose.ts';" },
    { 'src/projections/bad.ts': "import 'node:fs';" },
  ],
  'moving-imports-only-domain-commands-projections': [
    { 'src/moving/bad.ts': "import '../infra/clock.ts';" },
    { 'src/moving/bad.ts': "import '../http/app.ts';" },
    { 'src/moving/bad.ts': "import 'node:fs';" },
  ],
  'http-points-inward': [
    { 'src/http/bad.ts': "import '../infra/clock.ts';" },
    { 'src/http/bad.ts': "import '../compose.ts';" },
  ],
  'infra-points-inward': [
    { 'src/infra/bad.ts': "import '../http/app.ts';" },
    { 'src/infra/bad.ts': "import type { App } from '../compose.ts';" },
  ],
  'infra-only-from-entry-points': [
    { 'src/compose.ts': "import './infra/clock.ts';" },
    { 'src/other.ts': "import './infra/clock.ts';" },
    { 'src/commands/bad.ts': "import '../infra/clock.ts';" },
  ],
  'entry-points-are-not-imported': [
    { 'src/compose.ts': "import './main.ts';" },
    ...['rebuild', 'migrate', 'backup', 'restore'].map((name) => ({
      'src/compose.ts': `import './${name}.ts';`,
      [`src/${name}.ts`]: '',
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
  'known-folders-only': [{ 'src/helpers/bad.ts': "import '../domain/message.ts';" }],
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

  it.each(['domain', 'commands', 'projections', 'moving', 'http', 'infra'])(
    'has modules in src/%s to rule over',
    async (layer) => {
      const { modules } = await read(projectRoot);
      expect(modules.filter(({ source }) => source.startsWith(`src/${layer}/`))).not.toEqual([]);
    },
  );
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
