/** Where snapshots are kept, and the one writer of a process that writes them behind the commands. */
import { nextTurn } from '../concurrency.ts';

export interface Snapshot {
  readonly stream: string;
  /** Of the last event that was folded. */
  readonly revision: number;
  /** How the state was folded and written: one of another form is not read. */
  readonly form: string;
  /** JSON, each of some 100,000 characters at most. */
  readonly parts: readonly string[];
}

export interface KeptSnapshot extends Snapshot {
  /** It stays when a newer one comes. */
  readonly isMilestone: boolean;
}

export interface SnapshotStore {
  /** The newest of this form whose revision is `upTo` at most. */
  find(stream: string, form: string, upTo: number): Promise<Snapshot | null>;
  /** In place of those before it, but for milestones. Need not be durable. A snapshot is found whole or not at all. */
  save(snapshots: readonly KeptSnapshot[]): Promise<void>;
  /** All of a stream: they are not of this log. */
  forget(stream: string): Promise<void>;
}

/** Streams that wait for theirs; more come again with their next events. */
const waitingMax = 256;
/** Of one write, which holds up the commits behind it. */
const savedAtOnce = 32;
const savedCharsMax = 1_000_000;

interface Waiting {
  readonly isMilestone: boolean;
  readonly pack: () => Promise<Snapshot>;
}

export const charsOf = ({ parts }: Pick<Snapshot, 'parts'>): number =>
  parts.reduce((sum, { length }) => sum + length, 0);

export const createSnapshotWriter = (store: SnapshotStore, onFailure: (error: unknown) => void) => {
  const waiting = new Map<string, Waiting>();
  let writing: Promise<void> | null = null;

  /** Those that wait, as many as one write may hold. One that can't be made costs only itself. */
  const packSome = async (): Promise<readonly KeptSnapshot[]> => {
    const snapshots: KeptSnapshot[] = [];
    let chars = 0;
    for (const [stream, { isMilestone, pack }] of waiting) {
      waiting.delete(stream);
      try {
        const snapshot = await pack();
        snapshots.push({ ...snapshot, isMilestone });
        chars += charsOf(snapshot);
      } catch (error) {
        onFailure(error);
      }
      if (snapshots.length >= savedAtOnce || chars >= savedCharsMax) break;
      await nextTurn();
    }
    return snapshots;
  };

  const writeAll = async (): Promise<void> => {
    while (waiting.size > 0) {
      const snapshots = await packSome();
      if (snapshots.length > 0) await store.save(snapshots).catch(onFailure);
    }
    writing = null;
  };

  return {
    store,
    onFailure,
    /**
     * Later, the newest of a stream alone, as a milestone if one of those that it stands for was to be one. `false`: too many
     * wait.
     */
    write: (stream: string, { isMilestone, pack }: Waiting): boolean => {
      const before = waiting.get(stream);
      if (before === undefined && waiting.size >= waitingMax) return false;
      waiting.set(stream, { isMilestone: isMilestone || before?.isMilestone === true, pack });
      writing ??= nextTurn().then(writeAll);
      return true;
    },
    /** Resolves when all that were asked for are written. */
    flush: async (): Promise<void> => {
      while (writing !== null) await writing;
    },
  };
};

export type SnapshotWriter = ReturnType<typeof createSnapshotWriter>;
