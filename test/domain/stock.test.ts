import { describe, expect, it } from 'vitest';
import { proposalsMax } from '../../src/domain/stock/approvals.ts';
import type { StockCommand, StockCommandOf, StockRefusal } from '../../src/domain/stock/commands.ts';
import { expiredAt, stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent, StockRegistered, StockReserved } from '../../src/domain/stock/events.ts';
import type { Balance, ProposedChange } from '../../src/domain/stock/shapes.ts';
import { availableOf, reservationsMax, reservationsOf } from '../../src/domain/stock/state.ts';
import { quantityMax } from '../../src/domain/values.ts';
import { given, type RefusalTests, recordedBy } from '../support/deciderSpec.ts';
import { balanceOf, earlier, later, now, sealed, soon } from '../support/samples.ts';

const key = { warehouseId: 'BER', sku: 'CHAIR' };
const at = { ...key, occurredAt: now };

/** Ten on the shelf, unless the figures say otherwise. */
const registered = (figures: Partial<Balance> = {}): StockRegistered => {
  const after = balanceOf({ onHand: 10, ...figures });
  const { onHand, safetyStock } = after;
  return { type: 'StockRegistered', data: { ...key, onHand, safetyStock, registeredAt: now, after } };
};
/** Four of the ten claimed by line 1 of an order. */
const reserved: StockReserved = {
  type: 'StockReserved',
  data: {
    ...key,
    reservationId: 'r1',
    quantity: 4,
    expiresAt: soon,
    orderId: 'order1',
    lineId: '1',
    after: balanceOf({ onHand: 10, reserved: 4 }),
  },
};
const quarantined: StockEvent = {
  type: 'StockQuarantined',
  data: { ...key, quantity: 3, reason: 'inspection', after: balanceOf({ onHand: 10, quarantined: 3 }) },
};
const retired: StockEvent = { type: 'StockRetired', data: { ...key, after: balanceOf({}) } };

const receive: StockCommandOf<'ReceiveStock'> = { type: 'ReceiveStock', ...at, quantity: 5 };
const adjust = (delta: number): StockCommand => ({ type: 'AdjustStock', ...at, delta, reason: 'damaged' });
const reserve: StockCommandOf<'ReserveStock'> = {
  type: 'ReserveStock',
  ...at,
  reservationId: 'r1',
  quantity: 4,
  expiresAt: soon,
  orderId: 'order1',
  lineId: '1',
};
const ship = (quantity: number, shipmentId = 's1'): StockCommand => ({
  type: 'ShipStock',
  ...at,
  reservationId: 'r1',
  quantity,
  shipmentId,
});
const release: StockCommandOf<'ReleaseReservation'> = {
  type: 'ReleaseReservation',
  ...at,
  reservationId: 'r1',
  reason: 'order_cancelled',
};
const retire: StockCommand = { type: 'RetireStock', ...at };
const end = { ...key, reservationId: 'r1', orderId: 'order1', lineId: '1' };

describe('registering', () => {
  const register: StockCommand = { type: 'RegisterStock', ...at, onHand: 10, safetyStock: 2 };
  it('opens the stock with its first figures', () =>
    given(stockDecider)
      .when(register)
      .thenRecords(registered({ safetyStock: 2 })));
  it('begins anew after the stock was retired', () =>
    given(stockDecider, registered({ onHand: 0 }), retired)
      .when({ ...register, onHand: 7, safetyStock: 0 })
      .thenRecords(registered({ onHand: 7 })));
});

describe('receiving and adjusting', () => {
  it('adds what was delivered, with its papers, each time', () =>
    given(stockDecider, registered())
      .when({ ...receive, purchaseOrder: 'PO-7', asn: 'ASN-7', supplier: 'mill' })
      .thenRecordsEachTime({
        type: 'StockReceived',
        data: {
          ...key,
          quantity: 5,
          purchaseOrder: 'PO-7',
          asn: 'ASN-7',
          supplier: 'mill',
          after: balanceOf({ onHand: 15 }),
        },
      }));
  it('books a loss with its reason, each time', () =>
    given(stockDecider, registered())
      .when({ ...at, type: 'AdjustStock', delta: -2, reason: 'lost', note: sealed('n'), reference: 'claim 3' })
      .thenRecordsEachTime({
        type: 'StockAdjusted',
        data: {
          ...key,
          delta: -2,
          reason: 'lost',
          note: sealed('n'),
          reference: 'claim 3',
          after: balanceOf({ onHand: 8 }),
        },
      }));
  it('lets a loss eat the safety stock', () =>
    given(stockDecider, registered({ safetyStock: 8 }))
      .when(adjust(-5))
      .thenRecordsEachTime({
        type: 'StockAdjusted',
        data: { ...key, delta: -5, reason: 'damaged', after: balanceOf({ onHand: 5, safetyStock: 8 }) },
      }));
  it('sets what was counted, and says what it differed by, each time', () =>
    given(stockDecider, registered())
      .when({ type: 'SetStock', ...at, counted: 7, reason: 'cycle count', note: sealed('n') })
      .thenRecordsEachTime({
        type: 'StockCounted',
        data: {
          ...key,
          counted: 7,
          delta: -3,
          reason: 'cycle count',
          note: sealed('n'),
          after: balanceOf({ onHand: 7 }),
        },
      }));
});

