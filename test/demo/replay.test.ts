import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createAllocationBook } from '../../demo/answers.ts';
import { readCatalogue } from '../../demo/catalogue.ts';
import { createClient } from '../../demo/client.ts';
import { compare, readLevels } from '../../demo/compare.ts';
import { planReplay } from '../../demo/demand.ts';
import { startPartner } from '../../demo/partner.ts';
import { recompute } from '../../demo/recompute.ts';
import { replay } from '../../demo/replay.ts';
import { readDays } from '../../demo/retail.ts';
import { readRows } from '../../demo/rows.ts';
import { eventsStored } from '../../demo/settle.ts';
import { loadCatalogue, openWarehouses, subscribePartner } from '../../demo/setup.ts';
import { createTally, refusedTotal } from '../../demo/tally.ts';
import { type Call, type FakeOptions, startFakeService } from './fakeService.ts';

const sample = join(import.meta.dirname, '../../demo/sample');
const invoices = join(sample, 'invoices.csv');

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** The whole demo on the bundled sample, but for the service. */
const play = async (options: FakeOptions = {}, rowsMax?: number) => {
  const service = await startFakeService(options);
  const client = createClient(service.origin);
  const partner = await startPartner();
  open.push(client, partner, service);
  const desk = { client, tally: createTally(), book: createAllocationBook() };
  await openWarehouses(client);
  partner.trust(await subscribePartner(client, partner.url));
  await loadCatalogue(client, await readCatalogue(join(sample, 'catalogue.csv')));
  const plan = await planReplay(readDays(invoices, rowsMax));
  let days = 0;
  await replay(desk, plan, readDays(invoices, rowsMax), () => (days += 1));
  await service.delivered();
  const expected = await recompute(() => readRows(invoices, rowsMax), desk.book);
  const differences = compare(await readLevels(client), expected);
  return { service, tally: desk.tally, partner: partner.figures(), expected, differences, days };
};

const isShipment = ({ method, path }: Call): boolean => method === 'POST' && path.endsWith('/shipments');

describe('the replay of the sample', () => {
  it('leaves the stock that the rows say, at every warehouse and in all', async () => {
    const { differences, expected, service, tally } = await play();
    expect(differences).toEqual([]);
    expect(expected.levels).toHaveLength(3 * 12);
    expect(expected.ordersTotal).toBe(tally.ordersPlaced);
    expect(expected.levels.reduce((sum, { reserved }) => sum + reserved, 0)).toBeGreaterThan(0);
    expect(await eventsStored(service.origin)).toBe(service.ledger.state.events);
  });

  it('accounts for every row', async () => {
    const { tally, days } = await play();
    expect(tally.rowsRead).toBe(145);
    expect(tally.rowsUsed + refusedTotal(tally)).toBe(tally.rowsRead);
    expect(days).toBe(14);
    expect(tally).toMatchObject({
      ordersPlaced: 46,
      ordersCancelled: 1,
      returns: 3,
      corrections: 10,
      ordersReplayed: 2,
    });
    expect(tally.ordersSplit).toBeGreaterThan(0);
    expect(tally.ordersBackordered).toBeGreaterThan(0);
    expect(tally.deliveries).toBeGreaterThan(0);
  });

  it('of the first rows only leaves the stock that these say', async () => {
    const { differences, tally } = await play({}, 40);
    expect(differences).toEqual([]);
    expect(tally.rowsRead).toBe(40);
  });

  it('tells the partner of every order, and every message is verified', async () => {
    const { partner, tally } = await play();
    expect(partner.byType.get('order.placed')).toBe(tally.ordersPlaced);
    expect(partner.byType.get('order.shipped')).toBe(tally.shipments);
    expect(partner.byType.get('order.delivered')).toBe(tally.deliveries);
    expect(partner.verified).toBe(partner.delivered);
  });

  it('names nobody: customers are numbers and addresses can not exist', async () => {
    const { service } = await play();
    const orders = service.calls.filter(({ method, path }) => method === 'POST' && path === '/v1/orders');
    for (const { body } of orders) {
      expect(body.customer).toEqual({
        customerId: expect.stringMatching(/^(\d{5}|guest-\d+)$/),
        name: expect.stringMatching(/^Customer /),
        email: expect.stringMatching(/^customer-.+@example\.invalid$/),
      });
    }
  });
});

describe('the replay on a service with a fault', () => {
  it('finds a shipment that did not reach the shelf', async () => {
    let count = 0;
    const { differences } = await play({
      interfere: (call, { shipments }) => {
        if (!isShipment(call) || ++count !== 7) return undefined;
        shipments.set('lost', '');
        return { status: 201, body: { shipmentId: 'lost' } };
      },
    });
    expect(differences).toContainEqual(expect.stringMatching(/ onHand: /));
    expect(differences).toContainEqual(expect.stringMatching(/ reserved: /));
  });

  it('finds a correction that was taken and lost', async () => {
    const isCorrection = ({ idempotencyKey }: Call): boolean => idempotencyKey === 'corrections-2024-03-06-0';
    const { differences } = await play({
      interfere: (call) =>
        isCorrection(call)
          ? { status: 207, body: { results: call.body.changes.map((_, index) => ({ index, status: 200 })) } }
          : undefined,
    });
    // Four corrections: each level has another onHand and available, and each article another sum.
    expect(differences).toHaveLength(4 * 3);
  });

  it('finds an order that was allocated to other quantities than were asked for', async () => {
    let orders = 0;
    const { differences } = await play({
      interfere: (call, ledger) => {
        if (call.path !== '/v1/orders' || ++orders !== 5) return undefined;
        const lines = call.body.lines.map((line, index) => ({
          ...line,
          quantity: line.quantity + (index === 0 ? -1 : 0),
        }));
        return { status: 201, body: ledger.view(ledger.place({ ...call.body, lines })) };
      },
    });
    expect(differences).toContainEqual(expect.stringMatching(/^Order \d+: its sources/));
    expect(differences).toContainEqual(expect.stringMatching(/in all/));
  });

  it('counts the rows of a refused order as refused, and the books show what was not sold', async () => {
    let orders = 0;
    const { differences, tally } = await play({
      interfere: ({ path }) =>
        path === '/v1/orders' && ++orders === 5 ? { status: 422, body: { code: 'NOT_TODAY' } } : undefined,
    });
    expect(tally.refused.get('NOT_TODAY')).toBeGreaterThan(0);
    expect(tally.rowsUsed + refusedTotal(tally)).toBe(tally.rowsRead);
    expect(differences.length).toBeGreaterThan(0);
  });

  it('stops when a receipt is refused, and says which', async () => {
    const refusing = play({
      interfere: ({ idempotencyKey, body }) => {
        if (idempotencyKey !== 'receipts-2024-03-0') return undefined;
        const results = body.changes.map((_, index) => ({ index, status: index === 2 ? 409 : 200, code: 'NO_ROOM' }));
        return { status: 207, body: { results } };
      },
    });
    await expect(refusing).rejects.toThrow(/^The receipt of \w+\.\w+ was refused: NO_ROOM$/);
  });

  it('stops when the same order was taken twice', async () => {
    const seen = new Set<string>();
    const twice = play({
      interfere: (call, ledger) => {
        if (call.path !== '/v1/orders') return undefined;
        seen.add(call.idempotencyKey ?? '');
        // Takes the order and forgets the key.
        return { status: 201, body: ledger.view(ledger.place(call.body)), headers: { forget: 'true' } };
      },
    });
    await expect(twice).rejects.toThrow(/taken twice/);
    expect(seen.size).toBeGreaterThan(0);
  });
});
