import { describe, expect, it } from 'vitest';
import type { StockMovement } from '../../src/domain/stock/balance.ts';
import type { Recorded } from '../../src/eventsourcing/projecting/projection.ts';
import {
  createOpenReservationQueries,
  type OpenReservationDocument,
  openReservations,
} from '../../src/projections/openReservations/projection.ts';
import { projectionSpec } from './projectionSpec.ts';
import { chairs, logOf, move, projected, stockEvents, timeAt } from './stockLog.ts';

type ReservationEvent = Parameters<typeof openReservations.idsOf>[0] extends Recorded<infer E> ? E : never;

const claimed = (...movements: readonly StockMovement[]): readonly ReservationEvent[] =>
  stockEvents(...movements) as readonly ReservationEvent[];

const owner = { orderId: 'order1', lineId: '1' };
const claim = { reservationId: 'r1', quantity: 4, ...owner };
const reserve = (changes: Partial<typeof claim & { expiresAt: string }> = {}) =>
  move('StockReserved', { ...claim, expiresAt: timeAt(900), ...changes });
const ship = (quantity: number, shipmentId: string) => move('StockShipped', { ...claim, quantity, shipmentId });

const takeOver = (quantity: number) =>
  move('StockReservationTakenOver', {
    ...claim,
    reservationId: 'r2',
    quantity,
    expiresAt: timeAt(1_800),
    fromReservationId: 'r1',
  });

const ofTransfer = { transferId: 'transfer1', lineId: '1', reservationId: 't1' };
const keptForTransfer = move('StockTransferReserved', { ...ofTransfer, quantity: 4, expiresAt: timeAt(900) });
const transferredOut = (quantity: number, taken: number) =>
  move('StockTransferredOut', { ...ofTransfer, quantity, claimed: taken, toWarehouseId: 'PAR' });

const open: OpenReservationDocument = { ...chairs, ...claim, expiresAt: timeAt(900) };

projectionSpec(openReservations, logOf, {
  StockReserved: [
    { title: 'a claim is open', events: claimed(reserve()), document: open },
    {
      title: 'a claim for nobody in particular names no order',
      events: claimed(move('StockReserved', { reservationId: 'r2', quantity: 1, expiresAt: timeAt(60) })),
      document: { ...chairs, reservationId: 'r2', quantity: 1, expiresAt: timeAt(60) },
    },
    {
      title: 'an id that has ended may be used again',
      events: claimed(
        reserve(),
        move('StockReservationReleased', { ...claim, reason: 'tidy' }),
        reserve({ quantity: 2 }),
      ),
      document: { ...open, quantity: 2 },
    },
  ],
  StockReservationLapsed: [
    {
      title: 'what a fact took is claimed no longer',
      events: claimed(reserve(), move('StockReservationLapsed', { ...claim, quantity: 3, cause: 'count' })),
      document: { ...open, quantity: 1 },
    },
    {
      title: 'all of it',
      events: claimed(reserve(), move('StockReservationLapsed', { ...claim, cause: 'count' })),
      document: null,
    },
  ],
  StockTransferReserved: [
    {
      title: 'what is kept for a transfer is claimed for no order',
      events: claimed(keptForTransfer),
      document: { ...chairs, reservationId: 't1', quantity: 4, expiresAt: timeAt(900) },
    },
  ],
  StockTransferredOut: [
    {
      title: 'what left of it is claimed no longer',
      events: claimed(keptForTransfer, transferredOut(3, 3)),
      document: { ...chairs, reservationId: 't1', quantity: 1, expiresAt: timeAt(900) },
    },
    { title: 'when all of it left', events: claimed(keptForTransfer, transferredOut(6, 4)), document: null },
  ],
  StockReservationTakenOver: [
    {
      title: 'the claim that takes pieces is open',
      events: claimed(reserve(), takeOver(3)),
      document: { ...open, reservationId: 'r2', quantity: 3, expiresAt: timeAt(1_800) },
    },
  ],
  StockReservationReleased: [
    {
      title: 'the rest stays claimed',
      events: claimed(reserve(), move('StockReservationReleased', { ...claim, quantity: 1, reason: 'tidy' })),
      document: { ...open, quantity: 3 },
    },
    {
      title: 'a claim is gone',
      events: claimed(reserve(), move('StockReservationReleased', { ...claim, reason: 'tidy' })),
      document: null,
    },
  ],
  StockReservationExpired: [
    { title: 'a claim is gone', events: claimed(reserve(), move('StockReservationExpired', claim)), document: null },
  ],
  StockShipped: [
    { title: 'the rest stays claimed', events: claimed(reserve(), ship(3, 's1')), document: { ...open, quantity: 1 } },
    { title: 'all of it', events: claimed(reserve(), ship(4, 's1')), document: null },
    { title: 'all of it, in parts', events: claimed(reserve(), ship(3, 's1'), ship(1, 's2')), document: null },
    { title: 'of a claim that is not open changes nothing', events: claimed(ship(1, 's1')), document: null },
  ],
});

describe('reservations that are due', () => {
  const queriesOver = async (...movements: readonly StockMovement[]) => {
    const documents = await projected(openReservations, logOf(...claimed(...movements)));
    return createOpenReservationQueries(documents, () => openReservations.name);
  };
  const expiring = (reservationId: string, second: number) => reserve({ reservationId, expiresAt: timeAt(second) });
  const four = [expiring('r30', 30), expiring('r10', 10), expiring('r40', 40), expiring('r20', 20)];
  const ids = (found: readonly OpenReservationDocument[]) => found.map(({ reservationId }) => reservationId);

  it('come with the longest overdue first, and from the very time on', async () => {
    const queries = await queriesOver(...four);
    expect(ids(await queries.dueAt(timeAt(9), 10))).toEqual([]);
    expect(ids(await queries.dueAt(timeAt(10), 10))).toEqual(['r10']);
    expect(ids(await queries.dueAt(timeAt(30), 10))).toEqual(['r10', 'r20', 'r30']);
    expect(await queries.dueAt(timeAt(10), 10)).toEqual([{ ...open, reservationId: 'r10', expiresAt: timeAt(10) }]);
  });

  it('are no more than asked for', async () => {
    expect(ids(await (await queriesOver(...four)).dueAt(timeAt(60), 2))).toEqual(['r10', 'r20']);
  });

  it('are those that gave their pieces to another one no longer, or for the rest of them', async () => {
    expect(await (await queriesOver(reserve(), takeOver(4))).dueAt(timeAt(900), 10)).toEqual([]);
    expect(await (await queriesOver(reserve(), takeOver(3))).dueAt(timeAt(900), 10)).toEqual([
      { ...open, quantity: 1 },
    ]);
  });

  it('are gone once they end', async () => {
    const ended = move('StockReservationExpired', { ...claim, reservationId: 'r10' });
    expect(ids(await (await queriesOver(...four, ended)).dueAt(timeAt(60), 10))).toEqual(['r20', 'r30', 'r40']);
  });
});
