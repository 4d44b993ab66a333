/**
 * Brings a whole log into another store: what is there is compared, what is missing is appended, and the rest is
 * compared as well. The target itself tells where to go on, so a break at any point costs nothing but time.
 */
import type { EventEnvelope, Position, RecordedEvent } from '../eventsourcing/message.ts';
import { type EventSource, type EventStore, type ExpectedRevision, StoreUnavailable } from '../eventsourcing/ports.ts';
import { type Comparison, compareLogs, eventsAfter, leafOf, nothingCompared, type ReadLog } from './compareLogs.ts';

// * Appends one log to another, in order. Each append is awaited before the next, or a server could put the second one
// first; what stands together in one stream goes together.

/** The target has another event where one of ours belongs, so another program writes there. */
export class TargetTaken extends Error {
  override readonly name = 'TargetTaken';
}

interface Copying {
  readonly source: ReadLog;
  readonly target: Pick<EventStore, 'append' | 'readStream'>;
  readonly from: Position | null;
  /** Told of each append: how many events are new in it. */
  readonly onCopied: (events: number) => void;
  readonly pause: (delayMs: number) => Promise<void>;
}

type Run = readonly RecordedEvent[];

const runEventsMax = 100;
/** EventStoreDB takes 1 MiB in an append with all that it adds; an event that is larger alone goes alone. */
const runBytesMax = 512 * 1_024;

/** A restart or a fail-over of the target takes seconds; after some 40 s it is for a person to look. */
const attemptsMax = 12;
const retryFirstMs = 200;
const retryMaxMs = 5_000;

const bytesOf = ({ data, metadata }: RecordedEvent): number =>
  Buffer.byteLength(JSON.stringify(data)) + Buffer.byteLength(JSON.stringify(metadata));

/** Neighbours in the log that are neighbours in their stream. */
async function* runsIn(events: AsyncIterable<RecordedEvent>): AsyncGenerator<Run> {
  let run: RecordedEvent[] = [];
  let runBytes = 0;
  for await (const event of events) {
    const bytes = bytesOf(event);
    const isFull = run.length >= runEventsMax || runBytes + bytes > runBytesMax;
    if (run.length > 0 && (isFull || run[0]?.stream !== event.stream)) {
      yield run;
      run = [];
      runBytes = 0;
    }
    run.push(event);
    runBytes += bytes;
  }
  if (run.length > 0) yield run;
}

const envelopeOf = ({ stream: _, revision: __, position: ___, ...envelope }: RecordedEvent): EventEnvelope => envelope;

/** How many events of the run stand in the target already, from its first on. @throws TargetTaken when others do. */
const countThere = async (target: Copying['target'], run: Run, first: RecordedEvent): Promise<number> => {
  const there = await target.readStream(first.stream, first.revision, run.length);
  for (const [index, event] of there.entries()) {
    const ours = run[index];
    if (ours === undefined || leafOf(event) !== leafOf(ours)) {
      throw new TargetTaken(`${event.stream} has another event at revision ${event.revision} in the target.`);
    }
  }
  if (there.length > 0) return there.length;
  throw new TargetTaken(`${first.stream} ends before revision ${first.revision}, or has ids of ours elsewhere.`);
};

/**
 * After an unknown outcome: the same ids at the same revision, never others (docs/architecture.md, "The way of a
 * command").
 */
const persistently = async <T>(work: () => Promise<T>, pause: Copying['pause']): Promise<T> => {
  for (let attempt = 1, delayMs = retryFirstMs; ; attempt += 1, delayMs = Math.min(retryMaxMs, delayMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || attempt === attemptsMax) throw error;
    }
    await pause(delayMs);
  }
};

const appendRun = async (run: Run, { target, pause }: Copying): Promise<void> => {
  for (let rest = run; ; ) {
    const [first] = rest;
    if (first === undefined) return;
    const expected: ExpectedRevision = first.revision === 0 ? 'no_stream' : first.revision - 1;
    const result = await persistently(() => target.append(first.stream, expected, rest.map(envelopeOf)), pause);
    if (result.kind === 'appended') return;
    // An append of ours whose answer was lost, perhaps by a run of this tool that was killed.
    rest = rest.slice(await persistently(() => countThere(target, rest, first), pause));
  }
};

/** @throws TargetTaken, or StoreUnavailable when the target stays away: run it again, and it goes on. */
const copyLog = async (copying: Copying): Promise<void> => {
  for await (const run of runsIn(eventsAfter(copying.source, copying.from))) {
    await appendRun(run, copying);
    copying.onCopied(run.length);
  }
};

export type Step = 'compare' | 'copy' | 'check' | 'streams';

interface Migration {
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
  /** After copying they differ: another program wrote to the target, or it lost something. */
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
