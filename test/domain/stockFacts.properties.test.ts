/** Facts against a model that shares no code with the ledger: plain counters, and a list of claims (T28). */
import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf } from '../../src/domain/bucketMap.ts';
import type { StockCommand } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import { recordedBy } from '../support/deciderSpec.ts';
import { now, soon } from '../support/samples.ts';

const at = { warehouseId: 'BER', sku: 'CHAIR', occurredAt: now };

/** The oldest claim first. */
interface Model {
  onHand: number;
  quarantined: number;
  missing: number;
  claims: { id: string; quantity: number }[];
}

const reservedIn = ({ claims }: Model): number => claims.reduce((sum, { quantity }) => sum + quantity, 0);

/** Pops pieces off the newest claims until the rest fits; then off the quarantine. */
const settle = (model: Model): void => {
  while (model.claims.length > 0 && reservedIn(model) > model.onHand - model.quarantined) {
    const newest = model.claims.at(-1)!;
    newest.quantity -= 1;
    if (newest.quantity === 0) model.claims.pop();
  }
  model.quarantined = Math.min(model.quarantined, model.onHand);
};

const takeFromClaim = (model: Model, id: string, pieces: number): number => {
  const claim = model.claims.find((each) => each.id === id);
  const taken = Math.min(pieces, claim?.quantity ?? 0);
  if (claim !== undefined) claim.quantity -= taken;
  model.claims = model.claims.filter(({ quantity }) => quantity > 0);
  return taken;
};

type Step = (model: Model, figure: number, ref: number) => StockCommand | null;
let serial = 0;

const steps = {
  reserve: (model, figure, ref) => {
    const id = `r${ref}`;
    if (model.claims.some((claim) => claim.id === id)) return null;
    if (figure <= model.onHand - model.quarantined - reservedIn(model)) model.claims.push({ id, quantity: figure });
    return { type: 'ReserveStock', ...at, reservationId: id, quantity: figure, expiresAt: soon };
  },
  release: (model, figure, ref) => {
    takeFromClaim(model, `r${ref}`, figure);
    return { type: 'ReleaseReservation', ...at, reservationId: `r${ref}`, quantity: figure, reason: 'tidy' };
  },
  lose: (model, figure) => {
    model.missing += Math.max(0, figure - model.onHand);
    model.onHand = Math.max(0, model.onHand - figure);
    return { type: 'AdjustStock', ...at, delta: -figure, reason: 'lost' };
  },
  find: (model, figure) => {
    model.onHand += figure;
    return { type: 'AdjustStock', ...at, delta: figure, reason: 'found' };
  },
  count: (model, figure) => {
    model.onHand = figure;
    return { type: 'SetStock', ...at, counted: figure, reason: 'cycle count' };
  },
  quarantine: (model, figure) => {
    const free = model.onHand - model.quarantined;
    model.missing += Math.max(0, figure - free);
    model.quarantined += Math.min(figure, free);
    return { type: 'QuarantineStock', ...at, quantity: figure, reason: 'inspection' };
  },
  ship: (model, figure, ref) => {
    const rest = figure - takeFromClaim(model, `r${ref}`, figure);
    model.onHand -= figure - rest;
    model.missing += Math.max(0, rest - model.onHand);
    model.onHand = Math.max(0, model.onHand - rest);
    serial += 1;
    return { type: 'ShipStock', ...at, reservationId: `r${ref}`, quantity: figure, shipmentId: `s${serial}` };
  },
} satisfies Record<string, Step>;
const kinds = Object.keys(steps) as (keyof typeof steps)[];
const stepOf = (kind: keyof typeof steps): Step => steps[kind];

const sequences = array(tuple(constantFrom(...kinds), integer({ min: 1, max: 9 }), integer({ min: 0, max: 5 })), {
  minLength: 5,
  maxLength: 40,
});

describe('5,000 random sequences of facts and promises', () => {
  it('come to the figures, the claims and the missing pieces of an independent model, after every append', () => {
    const seen = new Set<string>();
    assert(
      property(sequences, (sequence) => {
        const model: Model = { onHand: 12, quarantined: 0, missing: 0, claims: [] };
        let stock = recordedBy(
          stockDecider.decide({ type: 'RegisterStock', ...at, onHand: 12, safetyStock: 0 }, stockDecider.initialState),
        ).reduce(stockDecider.evolve, stockDecider.initialState);
        let missing = 0;
        for (const [kind, figure, ref] of sequence) {
          const command = stepOf(kind)(model, figure, ref);
          if (command === null) continue;
          settle(model);
          for (const event of recordedBy(stockDecider.decide(command, stock))) {
            seen.add(event.type);
            if (event.type === 'StockDiscrepancyRecorded') missing += event.data.missing;
            stock = stockDecider.evolve(stock, event);
          }
          if (stock.phase === 'absent') throw new Error('the stock is gone');
          const { onHand, reserved, quarantined } = stock.balance;
          expect({ onHand, reserved, quarantined, missing }).toEqual({
            onHand: model.onHand,
            reserved: reservedIn(model),
            quarantined: model.quarantined,
            missing: model.missing,
          });
          const open = [...entriesOf(stock.reservations)].map(([id, { quantity }]) => `${id}: ${quantity}`);
          expect(open.sort()).toEqual(model.claims.map(({ id, quantity }) => `${id}: ${quantity}`).sort());
        }
      }),
      { numRuns: 5_000 },
    );
    for (const type of [
      'StockReservationLapsed',
      'StockDeparted',
      'StockQuarantineReduced',
      'StockDiscrepancyRecorded',
    ]) {
      expect(seen).toContain(type);
    }
  });
});
