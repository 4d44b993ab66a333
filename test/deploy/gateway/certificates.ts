/** Self-made certificates: one authority for the gateway and its partners, and a stranger of the same look. */
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the gateway is called; nobody looks it up. */
export const serverName = 'gateway.test';

/** PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly authorityFile: string;
  readonly authority: string;
  readonly serverFile: string;
  readonly serverKeyFile: string;
  /** Names the certificate of `partner`, and is in force only where a gateway is told so. */
  readonly revokedFile: string;
  readonly partner: Identity;
  /** Of an authority that the gateway does not know. */
  readonly stranger: Identity;
}

const validDays = '2';
const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const openssl = (args: readonly string[]): void => {
  const { status, stderr } = spawnSync('openssl', [...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0] ?? ''}: ${stderr}`);
};

/** Leaves `name.crt` and `name.key`. */
const makeAuthority = (directory: string, name: string): void => {
  const [key, crt] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  openssl(['req', '-x509', ...curve, '-days', validDays, '-subj', `/CN=${name}`, '-keyout', key, '-out', crt]);
};

const sign = (directory: string, authority: string, name: string, extension: string): Identity => {
  const at = (file: string): string => join(directory, file);
  writeFileSync(at(`${name}.ext`), `${extension}\n`);
  openssl(['req', ...curve, '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)]);
  const signer = ['-CA', at(`${authority}.crt`), '-CAkey', at(`${authority}.key`), '-CAcreateserial'];
  const given = ['-in', at(`${name}.csr`), '-extfile', at(`${name}.ext`), '-days', validDays];
  openssl(['x509', '-req', ...given, ...signer, '-out', at(`${name}.crt`)]);
  return { cert: readFileSync(at(`${name}.crt`), 'utf8'), key: readFileSync(at(`${name}.key`), 'utf8') };
};

/** A list of revoked certificates with that of `name` in it, as the authority would publish it. @returns its file. */
const revoke = (directory: string, name: string): string => {
  const at = (file: string): string => join(directory, file);
  const { serialNumber } = new X509Certificate(readFileSync(at(`${name}.crt`)));
  // Of the form that openssl keeps: state, end, since when, serial number, file, name.
  writeFileSync(at('index.txt'), `R\t400101000000Z\t260101000000Z\t${serialNumber}\tunknown\t/CN=${name}\n`);
  writeFileSync(at('ca.cnf'), `[ca]\ndefault_ca = own\n[own]\ndatabase = ${at('index.txt')}\ndefault_md = sha256\n`);
  const signer = ['-cert', at('authority.crt'), '-keyfile', at('authority.key')];
  openssl(['ca', '-config', at('ca.cnf'), '-gencrl', '-crldays', validDays, ...signer, '-out', at('revoked.crl')]);
  return at('revoked.crl');
};

export const makeCertificates = (directory: string): Certificates => {
  makeAuthority(directory, 'authority');
  makeAuthority(directory, 'elsewhere');
  sign(directory, 'authority', 'server', `subjectAltName=DNS:${serverName}`);
  const authorityFile = join(directory, 'authority.crt');
  const partner = sign(directory, 'authority', 'partner-1', 'extendedKeyUsage=clientAuth');
  return {
    authorityFile,
    authority: readFileSync(authorityFile, 'utf8'),
    serverFile: join(directory, 'server.crt'),
    serverKeyFile: join(directory, 'server.key'),
    partner,
    revokedFile: revoke(directory, 'partner-1'),
    stranger: sign(directory, 'elsewhere', 'stranger', 'extendedKeyUsage=clientAuth'),
  };
};

/** New certificates of the gateway in the place of the old ones, of the same authority. */
export const renewServer = ({ authorityFile }: Pick<Certificates, 'authorityFile'>): Identity =>
  sign(dirname(authorityFile), 'authority', 'server', `subjectAltName=DNS:${serverName}`);
