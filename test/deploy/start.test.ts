/** The start line: how much memory it gives, that it stays one process, and what an unsuitable Node.js is told. */
import { spawnSync } from 'node:child_process';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const projectRoot = join(import.meta.dirname, '../..');
const launcher = join(projectRoot, 'bin/stockledger.js');

/** Runs the start line with code of ours before it, which also stands in for the service where that would begin. */
const start = (before: string, env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []) => {
  const told = '{ pid: process.pid, flags: process.execArgv, args: process.argv.slice(1), env: process.env }';
  const isService = "process.argv[1].endsWith('main.ts')";
  const program = `if (${isService}) { console.log(JSON.stringify(${told})); process.exit(7); }\n${before}`;
  const { pid, status, stdout, stderr } = spawnSync(process.execPath, [...flags, launcher, 'more'], {
    encoding: 'utf8',
    env: {
      ...process.env,
      EVENTSTORE_URL: '',
      EVENTSTORE_URL_FILE: '',
      MALLOC_ARENA_MAX: '',
      ...env,
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(program)} ${env.NODE_OPTIONS ?? ''}`,
    },
  });
  return { pid, status, stderr, service: stdout === '' ? null : JSON.parse(stdout) };
};

const heapOf = (flags: readonly string[]): number =>
  Number(/^--max-old-space-size=(\d+)$/.exec(flags.findLast((flag) => flag.startsWith('--max-old-space')) ?? '')?.[1]);
const limitedTo = (megabytes: number): string => `process.constrainedMemory = () => ${megabytes * 1_048_576};`;

describe('the start line', () => {
  it('becomes the service in the same process, whose code it ends with', () => {
    const { pid, status, service } = start('');
    expect(service).toMatchObject({ pid, args: [join(projectRoot, 'src/main.ts'), 'more'] });
    expect(status).toBe(7);
  });

  it('gives the old part of the heap 176 MB, and 384 MB on servers', () => {
    expect(totalmem()).toBeGreaterThan(2 ** 30);
    expect(heapOf(start('').service.flags)).toBe(176);
    expect(heapOf(start('', { EVENTSTORE_URL: 'esdb://eventstore:2113' }).service.flags)).toBe(384);
    expect(heapOf(start('', { EVENTSTORE_URL_FILE: '/run/secrets/url' }).service.flags)).toBe(384);
  });

  it('gives it no more than half of what a container has', () => {
    expect(heapOf(start(limitedTo(256)).service.flags)).toBe(128);
    expect(heapOf(start(limitedTo(768), { EVENTSTORE_URL: 'esdb://eventstore:2113' }).service.flags)).toBe(384);
    // No limit is said by a number beyond all memory, or by 0.
    for (const none of ['process.constrainedMemory = () => 2 ** 60;', limitedTo(0)]) {
      expect(heapOf(start(none).service.flags)).toBe(176);
    }
  });

  it('leaves the last word to whoever gives a flag', () => {
    expect(heapOf(start('', {}, ['--max-old-space-size=500']).service.flags)).toBe(500);
    expect(heapOf(start('', { NODE_OPTIONS: '--max-old-space-size=600' }).service.flags)).toBe(600);
  });

  it('keeps glibc to one arena, unless told otherwise', () => {
    expect(start('').service.env).toMatchObject({ MALLOC_ARENA_MAX: '1' });
    expect(start('', { MALLOC_ARENA_MAX: '4' }).service.env).toMatchObject({ MALLOC_ARENA_MAX: '4' });
  });

  it.each(['20.20.2', '24.15.9', '8.0.0'])('says in one line that Node.js %s does not do', (version) => {
    const { status, stderr, service } = start(
      `Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`,
    );
    expect(stderr).toMatch(/^Stockledger needs Node\.js 24\.16 or later, and this is [\d.]+: .*\n$/);
    expect(stderr).toContain(version);
    expect([status, service]).toEqual([1, null]);
  });

  it('is the one of `npm start`, and of whoever installs the package', () => {
    expect(packageJson.scripts.start).toBe('exec node bin/stockledger.js');
    expect(packageJson.bin).toEqual({ stockledger: 'bin/stockledger.js' });
  });
});
