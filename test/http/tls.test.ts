/** The service over TLS with a certificate of its own, which changes without a restart (R4.4). */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { type AddressInfo, connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCertificate } from '../../src/infra/certificates.ts';
import { startService, type TestService } from '../support/service.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Makes `NAME.crt` and `NAME.key`. */
const makeCertificate = (directory: string, name: string): void => {
  const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert];
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...made, ...subject], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
};

const warnings: unknown[] = [];
const logger = { info: () => undefined, warn: (facts: unknown) => warnings.push(facts) };

describe.skipIf(!hasOpenssl)('a service with a certificate (skipped without openssl, which it needs)', () => {
  let directory: string;
  let service: TestService;
  let port: number;
  const files = () => ({ certFile: join(directory, 'now.crt'), keyFile: join(directory, 'now.key') });
  const use = async (name: string): Promise<void> => {
    for (const end of ['key', 'crt']) await copyFile(join(directory, `${name}.${end}`), join(directory, `now.${end}`));
  };

  beforeAll(() => {
    expect(hasOpenssl).toBe(true);
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stockledger-tls-'));
    for (const name of ['first', 'second']) makeCertificate(directory, name);
    await use('first');
    warnings.length = 0;
    const certificate = await openCertificate(files(), logger as never, 20);
    service = await startService({ adapt: () => ({ certificate }) });
    await service.listen();
    port = (service.app.server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    await service.close();
    await rm(directory, { recursive: true });
  });

  const open = async (
    versions: { minVersion?: SecureVersion; maxVersion?: SecureVersion } = {},
  ): Promise<TLSSocket> => {
    const old = versions.maxVersion === 'TLSv1.1' ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {};
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...versions, ...old });
    await once(socket, 'secureConnect');
    return socket;
  };
  /** Who the service says it is, on a new connection. */
  const nameShown = async (): Promise<unknown> => {
    const socket = await open();
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  };
  const ask = (agent: Agent): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = { port, path: '/health/live', rejectUnauthorized: false, agent };
      get(options, (answer) => {
        text(answer).then((body) => resolve(`${answer.statusCode} ${body}`), reject);
      }).on('error', reject);
    });

  it('answers over TLS 1.2 and 1.3, and over nothing older', async () => {
    const shown = [];
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await open({ minVersion: version, maxVersion: version });
      shown.push(socket.getProtocol());
      socket.destroy();
    }
    expect(shown).toEqual(['TLSv1.2', 'TLSv1.3']);
    await expect(open({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })).rejects.toThrow();
    expect(await ask(new Agent())).toMatch(/^200 /);
  });

  it('is alive for the health check of a container, which asks over TLS where there is a certificate', async () => {
    const program = join(import.meta.dirname, '../../bin/healthy.js');
    const exitCodeOf = async (env: Readonly<Record<string, string>>): Promise<unknown> => {
      const child = spawn(process.execPath, [program], { env: { ...process.env, ...env } });
      return (await once(child, 'exit'))[0] as unknown;
    };
    expect(await exitCodeOf({ PORT: String(port), TLS_CERT_FILE: files().certFile })).toBe(0);
    expect(await exitCodeOf({ PORT: String(port), TLS_CERT_FILE: '' })).toBe(1);
  });

  it('tells nothing to who speaks plain HTTP', async () => {
    const socket = connectPlain(port, '127.0.0.1');
    socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await text(socket)).not.toContain('200');
  });

  it('shows a new certificate to new connections, and goes on with those that are open', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await ask(agent)).toMatch(/^200 /);
    expect(await nameShown()).toBe('first');
    await use('second');
    await expect.poll(nameShown).toBe('second');
    expect(await ask(agent)).toMatch(/^200 /);
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
    agent.destroy();
  });

  it('keeps the certificate that it has while the files do not fit together', async () => {
    await copyFile(join(directory, 'second.crt'), join(directory, 'now.crt'));
    await expect.poll(() => warnings.length).toBeGreaterThan(0);
    expect(await nameShown()).toBe('first');
    await use('second');
    await expect.poll(nameShown).toBe('second');
  });

  it('stops while clients are connected that say nothing, before their handshake and after it', async () => {
    const silent = connectPlain(port, '127.0.0.1');
    silent.on('error', () => undefined);
    await once(silent, 'connect');
    const idle = await open();
    idle.on('error', () => undefined);
    const ended = Promise.all([once(silent, 'close'), once(idle.resume(), 'close')]);
    await service.app.close();
    await ended;
  });

  it('keeps no connection whose handshake failed', async () => {
    const nonsense = connectPlain(port, '127.0.0.1');
    nonsense.on('error', () => undefined);
    await once(nonsense, 'connect');
    const ended = once(nonsense.resume(), 'close');
    nonsense.write('\u0016\u0003\u0001 no handshake at all, but as long as the beginning of one would be');
    await ended;
  });

  it('says which file is wrong, and nothing of what is in it', async () => {
    await writeFile(join(directory, 'now.key'), 'no key, but a secret');
    await expect(openCertificate(files(), logger as never)).rejects.toThrow(/now\.key does not hold what TLS needs/);
    await copyFile(join(directory, 'second.key'), join(directory, 'now.key'));
    await expect(openCertificate(files(), logger as never)).rejects.toThrow(/now\.key is not the key of .*now\.crt/);
    await rm(join(directory, 'now.crt'));
    await expect(openCertificate(files(), logger as never)).rejects.toThrow(/now\.crt can't be read/);
  });
});
