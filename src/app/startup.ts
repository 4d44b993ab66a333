/** What a person or an orchestrator sees of the start: the greeting, the one line of a failure, and faults that are survived. */
import type { FastifyBaseLogger } from 'fastify';
import { OperatorError } from '../commands/ports.ts';
import { StoreDamaged } from '../eventsourcing/ports.ts';

/** A failure of the operating system, as Node tells it. */
interface SystemFailure {
  readonly code: string;
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;
  readonly syscall?: string;
}

type FailureLine = (failure: SystemFailure) => string;

const place = ({ path }: SystemFailure): string => path ?? 'A file';
const openFiles: FailureLine = () =>
  'The limit of open files is too low. Raise it to 1024 or more (ulimit -n, or LimitNOFILE of systemd).';
const permission: FailureLine = (failure) =>
  failure.syscall === 'listen'
    ? `Port ${failure.port} may not be opened by this user. Set PORT to 1024 or more.`
    : `${place(failure)}: permission denied. Let the user of the service read and write it, or set DATA_DIR.`;
const notThere: FailureLine = (failure) => `${place(failure)} is not there.`;

/** By https://nodejs.org/api/errors.html#common-system-errors */
const lines: Readonly<Record<string, FailureLine>> = {
  EADDRINUSE: ({ address, port }) => `Port ${port} of ${address} is taken. Stop what listens there, or set PORT.`,
  EADDRNOTAVAIL: ({ address }) => `${address} is no address of this machine. Set HOST.`,
  ENOTFOUND: () => 'HOST is no address, and no name of one. Set HOST.',
  EACCES: permission,
  EPERM: permission,
  EROFS: (failure) => `${place(failure)} is on a read-only file system. Set DATA_DIR to a place that can be written.`,
  ENOSPC: (failure) => `${place(failure)}: the disk is full. Make room.`,
  EDQUOT: (failure) => `${place(failure)}: the quota of the disk is used up. Make room.`,
  EIO: (failure) => `${place(failure)}: the disk fails. Look at the disk, and at the log of the system.`,
  ENOENT: notThere,
  ENOTDIR: (failure) => `${place(failure)}: a part of this path is a file, not a directory. Set DATA_DIR.`,
  EEXIST: (failure) => `${place(failure)} is a file, not a directory. Set DATA_DIR.`,
  EISDIR: (failure) => `${place(failure)} is a directory, not a file. Move it away.`,
  EMFILE: openFiles,
  ERR_WORKER_INIT_FAILED: openFiles,
  ENFILE: openFiles,
};

const isSystemFailure = (error: unknown): error is SystemFailure =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && Object.hasOwn(lines, error.code);

/** `null`: a fault of ours, whose stack is needed. */
export const failureLineOf = (error: unknown): string | null => {
  if (error instanceof StoreDamaged) return `${error.message} Restore it (docs/disaster-recovery.md).`;
  if (error instanceof OperatorError) return error.message;
  return isSystemFailure(error) ? (lines[error.code]?.(error) ?? null) : null;
};

/** What a person at a terminal reads when the service has started; a program reads the log line instead. */
interface Greeting {
  readonly publicUrl: string;
  readonly issuer: string;
  readonly dataDir: string;
  /** On servers nothing but keys of its own lies in `dataDir`. */
  readonly isOnServers: boolean;
  readonly sandbox: { readonly clients: readonly { readonly clientId: string }[]; readonly secret: string } | null;
}

export const greetingOf = ({ publicUrl, issuer, dataDir, isOnServers, sandbox }: Greeting): string => {
  const rows = [
    ['address', publicUrl],
    ['documentation', `${publicUrl}/docs`],
    ['data', isOnServers ? 'on the servers of EVENTSTORE_URL, MONGODB_URL and REDIS_URL' : `${dataDir}/`],
    ...(sandbox === null
      ? [['identity', issuer]]
      : [
          ['sandbox clients', sandbox.clients.map(({ clientId }) => clientId).join(' ')],
          ['their secret', sandbox.secret],
          ['a token', `curl -u sandbox-admin:${sandbox.secret} -d grant_type=client_credentials ${issuer}/token`],
        ]),
    ['stop', 'Ctrl-C'],
  ];
  const width = Math.max(...rows.map(([label = '']) => label.length));
  const lines = rows.map(([label = '', value]) => `  ${label.padEnd(width)}  ${value}`);
  return `\nStockledger is running.\n\n${lines.join('\n')}\n\n`;
};

// What was thrown where no code of ours could catch it.

interface FaultSource {
  on(event: 'unhandledRejection' | 'uncaughtException', listener: (fault: unknown) => void): unknown;
  exit(code: number): void;
}

/**
 * Goes on after a fault that `recover` knows and has mended. After any other the state of the process is not known: it
 * ends with one line and code 1, and its supervisor starts it again.
 */
export const guardAgainstStrayFaults = (
  source: FaultSource,
  recover: (fault: unknown) => boolean,
  logger: Pick<FastifyBaseLogger, 'warn' | 'fatal'>,
): void => {
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    source.on(event, (fault) => {
      if (recover(fault)) return logger.warn({ err: fault }, 'a client was replaced');
      logger.fatal({ err: fault, event }, 'the process ends after a fault that nothing caught');
      source.exit(1);
    });
  }
};
