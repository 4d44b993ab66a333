/** The latest commands of a stream with what they recorded, so that one that is sent again is recognised. */
import type { RecordedEvent } from '../message.ts';
import { createFingerprints, type Fingerprints } from './fingerprints.ts';

/** What a command recorded in one stream. */
export interface RecentCommand {
  readonly firstRevision: number;
  readonly lastRevision: number;
}

/**
 * All states of a stream share it and it only ever learns what is in the log, so an older state knows too much at the
 * most, and that is true as well. Held as numbers: with a text and an object for each command, they would take more than
 * all states together.
 */
export interface RecentCommands {
  /**
   * Four numbers a command, the oldest first: two of its id, the revision of its first event, when that was recorded. Its
   * last event stands before the first one of the next.
   */
  rows: number[];
  /** Of the newest event that was learnt; -1 before any. */
  lastRevision: number;
  /** Older ones that were sent again just now. */
  again: Map<string, RecentCommand> | null;
  /** Of all commands of the stream, for a store that is blind to known ids. */
  readonly fingerprints: Fingerprints | null;
}

type Learned = Pick<RecordedEvent, 'revision' | 'metadata' | 'recordedAt'>;

/**
 * What may be sent again after a crash: all that was in flight, and all whose answers were not kept yet (ADR 12). On a
 * busy stream that is what came within the last minute; on a quiet one, a few.
 */
const recentMs = 60_000;
const recentMin = 8;
/** A second of the busiest stream. */
const recentMax = 1_024;

const perRow = 4;
const atInRow = 3;
/** Forgotten together, as the rows that stay move up. */
const forgottenAtOnce = 8;

/** What it takes in memory, bytes. */
export const recentBytes = (recent: RecentCommands): number =>
  100 + 12 * recent.rows.length + 150 * (recent.again?.size ?? 0) + (recent.fingerprints?.bytes() ?? 0);

/** 96 bits of a UUID: those that are random in all the versions that come here, and the time of a version 7. */
const highOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
const lowOf = (id: string): number => Number.parseInt(id.slice(24), 16);

export const createRecentCommands = (isStoreBlind = false): RecentCommands => ({
  rows: [],
  lastRevision: -1,
  again: null,
  fingerprints: isStoreBlind ? createFingerprints() : null,
});

/** Its row, looked for from the newest; -1 when there is none. */
const rowOf = (rows: readonly number[], id: string): number => {
  const [high, low] = [highOf(id), lowOf(id)];
  for (let at = rows.length - perRow; at >= 0; at -= perRow) if (rows[at + 1] === low && rows[at] === high) return at;
  return -1;
};

export const findRecent = (recent: RecentCommands, commandId: string): RecentCommand | undefined => {
  const { rows, lastRevision, again } = recent;
  const at = rowOf(rows, commandId);
  if (at < 0) return again?.get(commandId);
  const next = rows[at + perRow + 2];
  return { firstRevision: rows[at + 2] ?? 0, lastRevision: next === undefined ? lastRevision : next - 1 };
};

/** Whether the command may have written to the stream though it is not found here: the log can tell. */
export const mayHaveForgotten = (recent: RecentCommands, commandId: string): boolean =>
  recent.fingerprints?.mayHave(commandId) === true && findRecent(recent, commandId) === undefined;

const isNewest = (rows: readonly number[], id: string): boolean =>
  rows.at(-perRow + 1) === lowOf(id) && rows.at(-perRow) === highOf(id);

const forgetOld = (recent: RecentCommands): void => {
  const { rows } = recent;
  const newestMs = rows.at(-1) ?? 0;
  const count = rows.length / perRow;
  let old = Math.max(0, count - recentMax);
  while (count - old > recentMin && newestMs - (rows[old * perRow + atInRow] ?? 0) > recentMs) old += 1;
  // A copy has no room to spare, which most streams never need.
  if (old >= forgottenAtOnce) recent.rows = rows.slice(old * perRow);
};

/** The next events of the stream; forgets what is no longer recent. The events of one command stand together. */
export const learnCommands = (recent: RecentCommands, events: readonly Learned[]): RecentCommands => {
  const { rows, fingerprints } = recent;
  // A long command may be learnt in two pages.
  const first = events.find(({ revision }) => revision > recent.lastRevision)?.metadata.commandId;
  let newest = first !== undefined && isNewest(rows, first) ? first : '';
  for (const { revision, recordedAt, metadata } of events) {
    if (revision <= recent.lastRevision) continue;
    recent.lastRevision = revision;
    const { commandId } = metadata;
    if (commandId === newest) continue;
    newest = commandId;
    const atMs = Date.parse(recordedAt);
    rows.push(highOf(commandId), lowOf(commandId), revision, atMs);
    fingerprints?.add(commandId, atMs, metadata.actor.kind === 'system');
  }
  if (rows.length > recentMin * perRow) forgetOld(recent);
  return recent;
};

/** More than one batch of commands can ask for, so that all of it is known together. */
const againMax = 1_024;

/** Before older ones are looked for: lets go of those of earlier times when there are many. */
export const makeRoomForOlder = (recent: RecentCommands): void => {
  if ((recent.again?.size ?? 0) > againMax) recent.again = null;
};

/** Older ones that are sent again just now: all of them are known together. */
export const learnAgain = (recent: RecentCommands, events: readonly Learned[]): void => {
  if (events.length === 0) return;
  recent.again ??= new Map();
  for (const { revision, metadata } of events) {
    const known = recent.again.get(metadata.commandId);
    const firstRevision = known?.lastRevision === revision - 1 ? known.firstRevision : revision;
    recent.again.set(metadata.commandId, { firstRevision, lastRevision: revision });
  }
};

/** As a snapshot keeps them. @param lastRevision of the newest event that they know of. */
export const restoreCommands = (
  rows: readonly number[],
  lastRevision: number,
  fingerprints: Fingerprints | null,
): RecentCommands => ({ rows: [...rows], lastRevision, again: null, fingerprints });

/** Whether this event is the newest that these rows know of, as far as they can tell. */
export const endsWith = (rows: readonly number[], { metadata, recordedAt }: Learned): boolean =>
  isNewest(rows, metadata.commandId) && rows.at(-1) === Date.parse(recordedAt);
