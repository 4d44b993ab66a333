/** That CI runs what the README says, all of it, and tells the truth about it. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import vitestConfig from '../../vitest.config.ts';

const projectRoot = join(import.meta.dirname, '../..');
const readText = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const filesLike = (pattern: string): string[] =>
  globSync(pattern, { cwd: projectRoot, exclude: ['node_modules', 'coverage'] }).sort();

const startCommand = 'npm ci && npm start';
const testCommand = 'npm ci && npm test';

/** The lines inside fenced blocks: what a reader copies. */
const commandsIn = (markdown: string): string[] =>
  [...markdown.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap((block) => block[1]?.split('\n') ?? []);

describe('the test files', () => {
  const included = (vitestConfig.test?.include ?? []).flatMap(filesLike);

  it('are all matched by the vitest configuration, whatever folder they are in', () => {
    expect(filesLike('**/*.{test,spec}.*')).toEqual(included);
    expect(included.length).toBeGreaterThan(3);
  });

  it('run every contract suite', () => {
    const suites = filesLike('test/contracts/**/*.ts').filter((path) => !path.endsWith('.test.ts'));
    const imports = included.flatMap((path) => [...readText(path).matchAll(/from '\.[^']*\/([^/']+)'/g)]);
    const imported = new Set(imports.map((match) => match[1]));
    expect(suites).not.toEqual([]);
    expect(suites.filter((path) => !imported.has(path.split('/').at(-1)))).toEqual([]);
  });
});

describe('the scripts', () => {
  const scripts: Readonly<Record<string, string>> = packageJson.scripts;

  it('`npm test` is every check and every test', () => {
    expect(scripts.test).toBe('npm run check && vitest run');
    expect(scripts.check).toBe('npm run typecheck && npm run lint && npm run depcruise');
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

  interface Outcome {
    readonly passed: number;
    readonly failed: number;
    /** Files that failed without a failed test: they could not be loaded. */
    readonly broken?: number;
  }

  /** Runs `.ci/run` in a checkout of its own, with an npm that only leaves a report (or none) and ends as told. */
  const run = (outcome: Outcome | null, exit: { ci: number; test: number }) => {
    const checkout = mkdtempSync(join(tmpdir(), 'stockledger-ci-'));
    temporary.push(checkout);
    cpSync(join(projectRoot, '.ci'), join(checkout, '.ci'), { recursive: true });
    const report = outcome && {
      numPassedTests: outcome.passed,
      numFailedTests: outcome.failed,
      testResults: Array.from({ length: outcome.broken ?? 0 }, () => ({ status: 'failed', assertionResults: [] })),
    };
    writeFileSync(join(checkout, 'report.json'), JSON.stringify(report));
    const leaveReport = report === null ? ':' : 'cp report.json "$TEST_REPORT_FILE"';
    const npm = `#!/bin/sh\necho "npm $*"\n[ "$1" = ci ] && exit ${exit.ci}\n${leaveReport}\nexit ${exit.test}\n`;
    writeFileSync(join(checkout, 'npm'), npm, { mode: 0o755 });
    const env = { ...process.env, PATH: [checkout, process.env.PATH].join(delimiter) };
    const { status, stdout } = spawnSync('bash', [join(checkout, '.ci/run')], { env, encoding: 'utf8', cwd: tmpdir() });
    const lines = stdout.trimEnd().split('\n');
    return { status, lastLine: lines.at(-1), commands: lines.filter((line) => line.startsWith('npm ')) };
  };

  it("calls the README's test command as it stands there", () => {
    expect(readText('.ci/run')).toContain(`bash -c '${testCommand}'`);
    expect(run({ passed: 5, failed: 0 }, { ci: 0, test: 0 })).toEqual({
      status: 0,
      lastLine: '5 passed, 0 failed',
      commands: ['npm ci', 'npm test'],
    });
  });

  it('fails with the tests, and counts them', () => {
    expect(run({ passed: 5, failed: 2 }, { ci: 0, test: 1 })).toMatchObject({
      status: 1,
      lastLine: '5 passed, 2 failed',
    });
  });

  it('counts a test file that could not be loaded', () => {
    const outcome = { passed: 5, failed: 1, broken: 2 };
    expect(run(outcome, { ci: 0, test: 1 })).toMatchObject({ status: 1, lastLine: '5 passed, 3 failed' });
  });

  it('counts an error outside the tests', () => {
    expect(run({ passed: 5, failed: 0 }, { ci: 0, test: 1 })).toMatchObject({
      status: 1,
      lastLine: '5 passed, 1 failed',
    });
  });

  it('fails when the checks before the tests fail', () => {
    expect(run(null, { ci: 0, test: 2 })).toMatchObject({ status: 1, lastLine: '0 passed, 1 failed' });
  });

  it('fails when the installation fails, and tests nothing', () => {
    expect(run(null, { ci: 1, test: 0 })).toMatchObject({
      status: 1,
      lastLine: '0 passed, 1 failed',
      commands: ['npm ci'],
    });
  });

  it.each([null, { passed: 0, failed: 0 }])('fails when no test was run (%j)', (outcome) => {
    expect(run(outcome, { ci: 0, test: 0 })).toMatchObject({ status: 1, lastLine: '0 passed, 1 failed' });
  });
});
