/** That the pages name the servers with their versions, and the same ones as docker-compose.yml. */
import { globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCompose, projectRoot, readText } from '../deploy/composeFile.ts';

const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: projectRoot }).sort();
const deployPage = readText('docs/deploy.md');

const sectionOf = (title: string): string =>
  deployPage.split(/^#+ /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
const rowsIn = (title: string): string[][] =>
  [...sectionOf(title).matchAll(/^\| (.+) \|$/gm)]
    .slice(1)
    .map(([, row = '']) => row.split('|').map((cell) => cell.trim()));

/** `24.6` is said of 24.6.0 too, and not of 24.60. */
const isSaidOf = (version: string, exact: string): boolean => `${exact}.`.startsWith(`${version}.`);

/** What a page says of a product: `Keycloak 26.7.3`, also where the line ends in between. */
const versionsIn = (page: string, product: string): string[] =>
  [...page.matchAll(new RegExp(`\\b${product}\\s+(\\d+(?:\\.\\d+)+)`, 'g'))].map(([, version = '']) => version);

/** Image, without its registry: its version, without the rest of the tag. */
const composed = new Map(
  Object.values(parseCompose(readText('docker-compose.yml')).services).map(({ image = '' }) => {
    const [, name = '', version = ''] = /([\w-]+):([\d.]+)[\w.-]*$/.exec(image) ?? [];
    return [name, version] as const;
  }),
);

const servers = rowsIn('Which event servers').map(([server = '', run = '']) => {
  const [name = '', version = ''] = server.split(' ');
  return { name, version, hasRun: !run.startsWith('no') };
});

describe.each(['README.md', 'docs/deploy.md'])('%s', (path) => {
  it.each(['EventStoreDB', 'KurrentDB'])('says on which version of %s the service has run', (name) => {
    const hasRun = servers.filter((server) => server.name === name && server.hasRun);
    const named = versionsIn(readText(path), name);
    expect(named.filter((version) => hasRun.some((server) => isSaidOf(version, server.version)))).not.toEqual([]);
  });
});

describe('the versions of servers', () => {
  it.each(['EventStoreDB', 'KurrentDB'])('of %s are in every page those that docs/deploy.md tells of', (name) => {
    const told = servers.filter((server) => server.name === name).map(({ version }) => version);
    // What it says of a version that has no row, it says in words.
    told.push(...[...sectionOf('Which event servers').matchAll(/from (\d+\.\d+) on/g)].map(([, from = '']) => from));
    const unknown = documents.flatMap((path) =>
      versionsIn(readText(path), name)
        .filter((version) => !told.some((each) => isSaidOf(version, each) || isSaidOf(each, version)))
        .map((version) => `${path}: ${version}`),
    );
    expect(unknown).toEqual([]);
  });

  it('in the table of images are those of docker-compose.yml, image by image', () => {
    const listed = rowsIn('Images').flatMap(([image = '', version = '']) =>
      image.startsWith('`') ? [[image.replaceAll('`', ''), version] as const] : [],
    );
    const ofPackage = composed.get('stockledger');
    expect(new Map(listed)).toEqual(new Map([...composed, ['stockledger', 'of `package.json`']]));
    expect(ofPackage).toMatch(/^\d/);
  });

  it('have a row for the event server of docker-compose.yml, which keeps to what it says', () => {
    const version = composed.get('eventstoredb-ee') ?? '';
    const row = rowsIn('Which event servers').find(([server = '']) => {
      const [name, told = ''] = server.split(' ');
      return name === 'EventStoreDB' && isSaidOf(told, version);
    });
    const [, least = version] = /at least ([\d.]+\d)/.exec(row?.[2] ?? 'no row: at least 99') ?? [];
    expect(version.localeCompare(least, 'en', { numeric: true })).toBeGreaterThanOrEqual(0);
  });

  it('of Keycloak are in every page that of docker-compose.yml', () => {
    const version = composed.get('stockledger-keycloak') ?? '';
    const named = documents.flatMap((path) =>
      versionsIn(readText(path), 'Keycloak').map((each) => [path, each] as const),
    );
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter(([, each]) => !isSaidOf(each, version))).toEqual([]);
  });

  it('of Keycloak is in CI the one that is shipped', () => {
    const version = composed.get('stockledger-keycloak') ?? '';
    const shipped = [...readText('deploy/keycloak/Dockerfile').matchAll(/^FROM \S+:(\S+)/gm)].map(([, tag]) => tag);
    const [, fetched] = /^version=(\S+)$/m.exec(readText('.ci/keycloak')) ?? [];
    expect([...shipped, fetched]).toEqual([version, version, version]);
  });

  it('are read where a line ends in between, and told from longer ones', () => {
    expect(versionsIn('EventStoreDB 24.6.0, EventStoreDB\n24.10. EventStoreDB 5', 'EventStoreDB')).toEqual([
      '24.6.0',
      '24.10',
    ]);
    expect([isSaidOf('24.6', '24.6.0'), isSaidOf('24.6', '24.60'), isSaidOf('24.6.1', '24.6')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
