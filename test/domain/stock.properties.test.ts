/** Whatever is asked, in whatever order, by however many: a stock never lies (R6.3, B4). */
import { array, assert, constantFrom, integer, nat, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf } from '../../src/domain/bucketMap.ts';
import { dispositions } from '../../src/domain/return/events.ts';
import type { StockCommand } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { heldFor } from '../../src/domain/stock/proposals.ts';
import { availableOf, freeOf, reservationsOf, type Stock } from '../../src/domain/stock/state.ts';
import { recordedBy } from '../support/deciderSpec.ts';
import { earlier, later, now, soon } from '../support/samples.ts';
import { broughtBy, onHandOf } from '../support/stockFacts.ts';

const sequencesPerRun = 10_000;
const commandsMax = 24;

const places = ['BER', 'PAR', 'ROM'].flatMap((warehouseId) =>
  ['CHAIR', 'LAMP'].map((sku) => ({ warehouseId, sku, occurredAt: now })),
);
type Place = (typeof places)[number];

const berlin: Place = { warehouseId: 'BER', sku: 'CHAIR', occurredAt: now };
type Make = (place: Place, figure: number, ref: number) => StockCommand;

const makeRegister: Make = (place, figure, ref) => ({
  type: 'RegisterStock',
  ...place,
  onHand: figure,
  safetyStock: ref,
});
const makeReserve: Make = (place, figure, ref) => ({
  type: 'ReserveStock',
  ...place,
  reservationId: `r${ref}`,
  quantity: figure,
  expiresAt: soon,
  orderId: `o${ref}`,
  lineId: '1',
});
const lineOf = (ref: number) => ({ transferId: `transfer${ref}`, lineId: '1' });
const termsOf = (ref: number) => ({ approval: { fromUnits: 3, approvalId: `a${ref}`, by: 'anna' } });
/** Told in any order, of two lines. */
const newsOf = (figure: number, ref: number) => ({
  inboundId: 'in1',
  lineId: `${ref % 2}`,
  inboundRevision: figure,
  expected: (7 * figure) % 4,
  expectedAt: soon,
});
/** `figure` is negative or zero now and then, on purpose; `ref` picks one of a few reservations and orders. */
const makers = {
  register: makeRegister,
  reserve: makeReserve,
  takeOver: (place, figure, ref) => ({ ...makeReserve(place, figure, ref), from: `r${(ref + 1) % 5}` }),
  receive: (place, figure) => ({ type: 'ReceiveStock', ...place, quantity: figure }),
  receiveTooEarly: (place, figure) => ({ type: 'ReceiveStock', ...place, occurredAt: earlier, quantity: figure }),
  adjust: (place, figure) => ({ type: 'AdjustStock', ...place, delta: figure - 5, reason: 'correction' }),
  empty: (place) => ({ type: 'SetStock', ...place, counted: 0, reason: 'cycle count' }),
  set: (place, figure) => ({ type: 'SetStock', ...place, counted: figure, reason: 'cycle count' }),
  release: (place, _, ref) => ({ type: 'ReleaseReservation', ...place, reservationId: `r${ref}`, reason: 'tidy' }),
  expire: (place, figure, ref) => ({
    type: 'ExpireReservation',
    ...place,
    reservationId: `r${ref}`,
    now: figure % 2 === 0 ? now : later,
  }),
  releasePart: (place, figure, ref) => ({
    type: 'ReleaseReservation',
    ...place,
    reservationId: `r${ref}`,
    quantity: figure,
    reason: 'tidy',
  }),
  ship: (place, figure, ref) => ({
    type: 'ShipStock',
    ...place,
    reservationId: `r${ref}`,
    quantity: figure,
    shipmentId: `s${figure}`,
  }),
  voidDeparture: (place, figure, ref) => ({
    type: 'VoidDeparture',
    ...place,
    reservationId: `r${ref}`,
    quantity: figure,
    shipmentId: `s${figure}`,
  }),
  quarantine: (place, figure) => ({ type: 'QuarantineStock', ...place, quantity: figure, reason: 'damaged' }),
  returned: (place, figure, ref) => ({
    type: 'ReturnStock',
    ...place,
    quantity: figure,
    disposition: dispositions[ref % dispositions.length] ?? 'scrap',
    returnId: `b${ref}`,
    orderId: `o${ref}`,
    lineId: '1',
  }),
  releaseQuarantine: (place, figure) => ({ type: 'ReleaseQuarantine', ...place, quantity: figure }),
  reserveForTransfer: (place, figure, ref) => ({
    type: 'ReserveForTransfer',
    ...place,
    ...lineOf(ref),
    reservationId: `t${ref}`,
    quantity: figure,
    expiresAt: soon,
  }),
  transferOut: (place, figure, ref) => ({
    type: 'TransferOut',
    ...place,
    ...lineOf(ref),
    reservationId: `t${ref}`,
    quantity: figure,
    endsClaim: ref % 2 === 0,
    toWarehouseId: 'MAD',
  }),
  transferIn: (place, figure, ref) => ({
    type: 'TransferIn',
    ...place,
    ...lineOf(ref),
    quantity: figure,
    damaged: ref,
    fromWarehouseId: 'MAD',
  }),
  setPolicy: (place, _, ref) => ({ type: 'SetStockPolicy', ...place, safetyStock: ref }),
  retire: (place) => ({ type: 'RetireStock', ...place }),
  adjustOrPropose: (place, figure, ref) => ({
    type: 'AdjustStock',
    ...place,
    delta: figure - 6,
    reason: 'lost',
    ...termsOf(ref),
  }),
  countOrPropose: (place, figure, ref) => ({
    type: 'SetStock',
    ...place,
    counted: figure,
    reason: 'cycle count',
    ...termsOf(ref),
  }),
  expectArrival: (place, figure, ref) => ({ type: 'ExpectArrival', ...place, ...newsOf(figure, ref) }),
  recordArrival: (place, figure, ref) => ({
    type: 'RecordArrival',
    ...place,
    ...newsOf(figure, ref),
    quantity: figure % 5,
  }),
  retireOrPropose: (place, _, ref) => ({ type: 'RetireStock', ...place, ...termsOf(ref) }),
  approve: (place, figure, ref) => ({
    type: 'ApproveChange',
    ...place,
    approvalId: `a${ref}`,
    approvedBy: figure % 3 === 0 ? 'anna' : 'bert',
  }),
  reject: (place, _, ref) => ({
    type: 'RejectChange',
    ...place,
    approvalId: `a${ref}`,
    rejectedBy: 'anna',
    reason: 'found',
  }),
} satisfies Record<string, Make>;
const kinds = Object.keys(makers) as (keyof typeof makers)[];
const makerOf = (kind: keyof typeof makers): Make => makers[kind];

