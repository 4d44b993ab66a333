/** That the docs tell what is there: names, numbers, links and the API, compared with the source. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { accessPage } from '../../scripts/accessPage.ts';
import { openApiDocument } from '../../scripts/openApiDocument.ts';
import { allProjections } from '../../src/app/readModels.ts';
import { roles } from '../../src/domain/access/principal.ts';
import { problems } from '../../src/http/problems/problemCodes.ts';
import { readConfig } from '../../src/infra/config/config.ts';
import { openService } from '../support/service.ts';

const projectRoot = join(import.meta.dirname, '../..');
const readText = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const documents = globSync('**/*.md', { cwd: projectRoot, exclude: ['node_modules', 'coverage', 'data'] }).sort();

const matchesIn = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '');

/** The rows of all tables, as cells, without the backticks around a whole cell. */
const rowsOf = (markdown: string): string[][] =>
  matchesIn(markdown, /^\| (.+) \|$/gm).map((row) =>
    row.split('|').map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')),
  );

const withoutFences = (markdown: string): string => markdown.replaceAll(/^```[\s\S]*?^```/gm, '');

/** GitHub's: lower case, punctuation dropped, spaces to hyphens. */
const anchorsOf = (markdown: string): string[] =>
  matchesIn(withoutFences(markdown), /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

const brokenLinksIn = (document: string, markdown: string): string[] =>
  matchesIn(withoutFences(markdown), /\]\(([^)\s]+)\)/g)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? document : join(dirname(document), path);
      if (!existsSync(join(projectRoot, target))) return true;
      const text = target === document ? markdown : readText(target);
      return anchor !== undefined && !anchorsOf(text).includes(anchor);
    });

/** What stands between backticks or in a fenced block and begins like a path of ours; a `<name>` or `*` names many. */
const missingPathsIn = (markdown: string): string[] => {
  const code = matchesIn(markdown, /^```\w*\n([\s\S]*?)^```/gm).concat(matchesIn(markdown, /`([^`\n]+)`/g));
  const paths = code.flatMap((text) =>
    matchesIn(text, /(?<![\w./<-])((?:src|test|docs|scripts|demo|bench|\.ci)\/[\w./<>@*-]*)/g),
  );
  return paths.filter((path) => !/[<*]/.test(path) && !existsSync(join(projectRoot, path)));
};

const unknownScriptsIn = (markdown: string): string[] =>
  matchesIn(markdown, /\bnpm run ([\w:-]+)/g).filter((name) => !(name in packageJson.scripts));

const routesIn = (markdown: string): string[] =>
  matchesIn(markdown, /\b((?:GET|PUT|POST|PATCH|DELETE)\s\/v1\/[\w/{}.-]*)/g).map((route) => route.replace(/\s/, ' '));

describe('every document', () => {
  it('is found', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/errors.md', 'src/domain/README.md']));
  });

  it.each(documents)('%s links to what is there', (document) => {
    expect(brokenLinksIn(document, readText(document))).toEqual([]);
  });

  it.each(documents)('%s names paths and scripts that exist', (document) => {
    const markdown = readText(document);
    expect(missingPathsIn(markdown)).toEqual([]);
    expect(unknownScriptsIn(markdown)).toEqual([]);
  });

  it('is read by checks that find what is wrong', () => {
    const wrong =
      '[a](gone.md) [b](#no-such) [c](README.md#nor-this) `src/gone.ts`\n```sh\nnpm run gone test/gone\n```\n';
    expect(brokenLinksIn('README.md', wrong)).toEqual(['gone.md', '#no-such', 'README.md#nor-this']);
    expect(missingPathsIn(wrong)).toEqual(['test/gone', 'src/gone.ts']);
    expect(unknownScriptsIn(wrong)).toEqual(['gone']);
    const right =
      '# A title, `so`\n[a](#a-title-so) [b](docs/errors.md#problems) `src/main.ts` `src/<name>/x.ts` npm run demo';
    expect([brokenLinksIn('README.md', right), missingPathsIn(right), unknownScriptsIn(right)]).toEqual([[], [], []]);
  });
});

describe('the API', () => {
  const kept = JSON.parse(readText('docs/openapi.json')) as {
    readonly info: object;
    readonly paths: Readonly<Record<string, object>>;
  };

  it('in docs/openapi.json is what the app serves (R15.1); else: npm run openapi', async () => {
    const served = JSON.parse(await openApiDocument()) as typeof kept;
    const withoutPlace = (document: typeof kept) => ({ ...document, info: null, servers: null });
    expect(withoutPlace(served)).toEqual(withoutPlace(kept));
    expect(Object.keys(kept.paths).length).toBeGreaterThan(20);
  });

  it('in docs/access.md is open to whom the policy table says (R5); else: npm run openapi', () => {
    const page = accessPage(readText('docs/openapi.json'));
    expect(readText('docs/access.md')).toBe(page);
    for (const role of roles) expect(page).toContain(`\`${role}\``);
    expect(rowsOf(page)).toContainEqual([
      'PUT /v1/items/{sku}',
      'inventory:write',
      'nobody',
      'yes',
      '',
      '',
      '',
      '',
      '',
      'yes',
    ]);
  });

  it.each(documents)('is called in %s by routes that exist', (document) => {
    const known = Object.entries(kept.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) => new RegExp(`^${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      ),
    );
    // In the document of no client: carriers are its callers.
    const ofCarriers = 'POST /v1/carriers/{carrier}/webhook';
    const isKnown = (route: string): boolean => route === ofCarriers || known.some((pattern) => pattern.test(route));
    expect(routesIn(readText(document)).filter((route) => !isKnown(route))).toEqual([]);
    expect(['GET /v1/orders/1/gone', 'DELETE /v1/orders'].some(isKnown)).toBe(false);
  });
});

describe('docs/errors.md', () => {
  const listed = rowsOf(readText('docs/errors.md')).filter(([code]) => /^[A-Z_]+$/.test(code ?? ''));

  it('lists exactly the problem codes, with their statuses and titles', () => {
    const table = Object.entries(problems).map(([code, { status, title }]) => [code, String(status), title]);
    expect(listed.map((cells) => cells.slice(0, 3)).sort()).toEqual(table.sort());
  });

  it('says of each when it comes and what to do', () => {
    expect(listed.filter((cells) => cells.length !== 5 || cells.includes(''))).toEqual([]);
  });
});

describe('the configuration', () => {
  /** What the service asks the environment for, whatever the answer. */
  const asked = (): string[] => {
    const names = new Set<string>();
    const env = new Proxy<Record<string, string>>({}, { get: (_, name) => void names.add(String(name)) });
    readConfig(env);
    return [...names].sort();
  };
  const example = parseEnv(readText('.env.example'));
  const listed = rowsOf(readText('docs/operations.md')).filter(([name]) => asked().includes(name ?? ''));

  it('is asked for the names that .env.example and docs/operations.md list, and no other', () => {
    expect(asked().length).toBeGreaterThan(10);
    expect(Object.keys(example).sort()).toEqual(asked());
    const [table = ''] = /^\| variable [\s\S]*?\n\n/m.exec(readText('docs/operations.md')) ?? [];
    const names = rowsOf(table).map(([name]) => name);
    expect(names.slice(1).sort()).toEqual(asked());
  });

  it('has the defaults that .env.example shows', () => {
    expect(readConfig({ ...example, PUBLIC_URL: undefined })).toEqual(readConfig({}));
  });

  it('has the defaults that docs/operations.md shows', () => {
    const shown = Object.fromEntries(listed.map(([name = '', value = '']) => [name, value]));
    expect(readConfig({ ...shown, PUBLIC_URL: shown.PUBLIC_URL?.replace('PORT', '8080') })).toEqual(readConfig({}));
  });
});

describe('docs/adr', () => {
  const pages = globSync('docs/adr/0*.md', { cwd: projectRoot }).sort();
  const index = readText('docs/adr/README.md');

  it('lists every decision once, by its number and under its title', () => {
    const entries = [...index.matchAll(/^(\d+)\. \[(.+)\]\((.+)\)$/gm)].map(([, number, title, file]) => ({
      page: `docs/adr/${file}`,
      heading: `# ${number}. ${title}`,
    }));
    expect(entries.length).toBeGreaterThan(10);
    expect(entries).toEqual(pages.map((page) => ({ page, heading: readText(page).split('\n')[0] })));
  });

  it.each(pages)('%s says when, why, what, what else there was, and what it costs', (page) => {
    const text = readText(page);
    expect(text).toMatch(/^Accepted, /m);
    const parts = matchesIn(text, /^## (.+)$/gm);
    expect(parts).toEqual(expect.arrayContaining(['Context', 'Decision', 'Rejected', 'Cost']));
  });
});

