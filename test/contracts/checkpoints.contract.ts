import { expect, it } from 'vitest';
import type { Position } from '../../src/eventsourcing/message.ts';
import type { CheckpointMove, Checkpoints, Generations } from '../../src/eventsourcing/ports.ts';
import { type Make, uniqueName, useAdapter } from './make.ts';

const at = (commit: bigint, prepare = commit): Position => ({ commit, prepare });

const move = (from: Position | null, to: Position, epoch = 0): CheckpointMove => ({ from, to, epoch });

export const checkpointsContract = (make: Make<Checkpoints & { readonly generations: Generations }>): void => {
  const made = useAdapter(make);

  it('moves a checkpoint from where it stands only', async () => {
    const { adapter, second } = made();
    const name = uniqueName('consumer');
    expect(await adapter.get(name)).toBeNull();
    expect(await adapter.advance(name, move(at(1n), at(2n)))).toBe('lost');
    expect(await adapter.advance(name, move(null, at(5n)))).toBe('advanced');
    expect(await second.advance(name, move(null, at(9n)))).toBe('lost');
    expect(await second.advance(name, move(at(4n), at(9n)))).toBe('lost');
    expect(await second.get(name)).toEqual(at(5n));
    expect(await second.advance(name, move(at(5n), at(9n)))).toBe('advanced');
    expect(await adapter.get(name)).toEqual(at(9n));
  });

  it('holds both parts of a position, with 64 bits each', async () => {
    const { adapter } = made();
    const name = uniqueName('consumer');
    const wide = at(2n ** 62n + 1n, 2n ** 53n + 1n);
    await adapter.advance(name, move(null, wide));
    expect(await adapter.get(name)).toEqual(wide);
    expect(await adapter.advance(name, move(at(wide.commit, wide.prepare + 1n), at(1n)))).toBe('lost');
    expect(await adapter.advance(name, move(wide, at(2n ** 62n + 2n)))).toBe('advanced');
  });

  it('belongs to one of many runners that move it at once (R11.2)', async () => {
    const { adapter, second } = made();
    const name = uniqueName('consumer');
    await adapter.advance(name, move(null, at(1n)));
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? adapter : second).advance(name, move(at(1n), at(BigInt(index + 2)))),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'advanced')).toHaveLength(1);
    expect(await adapter.get(name)).toEqual(at(BigInt(outcomes.indexOf('advanced') + 2)));
  });

  it('forgets a checkpoint that is reset, and no other', async () => {
    const { adapter } = made();
    const [name, other] = [uniqueName('consumer'), uniqueName('consumer')];
    await adapter.advance(name, move(null, at(5n)));
    await adapter.advance(other, move(null, at(6n)));
    await adapter.reset(name);
    await adapter.reset(name);
    expect(await adapter.get(name)).toBeNull();
    expect(await adapter.get(other)).toEqual(at(6n));
    await adapter.take(other, 4);
    await adapter.reset(other);
    // The fence stays: whoever was kept out before is kept out still.
    expect(await adapter.advance(other, move(null, at(1n)))).toBe('lost');
    expect(await adapter.advance(other, move(null, at(1n), 4))).toBe('advanced');
  });

  it('obeys the newest epoch that has taken it, and no older one (R11.3)', async () => {
    const { adapter, second } = made();
    const name = uniqueName('consumer');
    expect(await adapter.take(name, 1)).toBeNull();
    expect(await adapter.advance(name, move(null, at(5n), 1))).toBe('advanced');
    expect(await second.take(name, 3)).toEqual(at(5n));
    expect(await adapter.advance(name, move(at(5n), at(6n), 1))).toBe('lost');
    expect(await adapter.take(name, 2)).toEqual(at(5n));
    expect(await adapter.advance(name, move(at(5n), at(6n), 2))).toBe('lost');
    expect(await adapter.advance(name, move(at(5n), at(6n), 0))).toBe('lost');
    expect(await second.advance(name, move(at(5n), at(7n), 3))).toBe('advanced');
    expect(await adapter.get(name)).toEqual(at(7n));
  });

  it('answers with the first build of a projection until another one is switched in, by one of many', async () => {
    const { adapter, second } = made();
    const projection = uniqueName('projection');
    expect(await adapter.generations.active(projection)).toBe(1);
    const outcomes = await Promise.all([
      adapter.generations.activate(projection, 1, 2),
      second.generations.activate(projection, 1, 3),
    ]);
    expect([...outcomes].sort()).toEqual(['activated', 'lost']);
    const active = outcomes[0] === 'activated' ? 2 : 3;
    expect(await second.generations.active(projection)).toBe(active);
    expect(await second.generations.activate(projection, 1, 4)).toBe('lost');
    expect(await second.generations.activate(projection, active, 4)).toBe('activated');
    expect(await adapter.generations.active(projection)).toBe(4);
  });
};
