/** A state of the past, from the nearest snapshot before it: for a look back that need not begin with the first event. */
import type { Decider, DomainEvent } from '../message.ts';
import type { EventStore } from '../ports.ts';
import { createSnapshots } from './snapshots.ts';
import type { SnapshotWriter } from './snapshotWriter.ts';

export interface PastState<State> {
  readonly state: State;
  readonly revision: number;
  /** When its last event was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

/**
 * A state of which all events were recorded at this time or before (ISO 8601 UTC), and some more after it may have been too.
 * `null`: there is no snapshot of it.
 */
export type FindPastState<State> = (stream: string, recordedBy: string) => Promise<PastState<State> | null>;

type LogReader = Pick<EventStore, 'readStream' | 'isBlindToKnownIds'>;

/** Revision of the last event that was recorded by then; -1 when none was. Looks at some thirty events of a million. */
const revisionBy = async ({ readStream }: LogReader, stream: string, recordedBy: string): Promise<number> => {
  const wasRecorded = async (revision: number): Promise<boolean> => {
    const [event] = await readStream(stream, revision, 1);
    return event !== undefined && event.recordedAt <= recordedBy;
  };
  if (!(await wasRecorded(0))) return -1;
  let [low, step] = [0, 1];
  for (; await wasRecorded(low + step); step *= 2) low += step;
  let high = low + step;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await wasRecorded(middle)) low = middle;
    else high = middle;
  }
  return low;
};

export const createFindPastState = <State, Command, E extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, E, Code>,
  log: LogReader,
  writer: SnapshotWriter,
): FindPastState<State> => {
  const { restore } = createSnapshots(decider, writer, log.isBlindToKnownIds === true);
  return async (stream, recordedBy) => {
    const revision = await revisionBy(log, stream, recordedBy);
    if (revision < 0) return null;
    const restored = await restore(stream, revision, (from) => log.readStream(stream, from, 1));
    if (restored === null) return null;
    const { loaded } = restored;
    return { state: loaded.state, revision: loaded.revision, updatedAt: loaded.updatedAt ?? '' };
  };
};
