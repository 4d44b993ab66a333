/** Style as tests (CONTRIBUTING.md): every ban names its replacement and is proven on samples; sizes only ever shrink. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ban, bans } from './bans.ts';
import ratchet from './ratchet.json' with { type: 'json' };

interface Exception {
  readonly file: string;
  readonly linesMax: number;
  readonly reason: string;
}

const projectRoot = join(import.meta.dirname, '../..');
const samples = 'test/architecture/bans.ts';
const exceptions: readonly Exception[] = ratchet;

/** One screen of names and a file can still be read in one sitting; eslint knows the same number. */
const fileLinesMax = 200;

const readText = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

const filesOf = (patterns: readonly string[], except: readonly string[] = []): string[] =>
  globSync([...patterns], { cwd: projectRoot, exclude: [...except] });

/** Lines stay where they are, so that a finding can name its line. */
const withoutCommentLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => (/^\s*(?:\/\/|\/\*|\*)/.test(line) ? '' : line))
    .join('\n');

const findingsIn = (ban: Ban, path: string, text: string): string[] => {
  const searched = ban.comments === 'read' ? text : withoutCommentLines(text);
  return [...searched.matchAll(ban.pattern)].map((match) => {
    const line = searched.slice(0, match.index).split('\n').length;
    return `${path}:${line} has \`${match[0].trim()}\`. Instead: ${ban.instead}.`;
  });
};

const linesIn = (text: string): number => text.trimEnd().split('\n').length;

const tooLong = (path: string, lines: number, allowed: readonly Exception[]): string[] => {
  const linesMax = allowed.find(({ file }) => file === path)?.linesMax ?? fileLinesMax;
  return lines > linesMax ? [`${path} has ${lines} lines of at most ${linesMax}. Instead: split it by concern.`] : [];
};

describe.each(bans)('banned: $name', (ban) => {
  it('is found in every sample of it', () => {
    expect(ban.bad.filter((text) => findingsIn(ban, 'sample.ts', text).length === 0)).toEqual([]);
    expect(ban.bad).not.toHaveLength(0);
  });

  it('is not found in what only looks like it', () => {
    expect(ban.good.flatMap((text) => findingsIn(ban, 'sample.ts', text))).toEqual([]);
  });

  it('is nowhere in the project', () => {
    const files = filesOf(ban.files, [...(ban.except ?? []), samples]);
    expect(files).not.toHaveLength(0);
    expect(files.flatMap((path) => findingsIn(ban, path, readText(path)))).toEqual([]);
  });
});

describe('a finding', () => {
  it('names file, line and replacement', () => {
    const ban: Ban = {
      name: 'bad',
      files: [],
      pattern: /bad/g,
      comments: 'ignored',
      instead: 'good',
      bad: [],
      good: [],
    };
    expect(findingsIn(ban, 'src/x.ts', '// bad in prose\nfine;\nbad;')).toEqual([
      'src/x.ts:3 has `bad`. Instead: good.',
    ]);
  });
});

describe('the size of source files', () => {
  it(`is at most ${fileLinesMax} lines, apart from the files in ratchet.json`, () => {
    const files = filesOf(['src/**/*.ts']);
    expect(files.length).toBeGreaterThan(30);
    expect(files.flatMap((path) => tooLong(path, linesIn(readText(path)), exceptions))).toEqual([]);
  });

  it('fails a file that is one line too long, and an exception that grows', () => {
    const text = 'line;\n'.repeat(fileLinesMax);
    expect(tooLong('src/a.ts', linesIn(text), [])).toEqual([]);
    expect(tooLong('src/a.ts', linesIn(`${text}line;\n`), [])).toHaveLength(1);
    const allowed = [{ file: 'src/a.ts', linesMax: 210, reason: 'One case for each event of the aggregate.' }];
    expect(tooLong('src/a.ts', 210, allowed)).toEqual([]);
    expect(tooLong('src/a.ts', 211, allowed)).toHaveLength(1);
  });

  it('has exceptions only with a reason, and only as large as the file is today', () => {
    for (const { file, linesMax, reason } of exceptions) {
      expect(reason.length, `${file}: say why it can't be split`).toBeGreaterThan(20);
      expect(linesMax, `${file}: delete the exception`).toBeGreaterThan(fileLinesMax);
      expect(linesMax, `${file} has shrunk: lower its linesMax`).toBe(linesIn(readText(file)));
    }
  });
});
