/**
 * Keycloak with the realm of deploy/keycloak, from an unpacked distribution that KEYCLOAK_HOME names. It runs on a
 * scratch copy, in memory, on loopback.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

const realmFile = join(import.meta.dirname, '../../../deploy/keycloak/stockledger-realm.json');

/** A cold start builds itself first: 15 s alone, a minute and more beside other work. */
export const startMaxMs = 240_000;
const askEveryMs = 500;

/** Where it is, or `undefined`: then the tests that need it are skipped. */
export const keycloakHome = (): string | undefined => {
  const home = process.env.KEYCLOAK_HOME;
  return home !== undefined && existsSync(join(home, 'bin/kc.sh')) ? home : undefined;
};

export interface RunningKeycloak {
  readonly origin: string;
  readonly issuer: string;
  /** As the administrator of the whole server. @returns the answer's body, or nothing. */
  administer(method: string, path: string, body?: object): Promise<unknown>;
  stop(): Promise<void>;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

const layOut = (home: string): string => {
  const scratch = mkdtempSync(join(tmpdir(), 'stockledger-keycloak-'));
  // It writes what it builds among its own files.
  cpSync(home, scratch, { recursive: true, filter: (path) => path !== join(home, 'data') });
  mkdirSync(join(scratch, 'data/import'), { recursive: true });
  // On loopback there is no TLS; all else is as it is shipped.
  const realm = readFileSync(realmFile, 'utf8').replace('"sslRequired": "all"', '"sslRequired": "none"');
  writeFileSync(join(scratch, 'data/import/stockledger-realm.json'), realm);
  return scratch;
};

export const startKeycloak = async (
  home: string,
  variables: Readonly<Record<string, string>>,
): Promise<RunningKeycloak> => {
  const scratch = layOut(home);
  const [port, managementPort] = [await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${port}`;
  const adminPassword = 'only-on-loopback';
  const child = spawn(join(scratch, 'bin/kc.sh'), ['start-dev', '--import-realm'], {
    env: {
      ...process.env,
      JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx400m',
      KC_DB: 'dev-mem',
      KC_HTTP_HOST: '127.0.0.1',
      KC_HTTP_PORT: String(port),
      KC_HTTP_MANAGEMENT_PORT: String(managementPort),
      KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
      KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const stop = async (): Promise<void> => {
    // kc.sh passes the signal on to the server and ends after it.
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
    rmSync(scratch, { recursive: true, force: true });
  };
  const issuer = `${origin}/realms/stockledger`;
  try {
    const isUp = async (): Promise<boolean> => {
      if (child.exitCode !== null) return true;
      const { status } = await fetch(issuer);
      if (status !== 200) throw new Error(`The realm answers with status ${status}.`);
      return true;
    };
    await vi.waitFor(isUp, { timeout: startMaxMs, interval: askEveryMs });
    if (child.exitCode !== null) throw new Error('It has ended.');
  } catch (error) {
    await stop();
    throw new Error(`Keycloak did not start.\n${output.slice(-4_000)}`, { cause: error });
  }
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
