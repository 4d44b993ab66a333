/** What a plan keeps of each stock that it looks at (11). */
import { describe, expect, it } from 'vitest';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { evolveStock, initialStock, reservationsMax, type Stock } from '../../src/domain/stock/state.ts';
import { candidateFor } from '../../src/processManagers/stockCandidates.ts';
import { balanceOf, now, soon } from '../support/samples.ts';

const key = { warehouseId: 'BER', sku: 'CHAIR' };

const reservedBy = (orderId: string, reserved: number): StockEvent => {
  const after = balanceOf({ onHand: 1_000_000, reserved, safetyStock: 1 });
  const reservationId = `reservation-of-${orderId}`;
  return { type: 'StockReserved', data: { ...key, reservationId, quantity: 1, expiresAt: soon, orderId, after } };
};

const stockOf = (orderIds: readonly string[]): Stock => {
  const after = balanceOf({ onHand: 1_000_000, safetyStock: 1 });
  const registered = { ...key, onHand: 1_000_000, safetyStock: 1, registeredAt: now, after };
  const events: StockEvent[] = [{ type: 'StockRegistered', data: registered }];
  for (const [index, orderId] of orderIds.entries()) events.push(reservedBy(orderId, index + 1));
  return events.reduce(evolveStock, initialStock);
};

describe('a shelf', () => {
  it('keeps of a stock what concerns the order, and lets go of all that others have reserved (11)', () => {
    const state = stockOf(['other-1', 'own', 'other-2']);
    const shelf = candidateFor('own', key, { state, revision: 3 });
    expect(Object.keys(shelf).sort()).toEqual([
      'promise',
      'registeredAt',
      'reservations',
      'revision',
      'sku',
      'warehouseId',
    ]);
    expect(shelf).toMatchObject({ ...key, promise: 999_996, registeredAt: now, revision: 3 });
    expect([...shelf.reservations.keys()]).toEqual(['reservation-of-own']);
    expect(shelf.reservations.get('reservation-of-own')).toMatchObject({ quantity: 1, orderId: 'own' });
  });

  it('of a stock that takes no further reservation promises nothing, so that an order waits or goes elsewhere', () => {
    const full = stockOf(Array.from({ length: reservationsMax }, (_, at) => `order-${at}`));
    expect(candidateFor('own', key, { state: full, revision: reservationsMax })).toMatchObject({ promise: 0 });
    // Two lines of an order would be two reservations, of which one has no place.
    const nearlyFull = stockOf(Array.from({ length: reservationsMax - 1 }, (_, at) => `order-${at}`));
    expect(candidateFor('own', key, { state: nearlyFull, revision: 1 })).toMatchObject({ promise: 1 });
  });

  it('of a stock that is not registered promises nothing', () => {
    const shelf = candidateFor('own', key, { state: initialStock, revision: -1 });
    expect(shelf).toMatchObject({ promise: 0, registeredAt: null, revision: -1 });
    expect(shelf.reservations.size).toBe(0);
  });
});
