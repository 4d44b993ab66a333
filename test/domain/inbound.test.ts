import { describe, expect, it } from 'vitest';
import {
  type InboundCommand,
  type InboundRefusal,
  inboundLinesMax,
  inboundQuantityMax,
  receivedLinesMax,
} from '../../src/domain/inbound/commands.ts';
import { inboundDecider } from '../../src/domain/inbound/decider.ts';
import type { InboundAnnounced, InboundEvent, ReceivedLine } from '../../src/domain/inbound/events.ts';
import { inboundStatusOf } from '../../src/domain/inbound/state.ts';
import { given, type RefusalTests } from '../support/deciderSpec.ts';
import { later, soon } from '../support/samples.ts';

const key = { inboundId: 'in1', warehouseId: 'BER', expectedAt: soon };
const chairs = { lineId: '1', sku: 'CHAIR', quantity: 10 };
const lamps = { lineId: '2', sku: 'LAMP', quantity: 4 };
const inbound = (lines: InboundAnnounced['data']['lines'] = [chairs, lamps]): InboundAnnounced['data'] => ({
  ...key,
  reference: 'PO-77',
  supplier: 'Oak & Sons',
  lines,
});
const announced = (lines?: InboundAnnounced['data']['lines']): InboundEvent => ({
  type: 'InboundAnnounced',
  data: inbound(lines),
});
const announce = (changes: Partial<InboundAnnounced['data']> = {}): InboundCommand => ({
  type: 'AnnounceInbound',
  inbound: { ...inbound(), ...changes },
});
const change = (changes: Partial<Extract<InboundCommand, { type: 'ChangeInbound' }>>): InboundCommand => ({
  type: 'ChangeInbound',
  lines: [],
  ...changes,
});
const receive = (lineId: string, accepted: number, rejected = 0, sku?: string): InboundCommand => ({
  type: 'ReceiveInbound',
  lines: [{ lineId, accepted, rejected, ...(sku === undefined ? {} : { sku }) }],
});
const received = (...lines: readonly ReceivedLine[]): InboundEvent => ({
  type: 'InboundReceived',
  data: { ...key, lines },
});
const chairsCame = (accepted: number, rejected: number, expected: number): InboundEvent =>
  received({ lineId: '1', sku: 'CHAIR', accepted, rejected, expected });
const cancel: InboundCommand = { type: 'CancelInbound', reason: 'bankrupt' };
const cancelled = (...lines: readonly { lineId: string; sku: string; quantity: number }[]): InboundEvent => ({
  type: 'InboundCancelled',
  data: { ...key, reason: 'bankrupt', lines },
});
const changed = (changes: Partial<Extract<InboundEvent, { type: 'InboundChanged' }>['data']>): InboundEvent => ({
  type: 'InboundChanged',
  data: { ...key, lines: [], ...changes },
});
const statusAfter = (...events: readonly InboundEvent[]) => {
  const state = events.reduce(inboundDecider.evolve, inboundDecider.initialState);
  return state.phase === 'absent' ? null : inboundStatusOf(state);
};

describe('an inbound shipment (T1)', () => {
  it('is announced once; the same again is a second attempt', () => {
    given(inboundDecider).when(announce()).thenRecords(announced());
  });
  it('comes later: all lines of which something is to come are told', () => {
    given(inboundDecider, announced(), chairsCame(10, 0, 0))
      .when(change({ expectedAt: later, reason: 'supplier_late' }))
      .thenRecords(
        changed({ expectedAt: later, reason: 'supplier_late', lines: [{ ...lamps, quantity: 4, expected: 4 }] }),
      );
  });
  it('is of more pieces, or of fewer than have come: nothing more is expected then', () => {
    const some = given(inboundDecider, announced(), chairsCame(6, 0, 4));
    some
      .when(change({ lines: [{ lineId: '1', quantity: 12 }] }))
      .thenRecords(changed({ lines: [{ ...chairs, quantity: 12, expected: 6 }] }));
    some
      .when(change({ lines: [{ lineId: '1', quantity: 5 }] }))
      .thenRecords(changed({ lines: [{ ...chairs, quantity: 5, expected: 0 }] }));
  });
  it('has another line', () => {
    const desk = { lineId: '3', sku: 'DESK', quantity: 2 };
    given(inboundDecider, announced())
      .when(change({ lines: [desk] }))
      .thenRecords(changed({ lines: [{ ...desk, expected: 2 }] }));
  });
  it('is changed to what it is: nothing', () => {
    given(inboundDecider, announced())
      .when(change({ expectedAt: soon, lines: [{ lineId: '1', sku: 'CHAIR', quantity: 10 }] }))
      .thenNothing();
  });
});

