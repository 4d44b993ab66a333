/**
 * What a snapshot of each aggregate is, and that it changes only with its version (docs/how-to.md, "Change a state"):
 * a process of the next release would go on from what this one wrote. Each test of a decider reads its state back from
 * one as well (`throughSnapshot`).
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alertDecider } from '../../src/domain/alert/decider.ts';
import { apiKeyDecider } from '../../src/domain/apiKey/decider.ts';
import { entriesOf } from '../../src/domain/bucketMap.ts';
import { eventVersions } from '../../src/domain/events.ts';
import { inboundDecider } from '../../src/domain/inbound/decider.ts';
import { itemDecider } from '../../src/domain/item/decider.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import { orderNumberDecider } from '../../src/domain/orderNumber/decider.ts';
import { returnDecider } from '../../src/domain/return/decider.ts';
import { shipmentDecider } from '../../src/domain/shipment/decider.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { reservationsOf, type Stock } from '../../src/domain/stock/state.ts';
import { trackingLinkDecider } from '../../src/domain/trackingLink/decider.ts';
import { transferDecider } from '../../src/domain/transfer/decider.ts';
import { warehouseDecider } from '../../src/domain/warehouse/decider.ts';
import { webhookDecider } from '../../src/domain/webhook/decider.ts';
import type { Decider, DomainEvent } from '../../src/eventsourcing/message.ts';
import { golden } from '../projections/golden.ts';
import { throughSnapshot } from '../support/deciderSpec.ts';
import { balanceOf } from '../support/samples.ts';

/** What is written after each of the stored examples, in the order in which the versions name them. */
const writtenBy = <State, Command, E extends DomainEvent, Code extends string>({
  category,
  initialState,
  evolve,
  codec,
  schemaVersions,
}: Decider<State, Command, E, Code>) => {
  let state = initialState;
  const types = Object.entries<number>(schemaVersions);
  const states = types.map(([type, version]) => {
    const { data } = golden(type, version);
    state = evolve(state, { type, data } as DomainEvent as E);
    return [...codec.encode(state)];
  });
  return { category, types: types.map(([type]) => type), written: { version: codec.version, states } };
};

const aggregates = [
  writtenBy(alertDecider),
  writtenBy(apiKeyDecider),
  writtenBy(itemDecider),
  writtenBy(orderDecider),
  writtenBy(orderNumberDecider),
  writtenBy(shipmentDecider),
  writtenBy(stockDecider),
  writtenBy(warehouseDecider),
  writtenBy(webhookDecider),
  writtenBy(transferDecider),
  writtenBy(inboundDecider),
  writtenBy(returnDecider),
  writtenBy(trackingLinkDecider),
];

describe('what is written of a state', () => {
  it.each(aggregates)('of $category is what its version says', async ({ category, written }) => {
    const path = join(import.meta.dirname, 'snapshots', `${category}.txt`);
    // Where it differs: raise the version of the codec, and write the file (docs/how-to.md, "Change a state").
    await expect(
      `${[`version ${written.version}`, ...written.states.map((parts) => JSON.stringify(parts))].join('\n')}\n`,
    ).toMatchFileSnapshot(path);
  });

  it('is shown for every event that there is', () => {
    expect(aggregates.flatMap(({ types }) => types).toSorted()).toEqual(Object.keys(eventVersions).toSorted());
  });
});

const place = { warehouseId: 'BER', sku: 'CHAIR' };
const after = balanceOf({});
const reserved = (reservationId: string, orderId: string): StockEvent => ({
  type: 'StockReserved',
  data: { ...place, reservationId, quantity: 1, expiresAt: '2026-03-01T09:00:00.000Z', orderId, lineId: '1', after },
});

describe('a stock with thousands of open reservations', () => {
  const registered: StockEvent = {
    type: 'StockRegistered',
    data: { ...place, onHand: 9_000, safetyStock: 0, registeredAt: '2026-03-01T08:00:00.000Z', after },
  };
  const events = Array.from({ length: 3_500 }, (_, at) => reserved(`r${at}`, at % 10 === 0 ? 'busy' : `o${at}`));
  const before = [registered, ...events].reduce<Stock>(stockDecider.evolve, stockDecider.initialState);

  it('is written in parts of a bounded size, and read back whole', () => {
    const parts = [...stockDecider.codec.encode(before)].map((part) => JSON.stringify(part).length);
    expect(parts).toHaveLength(1 + 4 + 1);
    expect(Math.max(...parts)).toBeLessThan(150_000);
    const read = throughSnapshot(stockDecider.codec, before);
    if (before.phase === 'absent' || read.phase === 'absent') throw new Error('a registered stock is there');
    const sorted = <V>(entries: Iterable<readonly [string, V]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted(entriesOf(read.reservations))).toEqual(sorted(entriesOf(before.reservations)));
    expect(sorted(entriesOf(read.claimsOfOrders))).toEqual(sorted(entriesOf(before.claimsOfOrders)));
  });

  it('keeps the claims of an order in the order in which they were made', () => {
    const read = throughSnapshot(stockDecider.codec, before);
    const ids = reservationsOf(read, 'busy').map(({ reservationId }) => reservationId);
    expect(ids).toEqual(Array.from({ length: 350 }, (_, at) => `r${10 * at}`));
  });
});
