/** What SQLite's result codes (https://sqlite.org/rescode.html) mean to a caller. */
import { StoreDamaged, StoreUnavailable } from '../../../eventsourcing/ports.ts';

type SqliteError = Error & { readonly errcode: number };

const isSqliteError = (error: unknown): error is SqliteError =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';

const busy = 5;
const locked = 6;
const full = 13;
const constraint = 19;
/** Out of memory, read-only, interrupted, I/O error, can't open, protocol. */
const engineFailures = new Set([busy, locked, full, 7, 8, 9, 10, 14, 15]);
/** A page that is not as it must be, and a file that is no database. */
const damages = new Set([11, 26]);

/** Extended codes keep the primary one in their lowest byte. */
export const primaryCode = (error: unknown): number | null => (isSqliteError(error) ? error.errcode & 0xff : null);

export const isBusy = (error: unknown): boolean => {
  const code = primaryCode(error);
  return code === busy || code === locked;
};
export const isFull = (error: unknown): boolean => primaryCode(error) === full;
export const isDamage = (error: unknown): error is Error => damages.has(primaryCode(error) ?? 0);
export const isUniqueViolation = (error: unknown): boolean => primaryCode(error) === constraint;

/** Disk full, I/O error, locked, read-only: the engine can't, whatever the command says. Anything else stays as it is. */
export const asUnavailable = (error: unknown, outcome: 'not_written' | 'unknown'): unknown => {
  const code = primaryCode(error);
  if (isDamage(error)) {
    return new StoreDamaged(`The database file is damaged: ${error.message}.`, outcome, error);
  }
  return code !== null && engineFailures.has(code)
    ? new StoreUnavailable('The embedded store cannot do this now.', outcome, error)
    : error;
};
