/** The gateway of deploy/gateway as a process, in front of whatever listens on a port of this machine. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort, startChildServer } from '../../support/engines/childServer.ts';
import { isRequired } from '../../support/engines/required.ts';
import { type Certificates, makeCertificates, serverName } from './certificates.ts';
import { askOver } from './requests.ts';

export const startScript = join(import.meta.dirname, '../../../deploy/gateway/start.sh');

/** As Debian installs them. */
const parts = [
  '/usr/sbin/nginx',
  '/usr/lib/nginx/modules/ngx_http_modsecurity_module.so',
  '/usr/share/modsecurity-crs/rules',
  '/usr/bin/openssl',
];
const packages = 'nginx libnginx-mod-http-modsecurity modsecurity-crs openssl';
const missing = parts.every((path) => existsSync(path)) ? null : `install ${packages} (Debian: apt-get install)`;

/** Tests that need nginx: where it can't be had they are skipped and say what to install, or fail as `CI_REQUIRE` asks. */
export const describeGateway = (name: string, tests: () => void): void => {
  if (missing !== null && isRequired('gateway')) {
    it(`${name}: the gateway can be had, as CI_REQUIRE names it`, () => {
      expect(missing).toBeNull();
    });
  }
  describe.skipIf(missing !== null)(missing === null ? name : `${name}: ${missing}`, tests);
};

/** A line of the access log. */
export interface LogLine {
  readonly requestId: string;
  readonly correlationId: string;
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly protocol: string;
  readonly status: number;
  /** What the service has answered; empty where the gateway did by itself. */
  readonly serviceStatus: string;
  readonly certificateCheck: string;
}

export interface RuleMatch {
  readonly requestId: string;
  readonly rule: string;
  readonly data: string;
}

export interface Gateway {
  readonly pid: number;
  readonly port: number;
  readonly plainPort: number;
  readonly certificates: Certificates;
  /** The access log as it was written. */
  log(): string;
  lines(): readonly LogLine[];
  /** Of the rules of the firewall, at the level `info`. */
  matches(): readonly RuleMatch[];
  stop(): Promise<void>;
}

interface GatewayOptions {
  readonly servicePort: number;
  /** Over the settings that let one machine send all it can. */
  readonly env?: Readonly<Record<string, string>>;
  /** Asks partners against the list of revoked certificates. */
  readonly checksRevoked?: boolean;
}

const settingsOf = (certificates: Certificates): Readonly<Record<string, string>> => ({
  GATEWAY_NAME: serverName,
  GATEWAY_LISTEN: '127.0.0.1',
  GATEWAY_CERTIFICATE: certificates.serverFile,
  GATEWAY_KEY: certificates.serverKeyFile,
  GATEWAY_PARTNER_CA: certificates.authorityFile,
  GATEWAY_WORKERS: '1',
  // A folder of this test is closed to any other user.
  GATEWAY_USER: userInfo().username,
  GATEWAY_SANDBOX: 'on',
  GATEWAY_REQUESTS_PER_SECOND: '100000',
  GATEWAY_BURST: '100000',
  GATEWAY_CONNECTIONS: '1000',
});

const fieldOf = (line: string, name: string): string => new RegExp(`\\[${name} "([^"]*)"`).exec(line)?.[1] ?? '';

export const startGateway = async ({
  servicePort,
  env = {},
  checksRevoked = false,
}: GatewayOptions): Promise<Gateway> => {
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-certificates-'));
  const certificates = makeCertificates(directory);
  const [port, plainPort] = [await freePort(), await freePort()];
  const settings = {
    ...settingsOf(certificates),
    GATEWAY_SERVICE: `127.0.0.1:${servicePort}`,
    GATEWAY_HTTPS_PORT: String(port),
    GATEWAY_HTTP_PORT: String(plainPort),
    GATEWAY_RUN: join(directory, 'run'),
    GATEWAY_LOGS: join(directory, 'logs'),
    ...(checksRevoked ? { GATEWAY_PARTNER_CRL: certificates.revokedFile } : {}),
    ...env,
  };
  const server = await startChildServer({
    name: 'gateway',
    command: 'env',
    args: () => [...Object.entries(settings).map(([name, value]) => `${name}=${value}`), 'bash', startScript],
    answers: async () => (await askOver({ port, certificates }, { path: '/health/live' })).status > 0,
  });
  const read = (name: string): string => readFileSync(join(settings.GATEWAY_LOGS, name), 'utf8');
  const log = (): string => read('access.log');
  return {
    pid: server.pid,
    port,
    plainPort,
    certificates,
    log,
    lines: () =>
      log()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as LogLine),
    matches: () =>
      read('error.log')
        .split('\n')
        .filter((line) => line.includes('ModSecurity: '))
        .map((line) => ({
          requestId: fieldOf(line, 'unique_id'),
          rule: fieldOf(line, 'id'),
          data: fieldOf(line, 'data'),
        })),
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
