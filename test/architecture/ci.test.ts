/** That CI runs what the README says, all of it, and tells the truth about it. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import vitestConfig from '../../vitest.config.ts';
import { named, suites } from '../suites.ts';

const projectRoot = join(import.meta.dirname, '../..');
const readText = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const filesLike = (patterns: readonly string[], except: readonly string[] = ['node_modules', 'coverage']): string[] =>
  globSync([...patterns], { cwd: projectRoot, exclude: [...except] }).sort();

const startCommand = 'npm ci && npm start';
const testCommand = 'npm ci && npm test';

/** The lines inside fenced blocks: what a reader copies. */
const commandsIn = (markdown: string): string[] =>
  [...markdown.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap((block) => block[1]?.split('\n') ?? []);

describe('the test files', () => {
  const every = filesLike(['**/*.{test,spec}.*']);
  const [quick, rest] = [suites.quick, suites.rest].map(({ include, exclude }) => filesLike(include, exclude)) as [
    string[],
    string[],
  ];

  it('are each in one of the two parts and in no other, whatever folder they are in', () => {
    expect([...quick, ...rest].sort()).toEqual(every);
    expect(Math.min(quick.length, rest.length)).toBeGreaterThan(3);
  });

  it('are read from these two parts by vitest', () => {
    const projects = Object.entries(suites).map(([name, files]) => ({ extends: true, test: { name, ...files } }));
    expect(vitestConfig.test?.projects).toEqual(projects);
    expect(vitestConfig.test).not.toHaveProperty('include');
  });

  it('of each file that `test/suites.ts` names are there', () => {
    const lost = named.filter((pattern) => filesLike([pattern]).length === 0);
    expect(lost).toEqual([]);
  });

  it('run every contract suite', () => {
    const parts = filesLike(['test/contracts/**/*.ts']).filter((path) => !path.endsWith('.test.ts'));
    const imports = [...every, ...parts].flatMap((path) => [...readText(path).matchAll(/from '\.[^']*\/([^/']+)'/g)]);
    const imported = new Set(imports.map((match) => match[1]));
    expect(parts).not.toEqual([]);
    expect(parts.filter((path) => !imported.has(path.split('/').at(-1)))).toEqual([]);
  });
});

describe('the scripts', () => {
  const scripts: Readonly<Record<string, string>> = packageJson.scripts;

  it('check, and run the quick tests or all of them', () => {
    expect(scripts.test).toBe('npm run check && vitest run --project quick');
    expect(scripts['test:full']).toBe('npm run check && vitest run');
    expect(scripts['test:only']).toBe('vitest run');
    expect(scripts.check).toBe('npm run typecheck && npm run lint && npm run depcruise && npm run unused');
  });

  it('named in the README exist', () => {
    const named = [...readText('README.md').matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('the README', () => {
  it.each([startCommand, testCommand])('shows `%s` to copy', (command) => {
    expect(commandsIn(readText('README.md'))).toContain(command);
  });

  it('is read by its fenced blocks only', () => {
    expect(commandsIn('Run `npm test`.\n```sh\nnpm ci\nnpm start\n```\nnpm audit\n')).toEqual([
      'npm ci',
      'npm start',
      '',
    ]);
  });
});

/** GNU `timeout` and bash: CI is Linux. */
describe.skipIf(process.platform !== 'linux')('.ci/run', () => {
  const temporary: string[] = [];
  afterEach(() => {
    for (const folder of temporary.splice(0)) rmSync(folder, { recursive: true });
  });

  /** What vitest reports of a part. */
  interface Outcome {
    readonly passed: number;
    readonly failed: number;
    /** Files that failed without a failed test: they could not be loaded. */
    readonly broken?: number;
  }

  /** A part without an outcome leaves no report, `cut` only half of one. */
  interface Part {
    readonly outcome: Outcome | 'cut' | null;
    readonly exit: number;
  }

  const reportOf = ({ passed, failed, broken = 0 }: Outcome): string =>
    JSON.stringify({
      numPassedTests: passed,
      numFailedTests: failed,
      testResults: Array.from({ length: broken }, () => ({ status: 'failed', assertionResults: [] })),
    });

  const good: Part = { outcome: { passed: 5, failed: 0 }, exit: 0 };
  const both = ['npm ci', 'npm test', 'npm run test:only -- --project rest'];

  /** Runs `.ci/run` in a checkout of its own, with an npm that only leaves reports (or none) and ends as told. */
  const run = ({ ci = 0, quick = good, rest = good }: { ci?: number; quick?: Part; rest?: Part }) => {
    const checkout = mkdtempSync(join(tmpdir(), 'stockledger-ci-'));
    temporary.push(checkout);
    cpSync(join(projectRoot, '.ci'), join(checkout, '.ci'), { recursive: true });
    // A test installs nothing on the machine.
    for (const installer of ['servers', 'kubernetes', 'keycloak', 'schemathesis'])
      writeFileSync(join(checkout, '.ci', installer), '');
    const act = (name: string, { outcome, exit }: Part): string => {
      if (outcome === null) return `exit ${exit}`;
      writeFileSync(join(checkout, name), outcome === 'cut' ? '{"numPassed' : reportOf(outcome));
      return `cp ${name} "$TEST_REPORT_FILE"; exit ${exit}`;
    };
    const npm = `#!/bin/sh
echo "npm $*"
case "$*" in
  ci) exit ${ci} ;;
  test) ${act('quick', quick)} ;;
  *) ${act('rest', rest)} ;;
esac
`;
    writeFileSync(join(checkout, 'npm'), npm, { mode: 0o755 });
    const env = { ...process.env, PATH: [checkout, process.env.PATH].join(delimiter) };
    const { status, stdout } = spawnSync('bash', [join(checkout, '.ci/run')], { env, encoding: 'utf8', cwd: tmpdir() });
    const lines = stdout.trimEnd().split('\n');
    return { status, lastLine: lines.at(-1), commands: lines.filter((line) => line.startsWith('npm ')) };
  };

  it("calls the README's test command and then the rest, and adds what both report", () => {
    expect(run({ rest: { outcome: { passed: 7, failed: 0 }, exit: 0 } })).toEqual({
      status: 0,
      lastLine: '12 passed, 0 failed',
      commands: both,
    });
  });

  it('fails with the tests of either part, and counts them', () => {
    const bad: Part = { outcome: { passed: 4, failed: 2 }, exit: 1 };
    expect(run({ quick: bad })).toEqual({ status: 1, lastLine: '9 passed, 2 failed', commands: both });
    expect(run({ rest: bad })).toMatchObject({ status: 1, lastLine: '9 passed, 2 failed' });
    expect(run({ quick: bad, rest: bad })).toMatchObject({ status: 1, lastLine: '8 passed, 4 failed' });
  });

  it('counts a test file that could not be loaded', () => {
    const quick: Part = { outcome: { passed: 5, failed: 1, broken: 2 }, exit: 1 };
    expect(run({ quick })).toMatchObject({ status: 1, lastLine: '10 passed, 3 failed' });
  });

  it('counts an error outside the tests', () => {
    const quick: Part = { outcome: { passed: 5, failed: 0 }, exit: 1 };
    expect(run({ quick })).toMatchObject({ status: 1, lastLine: '10 passed, 1 failed' });
    expect(run({ rest: quick })).toMatchObject({ status: 1, lastLine: '10 passed, 1 failed' });
  });

  it('fails when the checks before the tests fail, and still runs the rest', () => {
    const quick: Part = { outcome: null, exit: 2 };
    expect(run({ quick })).toEqual({ status: 1, lastLine: '5 passed, 1 failed', commands: both });
  });

  it('fails when the installation fails, and tests nothing', () => {
    expect(run({ ci: 1 })).toEqual({ status: 1, lastLine: '0 passed, 2 failed', commands: ['npm ci'] });
  });

  it.each([null, 'cut', { passed: 0, failed: 0 }] as const)('fails when a part has run no test (%j)', (outcome) => {
    const none: Part = { outcome, exit: 0 };
    expect(run({ quick: none })).toMatchObject({ status: 1, lastLine: '5 passed, 1 failed' });
    expect(run({ rest: none })).toMatchObject({ status: 1, lastLine: '5 passed, 1 failed' });
  });
});
