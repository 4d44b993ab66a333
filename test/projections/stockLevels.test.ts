import { describe, expect, it } from 'vitest';
import type { StockMovement } from '../../src/domain/stock/balance.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { levelOf, type StockLevelDocument, stockLevels } from '../../src/projections/stockLevels/projection.ts';
import { balanceOf } from '../support/samples.ts';
import { projectionSpec, type Story } from './projectionSpec.ts';
import { chairs, logOf, move, registered, stockEvents, timeAt } from './stockLog.ts';

const level = (revision: number, changes: Partial<StockLevelDocument>): StockLevelDocument => ({
  ...chairs,
  ...balanceOf({}),
  available: 0,
  status: 'active',
  belowSafetyStock: false,
  registeredAt: '2026-03-01T08:00:00.000Z',
  revision,
  updatedAt: timeAt(revision),
  ...changes,
});

const story = (
  title: string,
  movements: readonly StockMovement[],
  figures: Partial<StockLevelDocument>,
): Story<StockLevelDocument, StockEvent> => ({
  title,
  events: stockEvents(...movements),
  document: level(movements.length - 1, figures),
});

const claim = { reservationId: 'r1', quantity: 4 };
const reserved = move('StockReserved', { ...claim, expiresAt: timeAt(900) });

const ofTransfer = { transferId: 'transfer1', lineId: '1' };
const transferReserved = move('StockTransferReserved', {
  ...ofTransfer,
  reservationId: 't1',
  quantity: 4,
  expiresAt: timeAt(900),
});
const returned = (disposition: 'restock' | 'quarantine' | 'scrap') =>
  move('StockReturned', { quantity: 2, disposition, returnId: 'b1', orderId: 'o1', lineId: '1' });

const lossProposed = (pieces: number) =>
  move('StockChangeProposed', {
    approvalId: 'a1',
    change: { kind: 'adjustment', delta: -pieces, reason: 'lost' },
    held: pieces,
    proposedBy: 'anna',
  });
const ended = (freed: number) => ({ approvalId: 'a1', freed });

const lineOnItsWay = (revision: number, quantity: number) => ({
  inboundId: 'in1',
  lineId: '1',
  quantity,
  expectedAt: timeAt(900),
  revision,
});
const told = (inboundRevision: number, pieces: number, incomingDelta: number) => ({
  inboundId: 'in1',
  lineId: '1',
  inboundRevision,
  expected: pieces,
  expectedAt: timeAt(900),
  incomingDelta,
});
const expected = (revision: number, pieces: number, delta = pieces) =>
  move('StockExpected', told(revision, pieces, delta));
const arrived = (revision: number, rest: number, quantity: number) =>
  move('StockArrived', { ...told(revision, rest, -quantity), quantity });

