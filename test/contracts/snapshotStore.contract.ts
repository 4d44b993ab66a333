import { expect, it } from 'vitest';
import type { KeptSnapshot, SnapshotStore } from '../../src/eventsourcing/commandHandling/snapshotWriter.ts';
import { type Make, uniqueName, useAdapter } from './make.ts';

const form = '1/stock/1';
const anyRevision = Number.MAX_SAFE_INTEGER;

const snapshotOf = (stream: string, revision: number, more: Partial<KeptSnapshot> = {}): KeptSnapshot => ({
  stream,
  revision,
  form,
  parts: [`[{"at":${revision}},"木の椅子 🪑"]`],
  isMilestone: false,
  ...more,
});

const found = ({ isMilestone: _, ...snapshot }: KeptSnapshot) => snapshot;

export const snapshotStoreContract = (make: Make<SnapshotStore>): void => {
  const made = useAdapter(make);

  it('has none of a stream that it was told nothing of', async () => {
    expect(await made().adapter.find(uniqueName('stock-'), form, anyRevision)).toBeNull();
  });

  it('gives the newest of a stream back as it was, to every process', async () => {
    const { adapter, second } = made();
    const [stream, other] = [uniqueName('stock-'), uniqueName('stock-')];
    const parts = ['[{},1]', ...Array.from({ length: 4 }, (_, at) => JSON.stringify(`${at}`.repeat(100_000)))];
    const newest = snapshotOf(stream, 120, { parts });
    await adapter.save([snapshotOf(stream, 60), snapshotOf(other, 7)]);
    await adapter.save([newest]);
    expect(await second.find(stream, form, anyRevision)).toEqual(found(newest));
    expect(await second.find(stream, form, 120)).toEqual(found(newest));
    expect(await second.find(other, form, anyRevision)).toEqual(found(snapshotOf(other, 7)));
  });

  it('keeps milestones, and nothing else, of what was before', async () => {
    const { adapter, second } = made();
    const stream = uniqueName('stock-');
    const milestone = snapshotOf(stream, 1_000, { isMilestone: true, parts: ['[{},2]', '"more"'] });
    for (const snapshot of [snapshotOf(stream, 950), milestone, snapshotOf(stream, 1_050), snapshotOf(stream, 1_100)]) {
      await adapter.save([snapshot]);
    }
    expect(await second.find(stream, form, anyRevision)).toMatchObject({ revision: 1_100 });
    expect(await second.find(stream, form, 1_099)).toEqual(found(milestone));
    expect(await second.find(stream, form, 1_000)).toEqual(found(milestone));
    expect(await second.find(stream, form, 999)).toBeNull();
  });

  it('does not show what was written in another form', async () => {
    const { adapter } = made();
    const stream = uniqueName('stock-');
    await adapter.save([snapshotOf(stream, 60, { isMilestone: true })]);
    expect(await adapter.find(stream, '1/stock/2', anyRevision)).toBeNull();
    const next = snapshotOf(stream, 120, { form: '1/stock/2' });
    await adapter.save([next]);
    expect(await adapter.find(stream, '1/stock/2', anyRevision)).toEqual(found(next));
    expect(await adapter.find(stream, '1/stock/2', 119)).toBeNull();
  });

  it('takes the same one again, and one that comes too late, without harm', async () => {
    const { adapter, second } = made();
    const stream = uniqueName('stock-');
    const newest = snapshotOf(stream, 120, { isMilestone: true });
    await adapter.save([newest]);
    await second.save([newest]);
    await second.save([snapshotOf(stream, 60)]);
    expect(await adapter.find(stream, form, anyRevision)).toEqual(found(newest));
    await adapter.save([]);
  });

  it('takes one of another form at the same revision in its place', async () => {
    const { adapter, second } = made();
    const stream = uniqueName('stock-');
    await adapter.save([snapshotOf(stream, 100, { parts: ['[{},1]', '1'] })]);
    const next = snapshotOf(stream, 100, { form: '1/stock/2', parts: ['[{},2]', '2', '2'] });
    await adapter.save([next]);
    expect(await second.find(stream, '1/stock/2', anyRevision)).toEqual(found(next));
    expect(await second.find(stream, form, anyRevision)).toBeNull();
  });

  it('never shows parts of two processes as one', async () => {
    const { adapter, second } = made();
    const stream = uniqueName('stock-');
    const ours = ['[{},1]', '"ours"', '"ours"'];
    const theirs = ['[{},1]', '"theirs"', '"theirs"'];
    for (let round = 0; round < 20; round += 1) {
      await Promise.all([
        adapter.save([snapshotOf(stream, 100 + round, { parts: ours })]),
        second.save([snapshotOf(stream, 100 + round, { parts: theirs })]),
      ]);
      const seen = await adapter.find(stream, form, anyRevision);
      expect([null, ours, theirs].some((parts) => JSON.stringify(seen?.parts ?? null) === JSON.stringify(parts))).toBe(
        true,
      );
    }
  });

  it('forgets a stream whole, and no other', async () => {
    const { adapter, second } = made();
    const [stream, other] = [uniqueName('stock-'), uniqueName('stock-')];
    await adapter.save([snapshotOf(stream, 1_000, { isMilestone: true }), snapshotOf(other, 7)]);
    await adapter.save([snapshotOf(stream, 1_050)]);
    await second.forget(stream);
    expect([
      await adapter.find(stream, form, anyRevision),
      await adapter.find(stream, form, 1_000),
      await adapter.find(other, form, anyRevision),
    ]).toEqual([null, null, found(snapshotOf(other, 7))]);
  });
};
