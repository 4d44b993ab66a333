/** One order for each number of a client (T26), whoever asks at once, and whatever process dies in between. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UseCases } from '../../src/commands/index.ts';
import { placingMaxMs } from '../../src/commands/orderNumbers.ts';
import type { CommandContext } from '../../src/eventsourcing/commandHandling/outcome.ts';
import { contact, shipTo } from '../processManagers/arrange.ts';
import { Crash, type CrashPoint, contextOf, openWorld, type World } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld({ engine: 'memory' });
});
afterEach(() => world.close());

const lines = [{ lineId: '1', sku: 'CHAIR', quantity: 1, priceMinor: 100, currency: 'EUR' }];
const ask = (useCases: UseCases, orderId: string, changes: Partial<CommandContext> = {}, orderNumber = 'W-1') =>
  useCases.placeOrder(
    {
      orderId,
      orderNumber,
      customerId: 'customer1',
      contact,
      shipTo,
      lines,
      sourcing: 'nearest',
      allowSplit: true,
      allowBackorder: true,
    },
    contextOf(`place ${orderId}`, changes),
  );
const taken = { kind: 'refused', refusal: { code: 'ORDER_NUMBER_TAKEN' } };
const byShop = (client: string): Partial<CommandContext> => ({ actor: { subject: client, kind: 'client', client } });

/** The orders that have the number, as the log tells it. */
const numbered = async (): Promise<readonly string[]> =>
  (await world.log.events()).flatMap(({ type, stream }) => (type === 'OrderNumbered' ? [stream] : []));

describe("a shop's own order number", () => {
  it('is recorded with the order, and a second order with it is refused without a word of the first', async () => {
    expect(await ask(world.useCases, 'o1')).toMatchObject({
      kind: 'recorded',
      state: { orderNumber: 'W-1' },
      events: [{ type: 'OrderPlaced' }, { type: 'OrderNumbered' }],
    });
    const second = await ask(world.useCases, 'o2');
    expect(second).toMatchObject(taken);
    expect(JSON.stringify(second)).not.toContain('o1');
    expect(await numbered()).toEqual(['order-o1']);
  });

  it('is for each client its own', async () => {
    expect((await ask(world.useCases, 'o1', byShop('a'))).kind).toBe('recorded');
    expect((await ask(world.useCases, 'o2', byShop('b'))).kind).toBe('recorded');
  });

  it('answers the same request again with what it recorded', async () => {
    const first = await ask(world.useCases, 'o1');
    expect(await ask(world.newProcess(), 'o1')).toEqual({ ...first, isReplay: true });
  });

  it('is not taken by an order that is refused, nor by a dry run', async () => {
    const { useCases } = world;
    expect((await ask(useCases, 'o1')).kind).toBe('recorded');
    expect(await ask(useCases, 'o1', contextOf('another'), 'W-2')).toMatchObject({
      refusal: { code: 'ORDER_ID_TAKEN' },
    });
    expect((await ask(useCases, 'o2', { dryRun: true }, 'W-2')).kind).toBe('dry_run');
    expect(await ask(useCases, 'o2', { dryRun: true })).toMatchObject(taken);
    expect((await ask(useCases, 'o3', {}, 'W-2')).kind).toBe('recorded');
  });

  it('is one order when many processes ask at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 24 }, (_, index) => ask(world.newProcess(), `o${index}`)));
    expect(outcomes.filter(({ kind }) => kind === 'recorded')).toHaveLength(1);
    expect(await numbered()).toHaveLength(1);
  });

  const points: readonly CrashPoint[] = [1, 2].flatMap((append) => [
    { append, when: 'before' as const },
    { append, when: 'after' as const },
  ]);
  it.each(points)('is one order after a crash $when append $append, however it goes on', async (point) => {
    for (const firstAgain of ['before', 'after', 'never']) {
      const [one, other] = [`${firstAgain}1`, `${firstAgain}2`];
      const byOne = byShop(firstAgain);
      await expect(ask(world.newProcess(point), one, byOne)).rejects.toThrow(Crash);
      const wasPlaced = point.append === 2 && point.when === 'after';
      if (firstAgain === 'before') {
        expect((await ask(world.newProcess(), one, byOne)).kind).toBe('recorded');
        expect(await ask(world.newProcess(), other, byOne)).toMatchObject(taken);
        continue;
      }
      world.clock.pass(placingMaxMs);
      const second = await ask(world.newProcess(), other, byOne);
      if (wasPlaced) expect(second).toMatchObject(taken);
      else expect(second.kind).toBe('recorded');
      if (firstAgain === 'never') continue;
      const first = await ask(world.newProcess(), one, byOne);
      if (wasPlaced) expect(first.kind).toBe('recorded');
      else expect(first).toMatchObject(taken);
    }
    expect(await numbered()).toHaveLength(3);
  });

  it('is not taken from an order that is on its way', async () => {
    await expect(ask(world.newProcess({ append: 2, when: 'before' }), 'o1')).rejects.toThrow(Crash);
    world.clock.pass(placingMaxMs - 1);
    expect(await ask(world.newProcess(), 'o2')).toMatchObject(taken);
    expect((await ask(world.newProcess(), 'o1')).kind).toBe('recorded');
  });

  it('goes to one of many who find it with an order that never came, and that one may still try', async () => {
    await expect(ask(world.newProcess({ append: 2, when: 'before' }), 'o0')).rejects.toThrow(Crash);
    world.clock.pass(placingMaxMs);
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, index) => ask(world.newProcess(), `o${index}`)));
    expect(outcomes.filter(({ kind }) => kind === 'recorded')).toHaveLength(1);
    expect(await numbered()).toHaveLength(1);
  });
});