describe('reserving', () => {
  it('claims what is available, once', () => given(stockDecider, registered()).when(reserve).thenRecords(reserved));
  it('never promises the safety stock', () =>
    given(stockDecider, registered({ safetyStock: 7 }))
      .when(reserve)
      .thenRefused('INSUFFICIENT_STOCK'));
  it('never promises what another order holds', () =>
    given(stockDecider, registered(), reserved)
      .when({ ...reserve, reservationId: 'r2', quantity: 7 })
      .thenRefused('INSUFFICIENT_STOCK'));
  it('knows a repeated claim again after a part of it has left', () =>
    given(stockDecider, registered(), reserved, {
      type: 'StockShipped',
      data: { ...end, quantity: 3, shipmentId: 's1', after: balanceOf({ onHand: 7, reserved: 1 }) },
    })
      .when(reserve)
      .thenNothing());
  it('refuses the same id for another order, or for another line of it', () => {
    for (const owner of [{ orderId: 'order2' }, { lineId: '2' }]) {
      given(stockDecider, registered(), reserved)
        .when({ ...reserve, ...owner })
        .thenRefused('RESERVATION_ID_TAKEN');
    }
  });
});

describe('the end of a reservation', () => {
  it('is a release, which gives the pieces back', () =>
    given(stockDecider, registered(), reserved)
      .when(release)
      .thenRecords({
        type: 'StockReservationReleased',
        data: { ...end, quantity: 4, reason: 'order_cancelled', after: balanceOf({ onHand: 10 }) },
      }));
  it('is its time running out (B4)', () =>
    given(stockDecider, registered(), reserved)
      .when({ type: 'ExpireReservation', ...at, reservationId: 'r1', now: soon })
      .thenRecords({
        type: 'StockReservationExpired',
        data: { ...end, quantity: 4, after: balanceOf({ onHand: 10 }) },
      }));
  it('does not come before its time', () =>
    given(stockDecider, registered(), reserved)
      .when({ type: 'ExpireReservation', ...at, reservationId: 'r1', now })
      .thenNothing());
  // A departure that is told again is known by the id of its command; to the decider it is another one (T28).
  it('is the goods leaving', () =>
    given(stockDecider, registered(), reserved)
      .when(ship(4))
      .thenRecordsEachTime({
        type: 'StockShipped',
        data: { ...end, quantity: 4, shipmentId: 's1', after: balanceOf({ onHand: 6 }) },
      }));
  it('leaves the rest open, and a shipment takes from it once however often it is told', () =>
    given(stockDecider, registered(), reserved)
      .when(ship(1))
      .thenRecords({
        type: 'StockShipped',
        data: { ...end, quantity: 1, shipmentId: 's1', after: balanceOf({ onHand: 9, reserved: 3 }) },
      }));
  it('may be reported by a clock that runs behind the registration, whichever end it is', () => {
    const behind = { occurredAt: earlier };
    const after = balanceOf({ onHand: 10 });
    given(stockDecider, registered(), reserved)
      .when({ ...release, ...behind })
      .thenRecords({
        type: 'StockReservationReleased',
        data: { ...end, quantity: 4, reason: 'order_cancelled', after },
      });
    given(stockDecider, registered(), reserved)
      .when({ type: 'ExpireReservation', ...at, ...behind, reservationId: 'r1', now: later })
      .thenRecords({ type: 'StockReservationExpired', data: { ...end, quantity: 4, after } });
    given(stockDecider, registered(), reserved)
      .when({ ...ship(4), ...behind })
      .thenRecordsEachTime({
        type: 'StockShipped',
        data: { ...end, quantity: 4, shipmentId: 's1', after: balanceOf({ onHand: 6 }) },
      });
  });
  it('gives back a part, and the rest stays open', () =>
    given(stockDecider, registered(), reserved)
      .when({ ...release, quantity: 1 })
      .thenRecordsEachTime({
        type: 'StockReservationReleased',
        data: { ...end, quantity: 1, reason: 'order_cancelled', after: balanceOf({ onHand: 10, reserved: 3 }) },
      }));
});