describe('package.json', () => {
  const prose = documents.map((document) => readText(document)).join('\n');

  it('has no script that no document names', () => {
    const isNamed = (name: string): boolean => matchesIn(prose, /\bnpm (?:run )?([\w:-]+)/g).includes(name);
    expect(Object.keys(packageJson.scripts).filter((name) => !isNamed(name))).toEqual([]);
    expect(isNamed('gone')).toBe(false);
  });
});

describe('docs/requirements.md', () => {
  const listed = rowsOf(readText('docs/requirements.md')).map(([number = '']) => number);
  const comments = (source: string): string => matchesIn(source, /(\/\*[\s\S]*?\*\/|\/\/.*$)/gm).join('\n');
  const namedIn = (source: string): string[] => matchesIn(comments(source), /\b([RSBW]\d{1,2}(?:\.\d+)?)\b/g);
  /** `R4` stands for all of `R4.1`, `R4.2` … */
  const isListed = (number: string): boolean => listed.some((each) => each === number || each.startsWith(`${number}.`));

  it('tells what every number in a comment of the source stands for', () => {
    const sources = globSync('src/**/*.ts', { cwd: projectRoot });
    const named = sources.flatMap((path) => namedIn(readText(path)));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((number) => !isListed(number))).toEqual([]);
  });

  it('is searched for numbers that it must find', () => {
    expect(namedIn("/** (R3.1, B99) */ const box = 'R77'; // W1")).toEqual(['R3.1', 'B99', 'W1']);
    expect(['R3.1', 'R4', 'B99', 'R3.9'].map(isListed)).toEqual([true, true, false, false]);
  });
});

describe('docs/operations.md', () => {
  const operations = readText('docs/operations.md');

  it('names every projection that can be rebuilt', () => {
    const [, sentence = ''] = /^Projections: ([^.]+)\./m.exec(operations) ?? [];
    expect(matchesIn(sentence, /`(\w+)`/g)).toEqual(allProjections.map(({ name }) => name));
  });

  it('lists the metrics that are served, and no other', async () => {
    const { text } = await (await openService({ running: false })).as(null).get('/metrics');
    const [table = ''] = /^\| metric [\s\S]*?\n\n/m.exec(operations) ?? [];
    const listed = rowsOf(table).map(([name]) => name);
    expect(listed.slice(1).sort()).toEqual(matchesIn(text, /^# TYPE (\w+)/gm).sort());
  });
});
