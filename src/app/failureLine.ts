/** What is printed when the service or a tool can't start: one line that says what to do. */
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

type Line = (failure: SystemFailure) => string;

const place = ({ path }: SystemFailure): string => path ?? 'A file';
const openFiles: Line = () =>
  'The limit of open files is too low. Raise it to 1024 or more (ulimit -n, or LimitNOFILE of systemd).';
const permission: Line = (failure) =>
  failure.syscall === 'listen'
    ? `Port ${failure.port} may not be opened by this user. Set PORT to 1024 or more.`
    : `${place(failure)}: permission denied. Let the user of the service read and write it, or set DATA_DIR.`;
const notThere: Line = (failure) => `${place(failure)} is not there.`;

/** By https://nodejs.org/api/errors.html#common-system-errors */
const lines: Readonly<Record<string, Line>> = {
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
