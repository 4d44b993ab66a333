/** Carriers that send nothing by themselves are asked, round after round, and one that is down holds up nobody (R12.2, R22.2). */
import { expect, it } from 'vitest';
import {
  type CarrierAdapter,
  CarrierAway,
  type CarrierReport,
  CarrierUnreadable,
} from '../../src/commands/carrierPorts.ts';
import type { NumberedShipmentFacts } from '../../src/commands/carrierReports.ts';
import {
  askedForMs,
  type CarrierRound,
  createCarrierAsking,
  roundEveryMs,
} from '../../src/processManagers/askCarriers.ts';

const startMs = Date.parse('2026-11-24T09:30:00.000Z');

const createWorld = (shipments: number, answer: (number: string) => Promise<readonly CarrierReport[]>) => {
  const asked: string[] = [];
  const taken: CarrierReport[] = [];
  const told: string[] = [];
  const rounds = new Map<string, CarrierRound>();
  let nowMs = startMs;
  let facts = Array.from(
    { length: shipments },
    (_, index): NumberedShipmentFacts => ({
      shipmentId: `s${String(index).padStart(3, '0')}`,
      carrier: 'usps',
      dispatchedAt: '2026-11-23T00:00:00.000Z',
      endedAt: null,
      trackingNumber: `N${index}`,
      parcels: [{ parcelId: 'p1' }],
    }),
  );
  const usps: CarrierAdapter = {
    name: 'usps',
    ask: (number) => {
      asked.push(number);
      return answer(number);
    },
  };
  const asking = () =>
    createCarrierAsking({
      carriers: new Map([
        ['usps', usps],
        ['easypost', { name: 'easypost' }],
      ]),
      onTheirWay: async (carrier, after, limit) =>
        carrier === 'usps' ? facts.filter(({ shipmentId }) => shipmentId > (after ?? '')).slice(0, limit) : [],
      carrierRounds: {
        get: async (carrier) => rounds.get(carrier) ?? null,
        put: async (carrier, round) => void rounds.set(carrier, round),
      },
      takeCarrierReports: async (_, reports) => void taken.push(...reports),
      carrierWatch: { told: (_, fate) => told.push(fate), away: (_, reason) => told.push(reason ?? 'there') },
      clock: { now: () => new Date(nowMs).toISOString() },
    });
  return {
    asked,
    taken,
    told,
    rounds,
    asking,
    pass: (ms: number) => {
      nowMs += ms;
    },
    left: (shipmentId: string, dispatchedAt: string) => {
      facts = facts.map((each) => (each.shipmentId === shipmentId ? { ...each, dispatchedAt } : each));
    },
    look: (signal = new AbortController().signal) => asking()[0]!.look(signal),
  };
};
const report = (trackingNumber: string): CarrierReport => ({
  trackingNumber,
  status: 'in_transit',
  reportedAt: '2026-11-24T08:00:00.000Z',
});

it('a shipment that did not arrive for half a year is not asked for any more, and those behind it are', async () => {
  const world = createWorld(25, async (number) => [report(number)]);
  world.left('s003', new Date(startMs - askedForMs - 1).toISOString());
  world.left('s004', new Date(startMs - askedForMs).toISOString());
  await world.look();
  expect(world.asked).toHaveLength(24);
  expect(world.asked).not.toContain('N3');
});

it('every shipment on its way is asked for once a round, and those that send by themselves are not asked', async () => {
  const world = createWorld(45, async (number) => [report(number)]);
  expect(world.asking().map(({ name }) => name)).toEqual(['usps']);
  await world.look();
  expect(world.asked).toEqual(Array.from({ length: 45 }, (_, index) => `N${index}`));
  expect(world.taken).toHaveLength(45);
  await world.look();
  world.pass(roundEveryMs - 1);
  await world.look();
  expect(world.asked).toHaveLength(45);
  world.pass(1);
  await world.look();
  expect(world.asked).toHaveLength(90);
});

it('a carrier that goes away in the middle keeps its place, and since when is on record until it is back', async () => {
  let isAway = true;
  const world = createWorld(45, async (number) => {
    if (isAway && number === 'N25') throw new CarrierAway('down');
    return [report(number)];
  });
  await world.look();
  const since = new Date(startMs).toISOString();
  expect(world.rounds.get('usps')).toEqual({ beganAt: since, after: 's019', awaySince: since });
  world.pass(60_000);
  // Another process takes over, and finds the place and the time.
  await world.look();
  expect(world.rounds.get('usps')).toEqual({ beganAt: since, after: 's019', awaySince: since });
  expect(world.told.at(-1)).toBe('down');
  isAway = false;
  world.asked.length = 0;
  await world.look();
  expect(world.asked[0]).toBe('N20');
  expect(world.asked).toHaveLength(25);
  expect(world.rounds.get('usps')).toEqual({ beganAt: since, after: null, awaySince: null });
});

it('is asked again once it is back, from where it was left', async () => {
  let isAway = true;
  const world = createWorld(3, async (number) => {
    if (isAway) throw new CarrierAway('down');
    return [report(number)];
  });
  await world.look();
  expect(world.rounds.get('usps')?.awaySince).toBe(new Date(startMs).toISOString());
  isAway = false;
  await world.look();
  expect(world.rounds.get('usps')).toEqual({ beganAt: new Date(startMs).toISOString(), after: null, awaySince: null });
  expect(world.taken).toHaveLength(3);
  expect(world.told.filter((word) => word === 'down' || word === 'there')).toEqual(['down', 'there']);
});

it('an answer that can not be read is counted, and the others are asked for all the same', async () => {
  const world = createWorld(3, async (number) => {
    if (number === 'N1') throw new CarrierUnreadable('no XML');
    return [report(number)];
  });
  await world.look();
  expect(world.taken.map(({ trackingNumber }) => trackingNumber)).toEqual(['N0', 'N2']);
  expect(world.told).toContain('unreadable');
  expect(world.rounds.get('usps')).toMatchObject({ after: null, awaySince: null });
});

it('a process that stops leaves the round as it was', async () => {
  const stopping = new AbortController();
  const world = createWorld(3, async () => {
    stopping.abort();
    throw new CarrierAway('aborted');
  });
  await world.look(stopping.signal);
  expect(world.rounds.size).toBe(0);
  expect(world.told).toEqual([]);
});