projectionSpec(stockLevels, logOf, {
  StockRegistered: [
    story('the opening stock, less what is held back', [registered(10, 3)], {
      onHand: 10,
      safetyStock: 3,
      available: 7,
    }),
    story('a retired stock begins anew', [registered(0, 2), move('StockRetired', {}), registered(5)], {
      onHand: 5,
      available: 5,
    }),
  ],
  StockReceived: [
    story('more on hand', [registered(10), move('StockReceived', { quantity: 5 })], { onHand: 15, available: 15 }),
    {
      title: 'of a stock nobody registered shows nothing',
      events: stockEvents(move('StockReceived', { quantity: 5 })),
      document: null,
    },
  ],
  StockAdjusted: [
    story('less on hand', [registered(10), move('StockAdjusted', { delta: -2, reason: 'damaged' })], {
      onHand: 8,
      available: 8,
    }),
  ],
  StockCounted: [
    story(
      'what was counted',
      [registered(10), move('StockCounted', { counted: 7, delta: -3, reason: 'cycle count' })],
      { onHand: 7, available: 7 },
    ),
  ],
  StockReserved: [
    story('less to promise', [registered(10), reserved], { onHand: 10, reserved: 4, available: 6 }),
    story('into the safety stock', [registered(10, 7), reserved], {
      onHand: 10,
      reserved: 4,
      safetyStock: 7,
      belowSafetyStock: true,
    }),
  ],
  StockReservationReleased: [
    story(
      'promised again',
      [registered(10), reserved, move('StockReservationReleased', { ...claim, reason: 'order_cancelled' })],
      { onHand: 10, available: 10 },
    ),
  ],
  StockReservationExpired: [
    story('promised again', [registered(10), reserved, move('StockReservationExpired', claim)], {
      onHand: 10,
      available: 10,
    }),
  ],
  StockReservationLapsed: [
    story(
      'less is claimed',
      [
        registered(10),
        reserved,
        move('StockAdjusted', { delta: -7, reason: 'damaged' }),
        move('StockReservationLapsed', { ...claim, quantity: 1, cause: 'adjustment' }),
      ],
      { onHand: 3, reserved: 3, available: 0 },
    ),
  ],
  StockReservationTakenOver: [
    story(
      'as much is claimed as before',
      [
        registered(10),
        reserved,
        move('StockReservationTakenOver', {
          ...claim,
          reservationId: 'r2',
          fromReservationId: 'r1',
          expiresAt: timeAt(900),
        }),
      ],
      { onHand: 10, reserved: 4, available: 6 },
    ),
  ],
  StockDeparted: [
    story(
      'gone from the shelf, and from no claim',
      [registered(10), reserved, move('StockDeparted', { reservationId: 'r2', quantity: 3, shipmentId: 's1' })],
      { onHand: 7, reserved: 4, available: 3 },
    ),
  ],
  StockDispatchVoided: [
    story(
      'on the shelf again, and no claim',
      [
        registered(10),
        move('StockDeparted', { reservationId: 'r2', quantity: 3, shipmentId: 's1' }),
        move('StockDispatchVoided', { reservationId: 'r2', quantity: 3, shipmentId: 's1' }),
      ],
      { onHand: 10, reserved: 0, available: 10 },
    ),
  ],
  StockDiscrepancyRecorded: [
    story(
      'moves no figure',
      [registered(1), move('StockDiscrepancyRecorded', { missing: 2, cause: 'departure', shipmentId: 's1' })],
      { onHand: 1, available: 1 },
    ),
  ],
  StockQuarantineReduced: [
    story(
      'fewer are marked',
      [
        registered(3),
        move('StockQuarantined', { quantity: 3, reason: 'inspection' }),
        move('StockCounted', { counted: 1, delta: -2, reason: 'cycle count' }),
        move('StockQuarantineReduced', { quantity: 2, cause: 'count' }),
      ],
      { onHand: 1, quarantined: 1 },
    ),
  ],
  StockChangeProposed: [
    story('what may be gone is not promised', [registered(10), lossProposed(6)], {
      onHand: 10,
      quarantined: 6,
      available: 4,
    }),
  ],
  StockChangeApproved: [
    story(
      'the hold is over, and the pieces are gone with the event after it',
      [registered(10), lossProposed(6), move('StockChangeApproved', { ...ended(6), approvedBy: 'bert' })],
      { onHand: 10, available: 10 },
    ),
  ],
  StockChangeRejected: [
    story(
      'promised again',
      [
        registered(10),
        lossProposed(6),
        move('StockChangeRejected', { ...ended(6), rejectedBy: 'bert', reason: 'here' }),
      ],
      { onHand: 10, available: 10 },
    ),
  ],
  StockShipped: [
    story(
      'gone from the shelf and from the claim',
      [registered(10), reserved, move('StockShipped', { reservationId: 'r1', quantity: 3, shipmentId: 's1' })],
      { onHand: 7, reserved: 1, available: 6 },
    ),
  ],
  StockQuarantined: [
    story('set aside', [registered(10), move('StockQuarantined', { quantity: 3, reason: 'inspection' })], {
      onHand: 10,
      quarantined: 3,
      available: 7,
    }),
  ],
  StockQuarantineReleased: [
    story(
      'given back',
      [
        registered(10),
        move('StockQuarantined', { quantity: 3, reason: 'inspection' }),
        move('StockQuarantineReleased', { quantity: 2 }),
      ],
      { onHand: 10, quarantined: 1, available: 9 },
    ),
  ],
  StockPolicySet: [
    story('another cushion', [registered(10), move('StockPolicySet', { safetyStock: 12 })], {
      onHand: 10,
      safetyStock: 12,
      belowSafetyStock: true,
    }),
    story(
      'of a retired stock, which stays retired',
      [registered(0), move('StockRetired', {}), move('StockPolicySet', { safetyStock: 2 })],
      { status: 'retired', safetyStock: 2 },
    ),
  ],
  StockTransferReserved: [
    story('is kept for a transfer', [registered(10), transferReserved], { onHand: 10, reserved: 4, available: 6 }),
  ],
  StockTransferDeclined: [
    story(
      'moves no figure',
      [registered(10), move('StockTransferDeclined', { ...ofTransfer, quantity: 11, available: 10 })],
      { onHand: 10, available: 10 },
    ),
  ],
  StockTransferredOut: [
    story(
      'leaves with what was kept for it, and with what was not',
      [
        registered(10),
        transferReserved,
        move('StockTransferredOut', {
          ...ofTransfer,
          reservationId: 't1',
          quantity: 5,
          claimed: 4,
          toWarehouseId: 'PAR',
        }),
      ],
      { onHand: 5, available: 5 },
    ),
  ],
  StockTransferredIn: [
    story(
      'comes, and what is damaged goes to quarantine',
      [registered(1), move('StockTransferredIn', { ...ofTransfer, quantity: 5, damaged: 2, fromWarehouseId: 'PAR' })],
      { onHand: 6, quarantined: 2, available: 4 },
    ),
  ],
  StockRetired: [
    story('needs no more, whatever its cushion was', [registered(0, 3), move('StockRetired', {})], {
      status: 'retired',
      safetyStock: 3,
    }),
  ],
  StockExpected: [
    story('more on its way, by line', [registered(10), expected(0, 4)], {
      onHand: 10,
      incoming: 4,
      available: 10,
      expected: [lineOnItsWay(0, 4)],
    }),
    story('another figure for the same line', [registered(10), expected(0, 4), expected(1, 9, 5)], {
      onHand: 10,
      incoming: 9,
      available: 10,
      expected: [lineOnItsWay(1, 9)],
    }),
    story('nothing any more', [registered(10), expected(0, 4), expected(1, 0, -4)], { onHand: 10, available: 10 }),
  ],
  StockArrived: [
    story('on hand, and the rest on its way', [registered(10), expected(0, 4), arrived(1, 1, 3)], {
      onHand: 13,
      incoming: 1,
      available: 13,
      expected: [lineOnItsWay(1, 1)],
    }),
    story('all of it', [registered(10), expected(0, 4), arrived(1, 0, 4)], { onHand: 14, available: 14 }),
  ],
  StockReturned: [
    story('restocked is on hand', [registered(1), returned('restock')], { onHand: 3, available: 3 }),
    story('quarantined is on hand and in quarantine', [registered(1), returned('quarantine')], {
      onHand: 3,
      quarantined: 2,
      available: 1,
    }),
    story('scrapped moves nothing', [registered(1), returned('scrap')], { onHand: 1, available: 1 }),
  ],
});

