/** What takes a second person (T13): proposed, then approved or rejected, each in one append. */
import { describe, expect, it } from 'vitest';
import { proposalsMax } from '../../src/domain/stock/approvals.ts';
import type { StockCommand, StockRefusal } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { availableOf, type Stock } from '../../src/domain/stock/state.ts';
import { recordedBy, throughSnapshot } from '../support/deciderSpec.ts';
import { balanceOf, now, sealed, soon } from '../support/samples.ts';

const key = { warehouseId: 'BER', sku: 'CHAIR' };
const at = { ...key, occurredAt: now };
const terms = (approvalId: string) => ({ approval: { fromUnits: 50, approvalId, by: 'anna' } });

const register = (onHand: number): StockCommand => ({ type: 'RegisterStock', ...at, onHand, safetyStock: 0 });
const adjust = (approvalId: string, delta: number): StockCommand => ({
  type: 'AdjustStock',
  ...at,
  delta,
  reason: 'lost',
  ...terms(approvalId),
});
const count = (approvalId: string, counted: number): StockCommand => ({
  type: 'SetStock',
  ...at,
  counted,
  reason: 'cycle count',
  ...terms(approvalId),
});
const retire = (approvalId: string): StockCommand => ({ type: 'RetireStock', ...at, ...terms(approvalId) });
const reserve = (reservationId: string, quantity: number): StockCommand => ({
  type: 'ReserveStock',
  ...at,
  reservationId,
  quantity,
  expiresAt: soon,
  orderId: 'order1',
  lineId: '1',
});
const receive = (quantity: number): StockCommand => ({ type: 'ReceiveStock', ...at, quantity });
const quarantine = (quantity: number): StockCommand => ({ type: 'QuarantineStock', ...at, quantity, reason: 'wet' });
const release = (quantity: number): StockCommand => ({ type: 'ReleaseQuarantine', ...at, quantity });
const depart = (quantity: number): StockCommand => ({
  type: 'ShipStock',
  ...at,
  reservationId: 'gone',
  quantity,
  shipmentId: 's1',
});
const approve = (approvalId: string, approvedBy = 'bert'): StockCommand => ({
  type: 'ApproveChange',
  ...at,
  approvalId,
  approvedBy,
});
const reject = (approvalId: string, rejectedBy = 'bert'): StockCommand => ({
  type: 'RejectChange',
  ...at,
  approvalId,
  rejectedBy,
  reason: 'found again',
});

interface Decided {
  readonly events: readonly StockEvent[];
  readonly refusal: StockRefusal | null;
  readonly stock: Stock;
}

/** Decides one command after another, each on the state as a snapshot has it; tells of the last one. */
const last = (...commands: readonly StockCommand[]): Decided => {
  let decided: Decided = { events: [], refusal: null, stock: stockDecider.initialState };
  for (const command of commands) {
    const before = throughSnapshot(stockDecider.codec, decided.stock);
    const decision = stockDecider.decide(command, before);
    const events = recordedBy(decision);
    const refusal = 'refused' in decision ? decision.refused.code : null;
    decided = { events, refusal, stock: events.reduce(stockDecider.evolve, before) };
  }
  return decided;
};

/** Type, and what matters of the data. */
const told = ({ events }: Decided): readonly object[] =>
  events.map(({ type, data }) => {
    const { warehouseId: _, sku: __, ...rest } = data;
    return { [type]: rest };
  });
const typesOf = ({ events }: Decided): readonly string[] => events.map(({ type }) => type);
const balanceAfter = ({ stock }: Decided) => (stock.phase === 'absent' ? null : stock.balance);

