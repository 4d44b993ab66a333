/** What a transfer tells the stocks at its ends; none of it is refused (docs/transfers.md). */
import { describe, expect, it } from 'vitest';
import type { StockCommand, StockCommandOf, StockRefusal } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import type { Balance } from '../../src/domain/stock/shapes.ts';
import { quantityMax } from '../../src/domain/values.ts';
import { throughSnapshot } from '../support/deciderSpec.ts';
import { balanceOf, earlier, later, now, soon } from '../support/samples.ts';

const key = { warehouseId: 'BER', sku: 'CHAIR' };
const ofLine = { transferId: 't1', lineId: '1' };
const claimed = (figures: Partial<Balance>): StockEvent => ({
  type: 'StockTransferReserved',
  data: { ...key, ...ofLine, reservationId: 'c1', quantity: 4, expiresAt: later, after: balanceOf(figures) },
});
const registered = (onHand: number, safetyStock = 0): StockEvent => ({
  type: 'StockRegistered',
  data: { ...key, onHand, safetyStock, registeredAt: now, after: balanceOf({ onHand, safetyStock }) },
});
const opened = (registeredAt: string): StockEvent => ({
  type: 'StockRegistered',
  data: { ...key, onHand: 0, safetyStock: 0, registeredAt, after: balanceOf({}) },
});
const retired: StockEvent = { type: 'StockRetired', data: { ...key, after: balanceOf({}) } };
const reserve: StockCommandOf<'ReserveForTransfer'> = {
  type: 'ReserveForTransfer',
  ...key,
  ...ofLine,
  reservationId: 'c1',
  quantity: 4,
  expiresAt: later,
  // Before the stock was registered, by the clock of whoever planned it.
  occurredAt: earlier,
};
const out = (quantity: number, endsClaim = false): StockCommandOf<'TransferOut'> => ({
  type: 'TransferOut',
  ...key,
  ...ofLine,
  reservationId: 'c1',
  quantity,
  endsClaim,
  toWarehouseId: 'PAR',
  occurredAt: earlier,
});
const left = (quantity: number, taken: number, figures: Partial<Balance>): StockEvent => ({
  type: 'StockTransferredOut',
  data: {
    ...key,
    ...ofLine,
    reservationId: 'c1',
    quantity,
    claimed: taken,
    toWarehouseId: 'PAR',
    after: balanceOf(figures),
  },
});
const missing = (pieces: number): StockEvent => ({
  type: 'StockDiscrepancyRecorded',
  data: {
    ...key,
    missing: pieces,
    cause: 'departure',
    reservationId: 'c1',
    reference: 't1',
    after: balanceOf({}),
  },
});
const into = (quantity: number, damaged = 0): StockCommandOf<'TransferIn'> => ({
  type: 'TransferIn',
  ...key,
  ...ofLine,
  quantity,
  damaged,
  fromWarehouseId: 'PAR',
  occurredAt: earlier,
});
const came = (quantity: number, damaged: number, figures: Partial<Balance>): StockEvent => ({
  type: 'StockTransferredIn',
  data: { ...key, ...ofLine, quantity, damaged, fromWarehouseId: 'PAR', after: balanceOf(figures) },
});
const declined = (available: number, figures: Partial<Balance>): StockEvent => ({
  type: 'StockTransferDeclined',
  data: { ...key, ...ofLine, quantity: 4, available, after: balanceOf(figures) },
});
/** A repetition is known by its command, and not by the stock. */
const atStock = (...history: readonly StockEvent[]) => ({
  when: (command: StockCommand) => {
    const { codec, decide, evolve, initialState } = stockDecider;
    const decision = decide(command, throughSnapshot(codec, history.reduce(evolve, initialState)));
    return {
      thenRecords: (...events: readonly StockEvent[]) => expect(decision).toStrictEqual({ accepted: events }),
      thenRefused: (code: StockRefusal) => expect(decision).toMatchObject({ refused: { code } }),
    };
  },
});

