/**
 * A transfer and the stocks at its ends, which hear of each other late, twice, and in any order: no piece appears or vanishes,
 * and no claim outlives what it is for.
 */
import { array, assert, constantFrom, integer, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, lookUp } from '../../src/domain/bucketMap.ts';
import type { Reaction } from '../../src/domain/policies/reaction.ts';
import { reactTo } from '../../src/domain/policies/reactions.ts';
import type { StockCommand } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockDiscrepancyRecorded, StockEvent } from '../../src/domain/stock/events.ts';
import { freeOf, type Stock } from '../../src/domain/stock/state.ts';
import type { TransferCommand } from '../../src/domain/transfer/commands.ts';
import { transferDecider } from '../../src/domain/transfer/decider.ts';
import { claimIdOf, figuresOf, type Transfer } from '../../src/domain/transfer/state.ts';
import { recordedBy } from '../support/deciderSpec.ts';
import { now, soon } from '../support/samples.ts';
import { chairsLine, transferPlanned } from '../support/transfers.ts';

const runs = 5_000;
const opening = 12;
const lineOf = (quantity: number) => ({ lineId: '1', quantity });
const chairs = { warehouseId: 'BER', sku: 'CHAIR', occurredAt: now };

const stepsOf = {
  dispatch: (figure: number): TransferCommand => ({ type: 'DispatchTransfer', lines: [lineOf(figure)] }),
  dispatchRest: (): TransferCommand => ({ type: 'DispatchTransfer' }),
  receive: (figure: number): TransferCommand => ({ type: 'ReceiveTransfer', lines: [lineOf(figure)] }),
  receiveDamaged: (figure: number): TransferCommand => ({
    type: 'ReceiveTransfer',
    lines: [{ ...lineOf(figure), damaged: figure - 1 }],
  }),
  receiveRest: (): TransferCommand => ({ type: 'ReceiveTransfer' }),
  lose: (figure: number): TransferCommand => ({ type: 'RecordLoss', lines: [lineOf(figure)], reason: 'x' }),
  loseRest: (): TransferCommand => ({ type: 'RecordLoss', reason: 'x' }),
  cancel: (): TransferCommand => ({ type: 'CancelTransfer', reason: 'x' }),
};
const othersOf = {
  reserve: (figure: number): StockCommand => ({
    type: 'ReserveStock',
    ...chairs,
    reservationId: `r${figure}`,
    quantity: figure,
    expiresAt: soon,
  }),
  quarantine: (figure: number): StockCommand => ({
    type: 'QuarantineStock',
    ...chairs,
    quantity: figure,
    reason: 'wet',
  }),
};

/** What was told, and is still to be heard; the same id is recorded once, as the command loop sees to. */
interface Tell {
  readonly id: string;
  readonly stream: string;
  readonly command: StockCommand | TransferCommand;
}

const tellOf = (reaction: Reaction, eventId: string): readonly Tell[] => {
  if (reaction.type === 'ReleaseReservation') {
    const { type, warehouseId, sku, reservationId, reason } = reaction;
    const command = { type, warehouseId, sku, reservationId, reason, occurredAt: now };
    return [{ id: `${eventId}/release/${reservationId}`, stream: `stock-${warehouseId}.${sku}`, command }];
  }
  if (reaction.type !== 'Tell') return [];
  const { stream, command, name } = reaction;
  return [{ id: `${eventId}/${name}`, stream, command: command as StockCommand | TransferCommand }];
};