const commands = array(tuple(constantFrom(...kinds), constantFrom(...places), integer({ min: -2, max: 12 }), nat(4)), {
  minLength: 6,
  maxLength: commandsMax,
});

const broken = (stock: Stock, event: StockEvent): string | null => {
  if (stock.phase === 'absent') return 'an event left the stock absent';
  const { balance } = stock;
  const open = [...entriesOf(stock.reservations)].map(([, reservation]) => reservation);
  if (Object.values(balance).some((figure) => !Number.isSafeInteger(figure) || figure < 0)) return 'a negative figure';
  if (availableOf(balance) < 0) return 'less than nothing to promise';
  if (open.reduce((sum, { quantity }) => sum + quantity, 0) !== balance.reserved) return 'reserved is not what is open';
  if (open.some(({ quantity, quantityAsked }) => quantity <= 0 || quantity > quantityAsked))
    return 'an odd reservation';
  const ofOrders = [0, 1, 2, 3, 4].flatMap((ref) => reservationsOf(stock, `o${ref}`));
  if (ofOrders.length !== open.filter(({ orderId }) => orderId !== undefined).length)
    return 'a claim that its order does not find';
  const expected = stock.arrivals.reduce((sum, { quantity }) => sum + quantity, 0);
  if (expected !== balance.incoming) return 'incoming is not what is expected';
  if (JSON.stringify(event.data.after) !== JSON.stringify(balance)) return 'after is not the fold';
  return null;
};