describe('pieces for a transfer', () => {
  it('are kept, all of them, whenever it was planned', () =>
    atStock(registered(10))
      .when(reserve)
      .thenRecords(claimed({ onHand: 10, reserved: 4 })));
  it('are not kept where there are too few, safety stock left out', () =>
    atStock(registered(10, 7))
      .when(reserve)
      .thenRecords(declined(3, { onHand: 10, safetyStock: 7 })));
  it('are not kept where the stock is retired, and there are none where it never was', () => {
    atStock(opened(now), retired).when(reserve).thenRecords(declined(0, {}));
    atStock().when(reserve).thenRecords();
  });
});

describe('pieces that leave for another warehouse', () => {
  it('are taken from what is kept for them', () =>
    atStock(registered(10), claimed({ onHand: 10, reserved: 4 }))
      .when(out(3))
      .thenRecords(left(3, 3, { onHand: 7, reserved: 1 })));
  it('are taken from the shelf beyond that', () =>
    atStock(registered(10), claimed({ onHand: 10, reserved: 4 }))
      .when(out(6))
      .thenRecords(left(6, 4, { onHand: 4 })));
  it('free what is still kept when they are the last', () =>
    atStock(registered(10), claimed({ onHand: 10, reserved: 4 }))
      .when(out(3, true))
      .thenRecords(left(3, 3, { onHand: 7, reserved: 1 }), {
        type: 'StockReservationReleased',
        data: { ...key, reservationId: 'c1', quantity: 1, reason: 'transferred', after: balanceOf({ onHand: 7 }) },
      }));
  it('take from the newest claims of others what they were promised', () => {
    const others: StockEvent = {
      type: 'StockReserved',
      data: {
        ...key,
        reservationId: 'r1',
        quantity: 8,
        expiresAt: soon,
        after: balanceOf({ onHand: 10, reserved: 8 }),
      },
    };
    atStock(registered(10), others)
      .when(out(6))
      .thenRecords(left(6, 0, { onHand: 4, reserved: 8 }), {
        type: 'StockReservationLapsed',
        data: {
          ...key,
          reservationId: 'r1',
          quantity: 4,
          cause: 'departure',
          after: balanceOf({ onHand: 4, reserved: 4 }),
        },
      });
  });
  it('are named where the ledger did not have them, also of a stock that is retired or never was', () => {
    atStock(registered(2))
      .when(out(5))
      .thenRecords(left(2, 0, {}), missing(3));
    atStock(opened(now), retired).when(out(5)).thenRecords(missing(5));
    atStock().when(out(5)).thenRecords(opened(earlier), missing(5));
  });
});

describe('pieces that come from another warehouse', () => {
  it('are on hand, the damaged ones in quarantine', () =>
    atStock(registered(10))
      .when(into(5, 2))
      .thenRecords(came(5, 2, { onHand: 15, quarantined: 2 })));
  it('open a stock that never was, and one that is retired', () => {
    atStock()
      .when(into(5))
      .thenRecords(opened(earlier), came(5, 0, { onHand: 5 }));
    atStock(registered(0), retired)
      .when(into(5))
      .thenRecords(opened(earlier), came(5, 0, { onHand: 5 }));
  });
  it('are more than one stock can count, and then it may become less', () => {
    const full = registered(quantityMax);
    const more = came(1, 0, { onHand: quantityMax + 1 });
    atStock(full).when(into(1)).thenRecords(more);
    atStock(full, more)
      .when({ type: 'AdjustStock', ...key, occurredAt: now, delta: -1, reason: 'damaged' })
      .thenRecords({
        type: 'StockAdjusted',
        data: { ...key, delta: -1, reason: 'damaged', after: balanceOf({ onHand: quantityMax }) },
      });
    atStock(full, more)
      .when({ type: 'ReceiveStock', ...key, occurredAt: now, quantity: 1 })
      .thenRefused('QUANTITY_TOO_LARGE');
  });
});