const openWorld = (planned: number) => {
  const stocks = new Map<string, Stock>();
  let transfer: Transfer = { phase: 'absent' };
  const told: Tell[] = [];
  const heard = new Set<string>();
  let [events, missing] = [0, 0];

  const follow = (event: { readonly type: string; readonly data: object }): void => {
    events += 1;
    const said = event.data as Partial<StockDiscrepancyRecorded['data']>;
    if (said.cause === 'departure') missing += said.missing ?? 0;
    const asked = { ...event, revision: 0, occurredAt: now } as Parameters<typeof reactTo>[0];
    told.push(...reactTo(asked).flatMap((reaction) => tellOf(reaction, `event${events}`)));
  };
  const ask = (command: TransferCommand): number => {
    const recorded = recordedBy(transferDecider.decide(command, transfer));
    transfer = recorded.reduce(transferDecider.evolve, transfer);
    recorded.forEach(follow);
    return recorded.length;
  };
  const askStock = (stream: string, command: StockCommand): number => {
    const stock = stocks.get(stream) ?? stockDecider.initialState;
    const recorded: readonly StockEvent[] = recordedBy(stockDecider.decide(command, stock));
    const then = recorded.reduce(stockDecider.evolve, stock);
    stocks.set(stream, then);
    if (then.phase !== 'absent') expect(freeOf(then.balance), 'promised twice').toBeGreaterThanOrEqual(0);
    recorded.forEach(follow);
    return recorded.length;
  };
  /** One of those that were told; it may be told again later. */
  const hear = (at: number, isForgotten: boolean): void => {
    const tell = told[at % Math.max(1, told.length)];
    if (tell === undefined) return;
    if (!isForgotten) told.splice(told.indexOf(tell), 1);
    if (heard.has(tell.id)) return;
    const { stream, command } = tell;
    const recorded = stream.startsWith('stock-')
      ? askStock(stream, command as StockCommand)
      : ask(command as TransferCommand);
    if (recorded > 0) heard.add(tell.id);
  };
  askStock('stock-BER.CHAIR', { type: 'RegisterStock', ...chairs, onHand: opening, safetyStock: 0 });
  ask({ type: 'PlanTransfer', transfer: transferPlanned({ ...chairsLine, quantity: planned }).data });

  return {
    ask,
    askStock,
    hear,
    hasTold: () => told.length > 0,
    end: () => {
      if (transfer.phase === 'absent') throw new Error('no transfer');
      const [line] = transfer.lines;
      if (line === undefined) throw new Error('no line');
      const onHand = [...stocks.values()].map((stock) => (stock.phase === 'absent' ? 0 : stock.balance.onHand));
      const source = stocks.get('stock-BER.CHAIR');
      const reservations = source === undefined || source.phase === 'absent' ? undefined : source.reservations;
      const claimId = claimIdOf('t1', '1');
      return {
        ...figuresOf(line),
        line,
        missing,
        onHand: onHand.reduce((sum, each) => sum + each, 0),
        claimed: reservations === undefined ? 0 : (lookUp(reservations, claimId)?.quantity ?? 0),
        claims: reservations === undefined ? 0 : [...entriesOf(reservations)].filter(([id]) => id === claimId).length,
      };
    },
  };
};

type StepName = keyof typeof stepsOf | keyof typeof othersOf | 'hear' | 'hearAndForget';
const names = [...Object.keys(stepsOf), ...Object.keys(othersOf), 'hear', 'hear', 'hear', 'hearAndForget'];
const steps = array(
  record({
    name: constantFrom(...(names as StepName[])),
    figure: integer({ min: 1, max: 9 }),
    at: nat(20),
  }),
  { maxLength: 30 },
);

describe(`${runs} random transfers, whose tells are repeated and reordered`, () => {
  it('keep every piece on hand, in transit or lost, and leave no claim behind', () => {
    const seen = new Set<string>();
    assert(
      property(integer({ min: 1, max: opening + 3 }), steps, nat(20), (planned, sequence, last) => {
        const world = openWorld(planned);
        for (const { name, figure, at } of sequence) {
          if (name === 'hear' || name === 'hearAndForget') world.hear(at, name === 'hearAndForget');
          else if (name === 'reserve' || name === 'quarantine') {
            world.askStock('stock-BER.CHAIR', othersOf[name](figure));
          } else if (world.ask(stepsOf[name](figure)) > 0) seen.add(name);
        }
        for (let at = last; world.hasTold(); at += 7) world.hear(at, false);
        const end = world.end();
        const { line, open, inTransit, lost, surplus, missing, onHand, claimed, claims } = end;
        expect(line.dispatched + surplus).toBe(line.received + inTransit + lost);
        // What had left beyond what the ledger knew of is named, and what came before its departure was told too.
        expect(onHand + inTransit + lost).toBe(opening + missing + surplus);
        expect(Math.min(open, inTransit, lost, surplus)).toBeGreaterThanOrEqual(0);
        expect(claims).toBeLessThanOrEqual(1);
        if (open === 0) expect(claimed, 'kept for nothing').toBe(0);
        expect(line.claim).not.toBe('asked');
      }),
      { numRuns: runs },
    );
    expect([...seen].sort()).toEqual(Object.keys(stepsOf).sort());
  });
});
