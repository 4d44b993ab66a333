/** The certificate of the service itself (R4.4), from two files; read again when they change, without a restart. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { FastifyBaseLogger } from 'fastify';
import { OperatorError } from '../commands/ports.ts';

export interface CertificateFiles {
  /** PEM: the certificate, then those between it and the root. */
  readonly certFile: string;
  /** PEM, without a pass phrase. */
  readonly keyFile: string;
  /** PEM: whose certificates clients may show. Absent: they are asked for none. */
  readonly clientCaFile?: string;
}

interface CertificatePair {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

/** Renewals come weeks before the end; a proxy that reads the same files looks as often. */
const lookEveryMs = 10_000;

const pathsOf = ({ certFile, keyFile, clientCaFile }: CertificateFiles): readonly string[] =>
  [certFile, keyFile, clientCaFile].filter((path) => path !== undefined);

/** @throws OperatorError that names the file and tells nothing of what is in it. */
const read = async (files: CertificateFiles): Promise<CertificatePair> => {
  const { certFile, keyFile, clientCaFile } = files;
  const [cert, key, clientCa] = await Promise.all(
    pathsOf(files).map((path) =>
      readFile(path, 'utf8').catch(() => {
        throw new OperatorError(`${path} can't be read: the service needs it for TLS.`);
      }),
    ),
  );
  const parse = <T>(path: string, make: () => T): T => {
    try {
      return make();
    } catch {
      throw new OperatorError(`${path} does not hold what TLS needs, in PEM.`);
    }
  };
  const leaf = parse(certFile, () => new X509Certificate(cert ?? ''));
  const own = parse(keyFile, () => createPrivateKey(key ?? ''));
  if (!leaf.checkPrivateKey(own)) throw new OperatorError(`${keyFile} is not the key of ${certFile}.`);
  if (clientCaFile !== undefined) parse(clientCaFile, () => new X509Certificate(clientCa ?? ''));
  return { cert: cert ?? '', key: key ?? '', ...(clientCa === undefined ? {} : { clientCa }) };
};

/** Changes with the files, also where a link leads to others, as in the volumes of Kubernetes. */
const versionOf = async (files: CertificateFiles): Promise<string> => {
  const stats = await Promise.all(pathsOf(files).map((path) => stat(path)));
  return stats.map(({ ino, mtimeMs, size }) => `${ino}/${mtimeMs}/${size}`).join();
};

/** @throws OperatorError at the start. Later, files that do not fit together are left until they do. */
export const openCertificate = async (
  files: CertificateFiles,
  logger: Pick<FastifyBaseLogger, 'info' | 'warn'>,
  everyMs = lookEveryMs,
) => {
  let version = await versionOf(files).catch(() => '');
  const current = await read(files);
  let refused = '';

  const look = async (tell: (pair: CertificatePair) => void): Promise<void> => {
    const now = await versionOf(files).catch(() => 'unreadable');
    if (now === version || now === refused) return;
    try {
      tell(await read(files));
      version = now;
      logger.info({ certFile: files.certFile }, 'certificate read again');
    } catch (error) {
      refused = now;
      logger.warn({ err: error }, 'the new certificate is not used');
    }
  };

  return {
    current,
    /** @returns what ends it. */
    onChange: (tell: (pair: CertificatePair) => void): (() => void) => {
      const timer = setInterval(() => void look(tell), everyMs);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
};
