/** Histories of one stock as they may come about: whatever is asked, and recorded by the decider. */
import { type Arbitrary, array, constantFrom, nat, tuple } from 'fast-check';
import type { StockCommand } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { recordedBy } from '../support/deciderSpec.ts';
import { chairs, timeAt } from './stockLog.ts';

const target = { ...chairs, occurredAt: timeAt(0) };

const departure = (figure: number) => ({
  ...target,
  reservationId: `gone${figure % 3}`,
  quantity: 1 + (figure % 3),
  shipmentId: `s${figure % 3}`,
  orderId: 'order1',
  lineId: '1',
});

const news = (figure: number) => ({
  ...target,
  inboundId: 'in1',
  lineId: `${figure % 2}`,
  inboundRevision: figure,
  expected: figure % 4,
  expectedAt: timeAt(9),
});

const ofTransfer = (figure: number) => ({
  ...target,
  transferId: `transfer${figure % 2}`,
  lineId: '1',
  quantity: 1 + (figure % 3),
});

/** Two reservations are enough for them to meet. */
const makers: readonly ((figure: number) => StockCommand)[] = [
  (figure) => ({ type: 'RegisterStock', ...target, onHand: figure, safetyStock: figure % 4 }),
  (figure) => ({ type: 'ReceiveStock', ...target, quantity: figure }),
  (figure) => ({ type: 'AdjustStock', ...target, delta: figure - 5, reason: 'correction' }),
  (figure) => ({ type: 'SetStock', ...target, counted: figure, reason: 'cycle count' }),
  (figure) => ({
    type: 'ReserveStock',
    ...target,
    reservationId: `r${figure % 2}`,
    quantity: figure,
    expiresAt: timeAt(9),
  }),
  (figure) => ({ type: 'ReleaseReservation', ...target, reservationId: `r${figure % 2}`, reason: 'tidy' }),
  (figure) => ({ type: 'ExpireReservation', ...target, reservationId: `r${figure % 2}`, now: timeAt(9) }),
  (figure) => ({
    type: 'ShipStock',
    ...target,
    reservationId: `r${figure % 2}`,
    quantity: 1 + (figure % 3),
    shipmentId: `s${figure}`,
  }),
  (figure) => ({ type: 'QuarantineStock', ...target, quantity: figure, reason: 'inspection' }),
  (figure) => ({ type: 'ReleaseQuarantine', ...target, quantity: figure }),
  (figure) => ({ type: 'SetStockPolicy', ...target, safetyStock: figure }),
  () => ({ type: 'SetStock', ...target, counted: 0, reason: 'empty' }),
  () => ({ type: 'RetireStock', ...target }),
  // Of an order, so that a later reservation may take it over.
  (figure) => ({
    type: 'ReserveStock',
    ...target,
    reservationId: 'taken',
    orderId: 'order1',
    lineId: '1',
    quantity: 1 + (figure % 3),
    expiresAt: timeAt(9),
    ...(figure % 2 === 0 ? {} : { from: 'r1' }),
  }),
  // It left, whether anybody had reserved it or not; and it had not left after all.
  (figure) => ({ ...departure(figure), type: 'ShipStock' }),
  (figure) => ({ ...departure(figure), type: 'VoidDeparture' }),
  (figure) => ({
    type: 'AdjustStock',
    ...target,
    delta: figure - 9,
    reason: 'damaged',
    approval: { fromUnits: 2, approvalId: `a${figure % 2}`, by: 'anna' },
  }),
  (figure) => ({ type: 'ApproveChange', ...target, approvalId: `a${figure % 2}`, approvedBy: 'berta' }),
  (figure) => ({
    type: 'RejectChange',
    ...target,
    approvalId: `a${figure % 2}`,
    rejectedBy: 'berta',
    reason: 'recounted',
  }),
  (figure) => ({ type: 'ExpectArrival', ...news(figure) }),
  (figure) => ({ type: 'RecordArrival', ...news(figure), quantity: 1 + (figure % 3) }),
  (figure) => ({
    type: 'ReserveForTransfer',
    ...ofTransfer(figure),
    reservationId: `t${figure % 2}`,
    expiresAt: timeAt(9),
  }),
  (figure) => ({
    type: 'TransferOut',
    ...ofTransfer(figure),
    reservationId: `t${figure % 2}`,
    endsClaim: figure % 3 === 0,
    toWarehouseId: 'PAR',
  }),
  (figure) => ({ type: 'TransferIn', ...ofTransfer(figure), damaged: figure % 2, fromWarehouseId: 'PAR' }),
  (figure) => ({
    type: 'ReturnStock',
    ...target,
    quantity: 1 + (figure % 3),
    disposition: (['restock', 'quarantine', 'scrap'] as const)[figure % 3] ?? 'scrap',
    returnId: `back${figure}`,
    orderId: 'order1',
    lineId: '1',
  }),
];

const historyOf = (commands: readonly StockCommand[]): readonly StockEvent[] => {
  const events: StockEvent[] = [];
  let stock = stockDecider.initialState;
  for (const command of commands) {
    const recorded = recordedBy(stockDecider.decide(command, stock));
    events.push(...recorded);
    stock = recorded.reduce(stockDecider.evolve, stock);
  }
  return events;
};

const opening: StockCommand = { type: 'RegisterStock', ...target, onHand: 20, safetyStock: 3 };

export const stockHistories: Arbitrary<readonly StockEvent[]> = array(tuple(constantFrom(...makers), nat(12)), {
  maxLength: 40,
}).map((steps) => historyOf([opening, ...steps.map(([make, figure]) => make(figure))]));