describe('the level of a stock', () => {
  it('takes the figures of the event and never counts again', () => {
    const [first, second] = logOf(...stockEvents(registered(10), move('StockReceived', { quantity: 5 })));
    const data = { ...second?.data, after: balanceOf({ onHand: 99, incoming: 4 }) };
    const told = { ...second, data } as NonNullable<typeof second>;
    const document = stockLevels.apply(stockLevels.apply(null, first!, ''), told, '');
    expect(document).toEqual(level(1, { onHand: 99, incoming: 4, available: 99 }));
  });

  it('shows no figure that the balance gains later, until it is named here', () => {
    const balance = { ...balanceOf({ onHand: 1 }), secret: 7 };
    const stock = { phase: 'active', balance, registeredAt: timeAt(0) } as const;
    expect(levelOf({ ...chairs, stock, revision: 0, updatedAt: timeAt(0) })).not.toHaveProperty('secret');
  });

  it('is below its safety stock only when less than that is free', () => {
    const free = (onHand: number) =>
      levelOf({
        ...chairs,
        stock: { phase: 'active', balance: balanceOf({ onHand, safetyStock: 3 }), registeredAt: timeAt(0) },
        revision: 0,
        updatedAt: timeAt(0),
      }).belowSafetyStock;
    expect([free(2), free(3), free(4)]).toEqual([true, false, false]);
  });
});
