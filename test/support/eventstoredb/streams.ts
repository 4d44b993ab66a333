/** What is known of each stream: its events by revision, its metadata, and from which revision on it can be read. */
import type { Log } from './log.ts';

export interface StreamMetadata {
  readonly maxCount?: number;
  readonly maxAgeMs?: number;
  /** `$tb`: the first revision that is still there. */
  readonly truncateBefore?: number;
  /** As it was written, to be kept when a part of it changes. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface Stream {
  readonly id: number;
  readonly name: string;
  /** Indexes in the log; revisions are their places here. */
  readonly events: number[];
  metadata: StreamMetadata;
  /** The index of its `$streamDeleted`, once there is one. */
  tombstone: number | null;
  /** Up to here a repeat is answered; what comes after is being made known, and its repeats stay unanswered. */
  settledRevision: number;
  /** Those who wait for its next event; made with the first of them. */
  listeners: Set<() => void> | undefined;
}

/** The revision of a tombstone, and the `$tb` of a deleted stream. */
export const deletedRevision = 2n ** 63n - 1n;

const noMetadata: StreamMetadata = { raw: {} };

/** A metadata stream is read as if it had `$maxCount: 1`. */
const metastreamDefaults: StreamMetadata = { maxCount: 1, raw: {} };

export const isMetastream = (name: string): boolean => name.startsWith('$$');
export const metastreamOf = (name: string): string => `$$${name}`;
export const streamOfMetastream = (name: string): string => name.slice(2);

export const createStream = (id: number, name: string): Stream => ({
  id,
  name,
  events: [],
  metadata: isMetastream(name) ? metastreamDefaults : noMetadata,
  tombstone: null,
  settledRevision: -1,
  listeners: undefined,
});

const numberIn = (raw: Readonly<Record<string, unknown>>, key: string): number | undefined => {
  const value = raw[key];
  return typeof value === 'number' ? value : undefined;
};

/** Metadata that is not a JSON object says nothing. */
export const parseMetadata = (data: Uint8Array): StreamMetadata => {
  let raw: unknown;
  try {
    raw = JSON.parse(Buffer.from(data).toString());
  } catch {
    return noMetadata;
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return noMetadata;
  const known = raw as Readonly<Record<string, unknown>>;
  const maxCount = numberIn(known, '$maxCount');
  const maxAge = numberIn(known, '$maxAge');
  const truncateBefore = numberIn(known, '$tb');
  return {
    ...(maxCount === undefined ? {} : { maxCount }),
    ...(maxAge === undefined ? {} : { maxAgeMs: maxAge * 1000 }),
    ...(truncateBefore === undefined ? {} : { truncateBefore }),
    raw: known,
  };
};

/** JSON knows no number as large as `deletedRevision`, so it is written as digits. */
export const withTruncation = ({ raw }: StreamMetadata, truncateBefore: bigint): string => {
  const { $tb: _replaced, ...others } = raw;
  const rest = JSON.stringify(others).slice(1, -1);
  return `{${rest === '' ? '' : `${rest},`}"$tb":${truncateBefore}}`;
};

export const isSoftDeleted = ({ metadata }: Stream): boolean =>
  (metadata.truncateBefore ?? 0) >= Number(deletedRevision);

export const headOf = ({ events }: Stream): number => events.length - 1;

/** The first revision that a reader gets to see; past the head when all is truncated or too old. */
export const firstVisible = (stream: Stream, log: Log, nowMs: number): number => {
  const { truncateBefore = 0, maxCount = Number.POSITIVE_INFINITY, maxAgeMs } = stream.metadata;
  let first = Math.max(truncateBefore, stream.events.length - maxCount, 0);
  if (maxAgeMs === undefined) return first;
  while (first < stream.events.length && log.createdAtMs(stream.events[first] ?? 0) < nowMs - maxAgeMs) first += 1;
  return first;
};