describe('a loss from the threshold on', () => {
  it('is only proposed, and what may be gone is held like quarantined goods', () => {
    const decided = last(register(100), adjust('a1', -60));
    expect(told(decided)).toEqual([
      {
        StockChangeProposed: {
          approvalId: 'a1',
          change: { kind: 'adjustment', delta: -60, reason: 'lost' },
          held: 60,
          proposedBy: 'anna',
          after: balanceOf({ onHand: 100, quarantined: 60 }),
        },
      },
    ]);
    expect(availableOf(balanceAfter(decided)!)).toBe(40);
  });

  it('takes from the newest claims in the same append, so that nobody is sold what may be gone', () => {
    const decided = last(register(100), reserve('r1', 30), reserve('r2', 30), adjust('a1', -60));
    expect(told(decided).slice(1)).toEqual([
      {
        StockReservationLapsed: {
          reservationId: 'r2',
          quantity: 20,
          orderId: 'order1',
          lineId: '1',
          cause: 'adjustment',
          after: balanceOf({ onHand: 100, reserved: 40, quarantined: 60 }),
        },
      },
    ]);
  });

  it('below the threshold is recorded at once', () => {
    expect(typesOf(last(register(100), adjust('a1', -49)))).toEqual(['StockAdjusted']);
    expect(typesOf(last(register(100), adjust('a1', 49)))).toEqual(['StockAdjusted']);
    expect(typesOf(last(register(100), count('a1', 51)))).toEqual(['StockCounted']);
  });

  it('holds no more than there is to hold', () => {
    const { events } = last(register(55), quarantine(5), adjust('a1', -80));
    expect(events[0]?.data).toMatchObject({ held: 50, after: balanceOf({ onHand: 55, quarantined: 55 }) });
  });

  it('is done when it is approved: the hold goes, and the pieces with it', () => {
    const decided = last(register(100), adjust('a1', -60), approve('a1'));
    expect(told(decided)).toEqual([
      {
        StockChangeApproved: { approvalId: 'a1', freed: 60, approvedBy: 'bert', after: balanceOf({ onHand: 100 }) },
      },
      { StockAdjusted: { delta: -60, reason: 'lost', after: balanceOf({ onHand: 40 }) } },
    ]);
  });

  it('carries its note, and what it refers to', () => {
    const asked = { ...adjust('a1', -60), note: sealed('wet'), reference: 'shift 2' } as StockCommand;
    const [, adjusted] = last(register(100), asked, approve('a1')).events;
    expect(adjusted?.data).toMatchObject({ note: sealed('wet'), reference: 'shift 2' });
  });

  it('is not done when it is rejected: what was held is free', () => {
    const decided = last(register(100), adjust('a1', -60), reject('a1'));
    const end = { approvalId: 'a1', freed: 60, rejectedBy: 'bert', reason: 'found again' };
    expect(told(decided)).toEqual([{ StockChangeRejected: { ...end, after: balanceOf({ onHand: 100 }) } }]);
  });

  it('tells what is missing once it is approved, and not before', () => {
    expect(typesOf(last(register(40), adjust('a1', -60)))).toEqual(['StockChangeProposed']);
    const approved = last(register(40), adjust('a1', -60), approve('a1'));
    expect(told(approved).slice(1)).toEqual([
      { StockAdjusted: { delta: -40, reason: 'lost', after: balanceOf({}) } },
      { StockDiscrepancyRecorded: { missing: 20, cause: 'adjustment', reason: 'lost', after: balanceOf({}) } },
    ]);
  });
});

describe('a gain from the threshold on', () => {
  it('changes nothing until it is approved', () => {
    const proposed = last(register(10), adjust('a1', 60));
    expect(proposed.events[0]?.data).toMatchObject({ held: 0, after: balanceOf({ onHand: 10 }) });
    const approved = last(register(10), adjust('a1', 60), approve('a1'));
    expect(typesOf(approved)).toEqual(['StockChangeApproved', 'StockAdjusted']);
    expect(balanceAfter(approved)).toEqual(balanceOf({ onHand: 70 }));
  });

  it('that the stock could not count is refused at once', () => {
    expect(last(register(10), adjust('a1', 2_147_483_647)).refusal).toBe('QUANTITY_TOO_LARGE');
  });
});

describe('a count from the threshold on', () => {
  it('is proposed with what it differs by, and comes to that', () => {
    const proposed = last(register(100), count('a1', 20));
    expect(proposed.events[0]?.data).toMatchObject({
      change: { kind: 'count', counted: 20, delta: -80, reason: 'cycle count' },
      held: 80,
    });
    const approved = last(register(100), count('a1', 20), approve('a1'));
    expect(told(approved)[1]).toEqual({
      StockCounted: { counted: 20, delta: -80, reason: 'cycle count', after: balanceOf({ onHand: 20 }) },
    });
  });

  it('is about the shelf at its time: what has moved since stays counted', () => {
    const approved = last(register(100), count('a1', 20), receive(5), approve('a1'));
    expect(approved.events[1]?.data).toMatchObject({ counted: 25, delta: -80, after: balanceOf({ onHand: 25 }) });
  });

  it('tells what has left since beyond what was counted', () => {
    const approved = last(register(100), count('a1', 20), depart(50), approve('a1'));
    expect(told(approved).slice(1)).toEqual([
      { StockCounted: { counted: 0, delta: -50, reason: 'cycle count', after: balanceOf({}) } },
      { StockDiscrepancyRecorded: { missing: 30, cause: 'count', after: balanceOf({}) } },
    ]);
  });

  it('settles what was proposed before it, when it is approved and not before', () => {
    const both = [register(100), adjust('a1', -60), count('a2', 30)];
    expect(last(...both).events[0]?.data).toMatchObject({ held: 40 });
    expect(last(...both, approve('a1')).refusal).toBe('COUNTED_SINCE');
    const approved = last(...both, approve('a2'));
    expect(typesOf(approved)).toEqual(['StockChangeApproved', 'StockChangeRejected', 'StockCounted']);
    expect(approved.events[1]?.data).toMatchObject({ approvalId: 'a1', freed: 60, reason: 'counted_since' });
    expect(approved.events[1]?.data).not.toHaveProperty('rejectedBy');
    expect(balanceAfter(approved)).toEqual(balanceOf({ onHand: 30 }));
    expect(last(...both, reject('a2'), approve('a1')).refusal).toBeNull();
  });

  it('that is recorded at once settles them too', () => {
    const counted = last(register(100), adjust('a1', -60), count('a2', 95));
    expect(typesOf(counted)).toEqual(['StockChangeRejected', 'StockCounted']);
    expect(balanceAfter(counted)).toEqual(balanceOf({ onHand: 95 }));
  });

  it('leaves alone what was proposed after it', () => {
    const approved = last(register(100), count('a1', 40), adjust('a2', -50), approve('a1'));
    expect(typesOf(approved)).toEqual(['StockChangeApproved', 'StockCounted']);
    expect(balanceAfter(approved)).toEqual(balanceOf({ onHand: 40, quarantined: 40 }));
  });
});