describe('a receipt is a fact, and never refused for what was announced (T28)', () => {
  const open = given(inboundDecider, announced());
  it('comes in parts', () => {
    open.when(receive('1', 6)).thenRecordsEachTime(chairsCame(6, 0, 4));
    given(inboundDecider, announced(), chairsCame(6, 0, 4))
      .when(receive('1', 3))
      .thenRecordsEachTime(chairsCame(3, 0, 1));
  });
  it('is of more than was announced: nothing more is expected, and all of it is told', () => {
    open.when(receive('1', 13)).thenRecordsEachTime(chairsCame(13, 0, 0));
    given(inboundDecider, announced(), chairsCame(13, 0, 0))
      .when(receive('1', 1))
      .thenRecordsEachTime(chairsCame(1, 0, 0));
  });
  it('is of what was turned away too, which is not expected any more', () => {
    open.when(receive('1', 7, 2)).thenRecordsEachTime(chairsCame(7, 2, 1));
  });
  it('is of what nobody announced, under a line of its own', () => {
    const desks = { lineId: 'x', sku: 'DESK', accepted: 2, rejected: 0, expected: 0 };
    open.when(receive('x', 2, 0, 'DESK')).thenRecordsEachTime(received(desks));
    given(inboundDecider, announced(), received(desks))
      .when(receive('x', 1))
      .thenRecordsEachTime(received({ ...desks, accepted: 1 }));
  });
  it('comes after the rest was cancelled', () => {
    given(inboundDecider, announced(), cancelled(chairs, lamps))
      .when(receive('1', 2))
      .thenRecordsEachTime(chairsCame(2, 0, 0));
  });
  it('of nothing is none', () => open.when(receive('1', 0)).thenNothing());
});

describe('the rest of an inbound shipment', () => {
  it('is cancelled: the lines of which something was to come', () => {
    given(inboundDecider, announced(), chairsCame(4, 1, 5))
      .when(cancel)
      .thenRecords(cancelled({ ...chairs, quantity: 5 }, lamps));
  });
  it('is not cancelled where there is none', () => {
    given(inboundDecider, announced([chairs]), chairsCame(10, 0, 0))
      .when(cancel)
      .thenNothing();
  });
});

describe('the status of an inbound shipment', () => {
  it.each([
    ['announced', [announced()]],
    ['partially_received', [announced(), chairsCame(10, 0, 0)]],
    ['received', [announced([chairs]), chairsCame(9, 1, 0)]],
    ['cancelled', [announced(), cancelled(chairs, lamps)]],
    ['closed', [announced(), chairsCame(2, 0, 8), cancelled({ ...chairs, quantity: 8 }, lamps)]],
    ['closed', [announced(), cancelled(chairs, lamps), chairsCame(2, 0, 0)]],
  ] as const)('is %s', (status, events) => expect(statusAfter(...events)).toBe(status));
});

const manyLines = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ lineId: `l${at}`, sku: 'CHAIR', quantity: 1 }));
const refusals: RefusalTests<InboundRefusal> = {
  INBOUND_NOT_FOUND: () => given(inboundDecider).when(receive('1', 1)).thenRefused('INBOUND_NOT_FOUND'),
  INBOUND_ID_TAKEN: () =>
    given(inboundDecider, announced())
      .when(announce({ reference: 'PO-78' }))
      .thenRefused('INBOUND_ID_TAKEN'),
  INBOUND_CANCELLED: () =>
    given(inboundDecider, announced(), cancelled(chairs, lamps))
      .when(change({ expectedAt: later }))
      .thenRefused('INBOUND_CANCELLED'),
  INBOUND_LINE_REPEATED: () =>
    given(inboundDecider)
      .when(announce({ lines: [chairs, chairs] }))
      .thenRefused('INBOUND_LINE_REPEATED'),
  INBOUND_LINE_NOT_FOUND: () =>
    given(inboundDecider, announced()).when(receive('9', 1)).thenRefused('INBOUND_LINE_NOT_FOUND'),
  INBOUND_LINE_OF_OTHER_SKU: () =>
    given(inboundDecider, announced())
      .when(receive('1', 1, 0, 'LAMP'))
      .thenRefused('INBOUND_LINE_OF_OTHER_SKU'),
  TOO_MANY_INBOUND_LINES: () => {
    const full = announced(manyLines(inboundLinesMax));
    given(inboundDecider)
      .when(announce({ lines: manyLines(inboundLinesMax + 1) }))
      .thenRefused('TOO_MANY_INBOUND_LINES');
    given(inboundDecider, full)
      .when(change({ lines: [{ lineId: 'one more', sku: 'CHAIR', quantity: 1 }] }))
      .thenRefused('TOO_MANY_INBOUND_LINES');
    // What came has more room than what is announced.
    const more = manyLines(receivedLinesMax + 1).map(({ lineId, sku }) => ({ lineId, sku, accepted: 1, rejected: 0 }));
    given(inboundDecider, full).when({ type: 'ReceiveInbound', lines: more }).thenRefused('TOO_MANY_INBOUND_LINES');
  },
  QUANTITY_INVALID: () => {
    const open = given(inboundDecider, announced());
    given(inboundDecider)
      .when(announce({ lines: [{ ...chairs, quantity: 0 }] }))
      .thenRefused('QUANTITY_INVALID');
    open.when(receive('1', -1)).thenRefused('QUANTITY_INVALID');
    open.when(receive('1', 1, 0.5)).thenRefused('QUANTITY_INVALID');
    open.when(receive('1', inboundQuantityMax + 1)).thenRefused('QUANTITY_INVALID');
    open.when(change({ lines: [{ lineId: '1', quantity: -1 }] })).thenRefused('QUANTITY_INVALID');
  },
};
describe('an inbound shipment refuses', () => {
  it.each(Object.entries(refusals))('%s', (_code, test) => test());
});