/** Between the events of one append, a fact may have taken what the claims after it have not given up yet. */
const brokenAfterAppend = (stock: Stock): string | null => {
  if (stock.phase === 'absent') return null;
  if (freeOf(stock.balance) < 0) return 'reserved is more than on hand less quarantined';
  if (heldFor(stock.proposals) > stock.balance.quarantined) return 'more is held than is quarantined';
  if (stock.phase === 'retired' && stock.proposals.length > 0) return 'a retired stock with a proposal';
  return stock.balance.quarantined > stock.balance.onHand ? 'more in quarantine than there is' : null;
};

describe(`${sequencesPerRun} random sequences over several warehouses and SKUs`, () => {
  it('keep every invariant after each event, and no piece appears or vanishes', () => {
    const seen = new Set<string>();
    assert(
      property(commands, (sequence) => {
        const stocks = new Map<string, Stock>();
        let brought = 0;
        // Most sequences would only be told that nothing is registered; half of the places begin with stock.
        const opening = places
          .filter((_, index) => index % 2 === 0)
          .map((place) => ['register', place, 12, 1] as const);
        for (const [kind, place, figure, ref] of [...opening, ...sequence]) {
          const key = `${place.warehouseId}.${place.sku}`;
          let stock = stocks.get(key) ?? stockDecider.initialState;
          const command = makerOf(kind)(place, figure, ref);
          const decision = stockDecider.decide(command, stock);
          if ('refused' in decision) seen.add(decision.refused.code);
          for (const event of recordedBy(decision)) {
            seen.add(event.type);
            stock = stockDecider.evolve(stock, event);
            brought += broughtBy(event);
            const fault = broken(stock, event);
            if (fault !== null) throw new Error(`${fault} after ${JSON.stringify(event)}`);
          }
          const fault = brokenAfterAppend(stock);
          if (fault !== null) throw new Error(`${fault} after ${JSON.stringify(command)}`);
          stocks.set(key, stock);
        }
        return [...stocks.values()].reduce((sum, stock) => sum + onHandOf(stock), 0) === brought;
      }),
      { numRuns: sequencesPerRun },
    );
    // The sequences reach every event and almost every refusal, or the invariants above were not put to the test.
    expect([...seen].filter((name) => name.startsWith('Stock'))).toHaveLength(
      Object.keys(stockDecider.schemaVersions).length,
    );
    for (const code of [
      'INSUFFICIENT_STOCK',
      'STOCK_NOT_EMPTY',
      'STOCK_RETIRED',
      'RESERVATION_ID_TAKEN',
      'APPROVAL_BY_PROPOSER',
      'APPROVAL_ENDED',
      'APPROVAL_OPEN',
    ]) {
      expect(seen).toContain(code);
    }
  });

  it('never promise one piece twice, however many claims come at once', () => {
    const claims = array(integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 200 });
    assert(
      property(nat(100), claims, (onHand, quantities) => {
        let stock = stockDecider.initialState;
        const ask = (command: StockCommand): number => {
          const events = recordedBy(stockDecider.decide(command, stock));
          stock = events.reduce(stockDecider.evolve, stock);
          return events.length;
        };
        ask(makeRegister(berlin, onHand, 0));
        const promised = quantities.reduce((sum, quantity, index) => {
          return sum + quantity * ask(makeReserve(berlin, quantity, index));
        }, 0);
        const left = stock.phase === 'absent' ? 0 : availableOf(stock.balance);
        return promised + left === onHand;
      }),
      { numRuns: 300 },
    );
  });
});