describe('quarantine, policy and retirement', () => {
  const quarantine: StockCommand = { type: 'QuarantineStock', ...at, quantity: 3, reason: 'inspection' };
  it('takes damaged goods out of what can be promised, each time', () =>
    given(stockDecider, registered()).when(quarantine).thenRecordsEachTime(quarantined));
  it('keeps a note with them, sealed', () =>
    given(stockDecider, registered())
      .when({ type: 'QuarantineStock', ...at, quantity: 3, reason: 'inspection', note: sealed('n') })
      .thenRecordsEachTime({ ...quarantined, data: { ...quarantined.data, note: sealed('n') } }));
  it('gives quarantined goods back', () =>
    given(stockDecider, registered(), quarantined)
      .when({ type: 'ReleaseQuarantine', ...at, quantity: 2 })
      .thenRecords({
        type: 'StockQuarantineReleased',
        data: { ...key, quantity: 2, after: balanceOf({ onHand: 10, quarantined: 1 }) },
      }));
  it('gives back no more than it holds', () =>
    given(stockDecider, registered(), quarantined)
      .when({ type: 'ReleaseQuarantine', ...at, quantity: 4 })
      .thenRefused('INSUFFICIENT_STOCK'));
  it('sets the safety stock', () =>
    given(stockDecider, registered())
      .when({ type: 'SetStockPolicy', ...at, safetyStock: 4 })
      .thenRecords({
        type: 'StockPolicySet',
        data: { ...key, safetyStock: 4, after: balanceOf({ onHand: 10, safetyStock: 4 }) },
      }));
  it('retires an empty stock', () =>
    given(stockDecider, registered({ onHand: 0 }))
      .when(retire)
      .thenRecords(retired));
});

const proposal = (approvalId: string, change: ProposedChange): StockEvent => ({
  type: 'StockChangeProposed',
  data: { ...key, approvalId, change, held: 0, proposedBy: 'anna', after: balanceOf({ onHand: 10 }) },
});
const gainProposed = (approvalId: string) => proposal(approvalId, { kind: 'adjustment', delta: 60, reason: 'found' });
const countProposed = proposal('a2', { kind: 'count', counted: 70, delta: 60, reason: 'cycle count' });
const foundMore = { type: 'AdjustStock', ...at, delta: 60, reason: 'found' } as const;
const approve = { type: 'ApproveChange', ...at, approvalId: 'a1', approvedBy: 'bert' } as const;

const refusals: RefusalTests<StockRefusal> = {
  STOCK_NOT_FOUND: () => given(stockDecider).when(receive).thenRefused('STOCK_NOT_FOUND'),
  STOCK_ALREADY_REGISTERED: () =>
    given(stockDecider, registered())
      .when({ type: 'RegisterStock', ...at, onHand: 1, safetyStock: 0 })
      .thenRefused('STOCK_ALREADY_REGISTERED'),
  STOCK_RETIRED: () =>
    given(stockDecider, registered({ onHand: 0 }), retired)
      .when(receive)
      .thenRefused('STOCK_RETIRED'),
  STOCK_NOT_EMPTY: () => given(stockDecider, registered()).when(retire).thenRefused('STOCK_NOT_EMPTY'),
  INSUFFICIENT_STOCK: () =>
    given(stockDecider, registered())
      .when({ ...reserve, quantity: 11 })
      .thenRefused('INSUFFICIENT_STOCK'),
  QUANTITY_INVALID: () =>
    given(stockDecider, registered())
      .when({ ...receive, quantity: -1 })
      .thenRefused('QUANTITY_INVALID'),
  QUANTITY_TOO_LARGE: () =>
    given(stockDecider, registered())
      .when({ ...receive, quantity: quantityMax })
      .thenRefused('QUANTITY_TOO_LARGE'),
  TOO_MANY_RESERVATIONS: () => {
    const { decide, evolve, initialState } = stockDecider;
    const after = balanceOf({ onHand: quantityMax, reserved: reservationsMax });
    let stock = evolve(initialState, registered({ onHand: quantityMax }));
    for (let open = 0; open < reservationsMax; open += 1) {
      const data = { ...key, reservationId: `r${open}`, quantity: 1, expiresAt: soon, orderId: 'order1', after };
      stock = evolve(stock, { type: 'StockReserved', data });
    }
    const oneMore = { ...reserve, reservationId: 'one more', quantity: 1 };
    expect(decide(oneMore, stock)).toMatchObject({ refused: { code: 'TOO_MANY_RESERVATIONS' } });
    // One that takes over another, or is there already, makes no more of them.
    expect(decide({ ...oneMore, from: 'r1' }, stock)).toMatchObject({
      accepted: [{ data: { fromReservationId: 'r1' } }],
    });
    const released = evolve(stock, recordedBy(decide(release, stock))[0] as StockEvent);
    expect(decide(oneMore, released)).toMatchObject({ accepted: [{ type: 'StockReserved' }] });
  },
  RESERVATION_NOT_FOUND: () => given(stockDecider, registered()).when(release).thenRefused('RESERVATION_NOT_FOUND'),
  RESERVATION_ID_TAKEN: () =>
    given(stockDecider, registered(), reserved)
      .when({ ...reserve, quantity: 1 })
      .thenRefused('RESERVATION_ID_TAKEN'),
  APPROVAL_ENDED: () => given(stockDecider, registered()).when(approve).thenRefused('APPROVAL_ENDED'),
  APPROVAL_BY_PROPOSER: () =>
    given(stockDecider, registered(), gainProposed('a1'))
      .when({ ...approve, approvedBy: 'anna' })
      .thenRefused('APPROVAL_BY_PROPOSER'),
  APPROVAL_OPEN: () =>
    given(stockDecider, registered({ onHand: 0 }), gainProposed('a1'))
      .when(retire)
      .thenRefused('APPROVAL_OPEN'),
  COUNTED_SINCE: () =>
    given(stockDecider, registered(), gainProposed('a1'), countProposed).when(approve).thenRefused('COUNTED_SINCE'),
  TOO_MANY_PROPOSALS: () =>
    given(stockDecider, registered(), ...Array.from({ length: proposalsMax }, (_, index) => gainProposed(`a${index}`)))
      .when({ ...foundMore, approval: { fromUnits: 50, approvalId: 'one more', by: 'anna' } })
      .thenRefused('TOO_MANY_PROPOSALS'),
  OCCURRED_BEFORE_REGISTRATION: () =>
    given(stockDecider, registered())
      .when({ ...receive, occurredAt: earlier })
      .thenRefused('OCCURRED_BEFORE_REGISTRATION'),
};