describe('a retirement', () => {
  it('is proposed in any case, and checked again when it is approved', () => {
    expect(told(last(register(0), retire('a1')))).toMatchObject([
      { StockChangeProposed: { change: { kind: 'retirement' }, held: 0 } },
    ]);
    expect(last(register(1), retire('a1')).refusal).toBe('STOCK_NOT_EMPTY');
    expect(last(register(0), retire('a1'), receive(1), approve('a1')).refusal).toBe('STOCK_NOT_EMPTY');
    const approved = last(register(0), retire('a1'), approve('a1'));
    expect(typesOf(approved)).toEqual(['StockChangeApproved', 'StockRetired']);
    expect(approved.stock.phase).toBe('retired');
  });

  it('is refused while anything else waits, also where nothing takes a second person any more', () => {
    const open = [register(0), adjust('a1', 60)];
    expect(last(...open, retire('a2')).refusal).toBe('APPROVAL_OPEN');
    expect(last(...open, { type: 'RetireStock', ...at }).refusal).toBe('APPROVAL_OPEN');
    expect(last(register(0), retire('a1'), adjust('a2', 60), approve('a1')).refusal).toBe('APPROVAL_OPEN');
    expect(last(register(0), retire('a1'), adjust('a2', 60), reject('a2'), approve('a1')).refusal).toBeNull();
  });

  it('is not settled by a count', () => {
    expect(typesOf(last(register(0), retire('a1'), count('a2', 0)))).toEqual(['StockCounted']);
  });
});

describe('an approval', () => {
  it('is not for who proposed it; a rejection is', () => {
    expect(last(register(100), adjust('a1', -60), approve('a1', 'anna')).refusal).toBe('APPROVAL_BY_PROPOSER');
    expect(last(register(100), adjust('a1', -60), reject('a1', 'anna')).refusal).toBeNull();
  });

  it('comes once', () => {
    for (const end of [approve('a1'), reject('a1')]) {
      for (const again of [approve('a1'), reject('a1')]) {
        expect(last(register(100), adjust('a1', -60), end, again).refusal).toBe('APPROVAL_ENDED');
      }
    }
    expect(last(register(0), retire('a1'), approve('a1'), approve('a1')).refusal).toBe('APPROVAL_ENDED');
  });

  it('is for a stock that is registered', () => {
    expect(last(approve('a1')).refusal).toBe('STOCK_NOT_FOUND');
  });

  it(`waits behind ${proposalsMax} others at most`, () => {
    const many = Array.from({ length: proposalsMax }, (_, index) => adjust(`a${index}`, 60));
    expect(last(register(0), ...many).refusal).toBeNull();
    expect(last(register(0), ...many, adjust('more', 60)).refusal).toBe('TOO_MANY_PROPOSALS');
  });
});

describe('what is held', () => {
  it('is not released as a mark of quarantine is', () => {
    const held = [register(100), quarantine(10), adjust('a1', -60)];
    expect(last(...held, release(11)).refusal).toBe('INSUFFICIENT_STOCK');
    expect(balanceAfter(last(...held, release(10)))).toEqual(balanceOf({ onHand: 100, quarantined: 60 }));
  });

  it('goes with goods that left, after all marks and the newest first', () => {
    const left = [register(130), quarantine(10), adjust('a1', -60), adjust('a2', -50), depart(90)];
    // 40 pieces are there: of the marks none are left, of the newer hold none, of the older one 40.
    expect(balanceAfter(last(...left))).toEqual(balanceOf({ onHand: 40, quarantined: 40 }));
    expect(last(...left, reject('a2')).events[0]?.data).toMatchObject({ freed: 0 });
    expect(last(...left, reject('a1')).events[0]?.data).toMatchObject({ freed: 40 });
  });
});
