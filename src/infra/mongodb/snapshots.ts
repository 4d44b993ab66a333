/**
 * Snapshots of folded streams. The newest of a stream is found by its name, in one read where it is small; milestones lie
 * apart, as they are only asked for to look at the past.
 */
import { randomUUID } from 'node:crypto';
import type { KeptSnapshot, Snapshot, SnapshotStore } from '../../eventsourcing/commandHandling/snapshotWriter.ts';
import { untilDone } from '../waits.ts';
import type { Mongo } from './connect.ts';
import { createBatchedRead, isPartlyDuplicate } from './driver.ts';

/** The first part of the newest snapshot of a stream. */
interface NewestRow {
  /** Name of the stream. */
  readonly _id: string;
  readonly revision: number;
  readonly form: string;
  /** How many parts there are. */
  readonly parts: number;
  /** Of this write, so that parts of two processes don't mix. */
  readonly write: string;
  readonly first: string;
}

/** A further part of the newest snapshot. */
interface PartRow {
  readonly _id: string;
  /** Another one than that of the first part: it is being replaced. */
  readonly write: string;
  readonly body: string;
}

interface MilestoneRow {
  readonly _id: string;
  readonly stream: string;
  readonly revision: number;
  readonly form: string;
  readonly parts: readonly string[];
}

/** A document has 16 MiB at most, and a character three bytes: a larger state has no milestones. */
const milestoneCharsMax = 5_000_000;

/** No name of a stream has a blank. */
const partId = (stream: string, part: number): string => `${stream} ${part}`;

const charsOf = (parts: readonly string[]): number => parts.reduce((sum, { length }) => sum + length, 0);

/** One of another form is of no use to who writes in this one. */
const olderThan = ({ _id, revision, form }: NewestRow) => ({
  _id,
  $or: [{ revision: { $lt: revision } }, { form: { $ne: form } }],
});

export const createMongoSnapshots = ({ db, read, write }: Mongo): SnapshotStore => {
  const newest = db.collection<NewestRow>('snapshots');
  const further = db.collection<PartRow>('snapshotParts');
  const milestones = db.collection<MilestoneRow>('snapshotMilestones');
  const newestOf = createBatchedRead<NewestRow>((filter) => read(() => newest.find(filter).toArray()));
  const prepare = untilDone(async () => {
    await write(() => milestones.createIndexes([{ key: { stream: 1, revision: -1 } }]));
  });

  const wholeOf = async ({
    _id: stream,
    revision,
    form,
    parts: count,
    write: id,
    first,
  }: NewestRow): Promise<Snapshot | null> => {
    if (count === 1) return { stream, revision, form, parts: [first] };
    const ids = Array.from({ length: count - 1 }, (_, index) => partId(stream, index + 1));
    const rows = await read(() => further.find({ _id: { $in: ids } }).toArray());
    const bodies = new Map(rows.filter((row) => row.write === id).map(({ _id, body }) => [_id, body]));
    const parts = [first, ...ids.flatMap((id) => bodies.get(id) ?? [])];
    return parts.length === count ? { stream, revision, form, parts } : null;
  };

  const milestoneBefore = async (stream: string, form: string, upTo: number): Promise<Snapshot | null> => {
    const where = { stream, form, revision: { $lte: upTo } };
    const [found] = await read(() => milestones.find(where).sort({ revision: -1 }).limit(1).toArray());
    return found === undefined ? null : { stream, revision: found.revision, form, parts: found.parts };
  };

  /** What is there is newer, or the same. */
  const unlessNewer = async (work: () => Promise<unknown>): Promise<void> => {
    await write(work).catch((error: unknown) => {
      if (!isPartlyDuplicate(error)) throw error;
    });
  };

  return {
    find: async (stream, form, upTo) => {
      const row = await newestOf(stream);
      if (row === null) return null;
      if (row.revision > upTo) return milestoneBefore(stream, form, upTo);
      return row.form === form ? wholeOf(row) : null;
    },
    save: async (snapshots: readonly KeptSnapshot[]) => {
      if (snapshots.length === 0) return;
      await prepare();
      const writes = snapshots.map((snapshot) => ({ ...snapshot, write: randomUUID() }));
      const partRows = writes.flatMap(({ stream, parts, write: id }) =>
        parts.slice(1).map((body, index): PartRow => ({ _id: partId(stream, index + 1), write: id, body })),
      );
      for (const row of partRows) {
        await write(() => further.replaceOne({ _id: row._id }, row, { upsert: true }));
      }
      const kept = snapshots.filter(({ isMilestone, parts }) => isMilestone && charsOf(parts) <= milestoneCharsMax);
      const milestoneRows = kept.map(({ stream, revision, form, parts }): MilestoneRow => {
        return { _id: `${stream} ${revision}`, stream, revision, form, parts };
      });
      if (milestoneRows.length > 0) await unlessNewer(() => milestones.insertMany(milestoneRows, { ordered: false }));
      const rows = writes.map(({ stream, revision, form, parts, write: id }): NewestRow => {
        return { _id: stream, revision, form, parts: parts.length, write: id, first: parts[0] ?? '' };
      });
      await unlessNewer(() =>
        newest.bulkWrite(
          rows.map((row) => ({
            replaceOne: { filter: olderThan(row), replacement: row, upsert: true },
          })),
          { ordered: false },
        ),
      );
    },
    forget: async (stream) => {
      await write(() => newest.deleteOne({ _id: stream }));
      await write(() => milestones.deleteMany({ stream }));
    },
  };
};
