import { describe, expect, it } from 'vitest';
import { asStored, decodeStored, eventVersions, upcasters } from '../../src/domain/events.ts';
import {
  itemStream,
  orderStream,
  shipmentStream,
  stockStream,
  warehouseStream,
  webhookStream,
} from '../../src/domain/values.ts';
import { categoryOf, idOf, type RecordedEvent, UnknownEvent } from '../../src/eventsourcing/message.ts';
import { balanceOf, now } from '../support/samples.ts';

const stored: RecordedEvent = {
  id: '6f0c1d5a-b1b2-5c0e-9a5d-3f7e2c84a911',
  type: 'StockRetired',
  schemaVersion: 1,
  occurredAt: now,
  recordedAt: now,
  data: { warehouseId: 'BER', sku: 'CHAIR', after: balanceOf({}) },
  metadata: {
    $correlationId: 'c',
    $causationId: 'c',
    commandId: 'c',
    actor: { subject: 's', kind: 'client', client: 's' },
    authentication: {},
  },
  stream: 'stock-BER.CHAIR',
  revision: 3,
  position: { commit: 7n, prepare: 7n },
};

describe('reading a stored event', () => {
  it("leaves today's shape as it is", () => expect(decodeStored(stored)).toBe(stored));
  it.each(['StockVanished', '', 'constructor', '__proto__', 'toString'])('knows no type %j', (type) => {
    expect(() => decodeStored({ ...stored, type })).toThrow(UnknownEvent);
  });
  it.each([0, 2, 99, 1.5, -1])('does not guess at version %d', (schemaVersion) => {
    expect(() => decodeStored({ ...stored, schemaVersion })).toThrow(UnknownEvent);
  });
  it('keeps what was written beside what is read, for the hash of the log', () => {
    const old = { ...stored, type: 'ShipmentDispatched' };
    const read = decodeStored(old);
    expect(read).toMatchObject({ schemaVersion: eventVersions.ShipmentDispatched, data: old.data });
    expect(asStored(read)).toEqual(old);
    expect(asStored(stored)).toEqual(stored);
  });
  it('has an upcaster from every earlier version to the next (docs/how-to.md, "Change an event")', () => {
    const earlier = Object.entries(eventVersions).flatMap(([type, today]) =>
      Array.from({ length: today - 1 }, (_, index) => `${type}@${index + 1}`),
    );
    expect(Object.keys(upcasters).sort()).toEqual(earlier.sort());
  });
});

describe('stream names', () => {
  it.each([
    [stockStream('BER', 'CHAIR-2.red'), 'stock', 'BER.CHAIR-2.red'],
    [itemStream('CHAIR-2'), 'item', 'CHAIR-2'],
    [warehouseStream('BER_1'), 'warehouse', 'BER_1'],
    [orderStream('0198-a'), 'order', '0198-a'],
    [shipmentStream('s1'), 'shipment', 's1'],
    [webhookStream('e1'), 'webhook', 'e1'],
  ])('%s has its category before the first dash', (stream, category, id) => {
    expect([categoryOf(stream), idOf(stream)]).toEqual([category, id]);
  });
});