describe('every refusal of a stock command', () => {
  it.each(Object.entries(refusals))('%s', (_code, provoke) => {
    provoke();
  });

  const nonsense: readonly StockCommand[] = [
    { type: 'RegisterStock', ...at, onHand: -1, safetyStock: 0 },
    { type: 'RegisterStock', ...at, onHand: 1, safetyStock: -1 },
    { ...receive, quantity: 0 },
    { ...receive, quantity: 1.5 },
    adjust(quantityMax + 1),
    { type: 'SetStock', ...at, counted: Number.NaN, reason: 'cycle count' },
    { ...reserve, quantity: -4 },
    ship(-1),
    { type: 'QuarantineStock', ...at, quantity: -3, reason: 'inspection' },
    { type: 'ReleaseQuarantine', ...at, quantity: -3 },
    { type: 'SetStockPolicy', ...at, safetyStock: -5 },
  ];
  it.each(nonsense)('no $type with a figure that is no number of pieces (R6.3)', (command) =>
    given(stockDecider, registered(), reserved).when(command).thenRefused('QUANTITY_INVALID'),
  );
});

describe('what others ask of a stock', () => {
  const stock = [registered({ safetyStock: 8 }), reserved].reduce(stockDecider.evolve, stockDecider.initialState);
  it('promises nothing, and never less, while its safety stock is not met', () => {
    expect(availableOf(balanceOf({ onHand: 5, safetyStock: 8 }))).toBe(0);
    expect(availableOf(balanceOf({ onHand: 10, reserved: 2, quarantined: 1, safetyStock: 3 }))).toBe(4);
  });
  it('lists the open reservations of one order', () => {
    expect(reservationsOf(stock, 'order1')).toMatchObject([{ reservationId: 'r1', quantity: 4, lineId: '1' }]);
    expect(reservationsOf(stock, 'order2')).toEqual([]);
    expect(reservationsOf(stockDecider.initialState, 'order1')).toEqual([]);
  });
  it('lists the reservations that are past their time, to the millisecond', () => {
    expect([now, soon, later].map((time) => expiredAt(stock, time))).toEqual([[], ['r1'], ['r1']]);
    expect(expiredAt(stockDecider.initialState, later)).toEqual([]);
  });
  it('weighs more with each open reservation, so that the cache can bound it', () => {
    const empty = stockDecider.evolve(stockDecider.initialState, registered());
    expect(stockDecider.weigh(stock)).toBeGreaterThan(stockDecider.weigh(empty));
  });
  it('ignores an event about a stock that was never registered', () => {
    expect(stockDecider.evolve(stockDecider.initialState, reserved)).toEqual({ phase: 'absent' });
  });
});
