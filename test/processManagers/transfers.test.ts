/** Transfers on a log whose processes die: what one stream has recorded reaches the other, once (docs/transfers.md). */
import { describe, expect, it } from 'vitest';
import type { TransferCommand } from '../../src/domain/transfer/commands.ts';
import type { TransferEvent } from '../../src/domain/transfer/events.ts';
import { evolveTransfer, statusOf, type Transfer } from '../../src/domain/transfer/state.ts';
import { Crash, type CrashPoint, contextOf, openWorld, type World } from '../support/world.ts';
import { figuresOf, openShop, place, recorded, sourcesOf } from './arrange.ts';

const request = {
  transferId: 't1',
  fromWarehouseId: 'BER',
  toWarehouseId: 'PAR',
  lines: [
    { lineId: '1', sku: 'CHAIR', quantity: 6 },
    { lineId: '2', sku: 'LAMP', quantity: 2 },
  ],
};
const plan = (world: Pick<World['useCases'], 'planTransfer'>) => world.planTransfer(request, contextOf('plan'));
const change = (world: World, command: TransferCommand) =>
  recorded(world.useCases.changeTransfer('t1', command, contextOf(JSON.stringify(command))));
const openTwo = async (): Promise<World> => {
  const world = await openWorld();
  await openShop(world, { BER: { CHAIR: 8, LAMP: 2 }, PAR: {} });
  return world;
};
const statusIn = async ({ log }: World): Promise<string> => {
  const events = (await log.events()).filter(({ stream }) => stream === 'transfer-t1');
  const transfer = events.reduce<Transfer>(
    (state, event) => evolveTransfer(state, event as TransferEvent & typeof event),
    {
      phase: 'absent',
    },
  );
  return transfer.phase === 'absent' ? 'absent' : statusOf(transfer);
};

describe('a plan whose process dies', () => {
  // The transfer, then both stocks, then what each of them answers.
  const points: readonly CrashPoint[] = [1, 2, 3, 4].flatMap((append) =>
    (['before', 'after'] as const).map((when) => ({ append, when })),
  );
  it.each(points)('%o is carried out by the policies, and by a second request, once', async (point) => {
    const world = await openTwo();
    await expect(plan(world.newProcess(point))).rejects.toThrow(Crash);
    world.restart();
    await world.settle();
    const again = await plan(world.useCases);
    expect(['recorded', 'unchanged']).toContain(again.kind);
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [8, 6], 'BER.LAMP': [2, 2] });
    expect(await statusIn(world)).toBe('planned');
    await world.close();
  });
});

describe('a plan that comes too late for one of its lines', () => {
  it.each([1, 50])('ends, and what was kept of the others is free, in batches of %i', async (batchSize) => {
    const world = await openTwo();
    const other = world.newProcess();
    const lamps = { ...request, transferId: 't2', lines: [{ lineId: '1', sku: 'LAMP', quantity: 1 }] };
    const [first, second] = await Promise.all([plan(world.useCases), other.planTransfer(lamps, contextOf('other'))]);
    const kinds = [first.kind, second.kind];
    expect(kinds).toContain('recorded');
    await world.settle({ batchSize });
    const figures = await figuresOf(world.log);
    // Whoever was first has all; the other has nothing.
    if (first.kind === 'recorded') expect(figures).toEqual({ 'BER.CHAIR': [8, 6], 'BER.LAMP': [2, 2] });
    else expect(figures).toEqual({ 'BER.CHAIR': [8, 0], 'BER.LAMP': [2, 1] });
    await world.close();
  });

  it('cancels itself also where only the policies are left to tell it', async () => {
    const world = await openTwo();
    // It dies as soon as the plan is recorded, and a person takes the lamps.
    await expect(plan(world.newProcess({ append: 1, when: 'after' }))).rejects.toThrow(Crash);
    const loss = { type: 'AdjustStock', warehouseId: 'BER', sku: 'LAMP', delta: -1, reason: 'lost' } as const;
    const command = { ...loss, occurredAt: world.clock.now() };
    await recorded(world.useCases.changeStock({ command, context: contextOf('lost') }));
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [8, 0], 'BER.LAMP': [1, 0] });
    expect(await statusIn(world)).toBe('cancelled');
    expect(await plan(world.useCases)).toMatchObject({ kind: 'refused', refusal: { code: 'INSUFFICIENT_STOCK' } });
    await world.close();
  });
});

describe('what is kept for a transfer', () => {
  it('is sold to nobody else, and serves who waits when it comes free', async () => {
    const world = await openTwo();
    await recorded(plan(world.useCases));
    await place(world, 'o1', { CHAIR: 4 });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
    await change(world, { type: 'DispatchTransfer', lines: [{ lineId: '1', quantity: 3 }] });
    await change(world, { type: 'CancelTransfer', reason: 'lorry full' });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 4 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 4], 'BER.LAMP': [2, 0] });
    await world.close();
  });

  it('is free after a month, and what then leaves is booked out all the same', async () => {
    const world = await openTwo();
    await recorded(plan(world.useCases));
    world.clock.pass(30 * 24 * 3_600_000);
    await world.useCases.expireReservations();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [8, 0], 'BER.LAMP': [2, 0] });
    await change(world, { type: 'DispatchTransfer' });
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [2, 0], 'BER.LAMP': [0, 0] });
    await world.close();
  });
});
