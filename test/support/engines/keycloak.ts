/** Keycloak with the realm of deploy/keycloak, where `.ci/keycloak` has put it. It runs on a scratch copy, in memory, on loopback. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { freePort, startChildServer } from './childServer.ts';

const realmFile = join(import.meta.dirname, '../../../deploy/keycloak/stockledger-realm.json');

const { KEYCLOAK_HOME: chosen, XDG_CACHE_HOME: caches = join(homedir(), '.cache') } = process.env;
/** As `.ci/keycloak` chooses it. */
const home = chosen ?? join(caches, 'stockledger', 'keycloak');

const hasJava = (): boolean => spawnSync('java', ['-version'], { stdio: 'ignore' }).status === 0;

/** What to do before one can be started here; `null`: nothing. */
export const keycloakMissing = (): string | null => {
  if (!hasJava()) return 'install Java 17 or newer (java)';
  if (existsSync(join(home, 'bin/kc.sh'))) return null;
  return 'run .ci/keycloak, which needs Maven, or name a Keycloak in KEYCLOAK_HOME';
};

export interface RunningKeycloak {
  readonly origin: string;
  readonly issuer: string;
  /** In the realm, as the administrator of the whole server. @returns the answer's body, or nothing. */
  administer(method: string, path: string, body?: object): Promise<unknown>;
  stop(): Promise<void>;
}

const layOut = (directory: string): void => {
  // It writes what it builds among its own files.
  cpSync(home, directory, { recursive: true, filter: (path) => path !== join(home, 'data') });
  mkdirSync(join(directory, 'data/import'), { recursive: true });
  // On loopback there is no TLS; all else is as it is shipped.
  const realm = readFileSync(realmFile, 'utf8').replace('"sslRequired": "all"', '"sslRequired": "none"');
  writeFileSync(join(directory, 'data/import/stockledger-realm.json'), realm);
};

/** @param variables that the realm names. @throws when it does not start, with what it printed. */
export const startKeycloak = async (variables: Readonly<Record<string, string>>): Promise<RunningKeycloak> => {
  const [port, managementPort] = [await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${port}`;
  const issuer = `${origin}/realms/stockledger`;
  const adminPassword = 'only-on-loopback';
  const { stop } = await startChildServer({
    name: 'keycloak',
    command: 'bash',
    args: (directory) => {
      layOut(directory);
      return [join(directory, 'bin/kc.sh'), 'start-dev', '--import-realm'];
    },
    env: {
      JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx400m',
      KC_DB: 'dev-mem',
      KC_HTTP_HOST: '127.0.0.1',
      KC_HTTP_PORT: String(port),
      KC_HTTP_MANAGEMENT_PORT: String(managementPort),
      KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
      KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
      ...variables,
    },
    answers: async () => (await fetch(issuer)).ok,
  });
  const administer = async (method: string, path: string, body?: object): Promise<unknown> => {
    const signedIn = await fetch(`${origin}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'password',
        client_id: 'admin-cli',
        username: 'admin',
        password: adminPassword,
      }),
    });
    const { access_token: token } = (await signedIn.json()) as { access_token: string };
    const answer = await fetch(`${origin}/admin/realms/stockledger${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return { origin, issuer, administer, stop };
};
