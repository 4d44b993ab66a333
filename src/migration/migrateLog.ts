/**
 * Brings a whole log into another store: what is there is compared, what is missing is appended, and the rest is
 * compared as well. The target itself tells where to go on, so a break at any point costs nothing but time.
 */
import type { EventSource, EventStore } from '../eventsourcing/ports.ts';
import { type Comparison, compareLogs, nothingCompared, type ReadLog } from './compareLogs.ts';
import { copyLog } from './copyLog.ts';

export type Step = 'compare' | 'copy' | 'check' | 'streams';

export interface Migration {
  readonly source: ReadLog;
  readonly target: EventStore & Pick<EventSource, 'readAll'>;
  /** `done` counts events, in the last step streams. */
  readonly onProgress: (step: Step, done: number) => void;
  readonly pause: (delayMs: number) => Promise<void>;
}

export type MigrationResult =
  /** Both logs are the same, and every stream of the target ends where the source's does. */
  | { readonly kind: 'moved'; readonly comparison: Comparison; readonly copied: number }
  /** The target held something else before anything was done. Nothing was written. */
  | { readonly kind: 'refused'; readonly comparison: Comparison }
  /** After copying they differ: somebody else wrote to the target, or it lost something. */
  | { readonly kind: 'different'; readonly comparison: Comparison; readonly streams: readonly string[] };

/** Reads of one event each; a server answers some of them at once. */
const streamsAtOnce = 16;

/** Asks the streams themselves, which a store finds by another way than the log. @returns those that end elsewhere. */
const wrongStreams = async (
  target: EventStore,
  revisions: ReadonlyMap<string, number>,
  onProgress: (streams: number) => void,
): Promise<readonly string[]> => {
  const wrong: string[] = [];
  const remaining = revisions.entries();
  let done = 0;
  const ask = async (): Promise<void> => {
    for (const [stream, revision] of remaining) {
      const last = await target.readStream(stream, revision, 2);
      if (last.length !== 1 || last[0]?.revision !== revision) wrong.push(stream);
      done += 1;
      onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: streamsAtOnce }, ask));
  return wrong.sort();
};

/** @throws what `copyLog` throws. */
export const migrateLog = async ({ source, target, onProgress, pause }: Migration): Promise<MigrationResult> => {
  const readTarget: ReadLog = (from, limit) => target.readAll(from, 'forwards', limit);
  const tell = (step: Step) => (done: number) => {
    onProgress(step, done);
  };
  const before = await compareLogs(source, readTarget, nothingCompared, tell('compare'));
  if (before.end === 'different' || before.end === 'longer') return { kind: 'refused', comparison: before };
  let done = before.events;
  await copyLog({
    source,
    target,
    from: before.sourceAt,
    pause,
    onCopied: (events) => {
      done += events;
      onProgress('copy', done);
    },
  });
  // What was the same before still is: nothing in a log is ever changed.
  const comparison = await compareLogs(source, readTarget, before, tell('check'));
  const streams = comparison.end === 'same' ? await wrongStreams(target, comparison.revisions, tell('streams')) : [];
  if (comparison.end !== 'same' || streams.length > 0) return { kind: 'different', comparison, streams };
  return { kind: 'moved', comparison, copied: comparison.events - before.events };
};
