/** Claims on stock with a time to live (B4): a claim that is forgotten ends by itself. */
import Type from 'typebox';
import { type Reach, reachesOrder } from '../../domain/access/policy.ts';
import { lookUp } from '../../domain/bucketMap.ts';
import type { Stock } from '../../domain/stock/state.ts';
import { derivedId } from '../../eventsourcing/commandHandling/outcome.ts';
import { answerOutcome, answerStock, locationOf, showStockAfter, stockProblems } from '../commands/answers.ts';
import type { HttpPorts } from '../ports.ts';
import { noOrder } from '../reads/orders.ts';
import type { Router } from '../route.ts';
import { DryRun, ref } from '../schemas/common.ts';
import { Reservation, ReservationBody, ReservationPath, StockLevel, StockPath } from '../schemas/stock.ts';

const tag = 'Inventory';
const url = '/v1/warehouses/:warehouseId/inventory/:sku/reservations';

/** A retry is told the end that its first attempt recorded. */
const recordedEnd = (stock: Stock, reservationId: string): string | undefined =>
  stock.phase === 'absent' ? undefined : lookUp(stock.reservations, reservationId)?.expiresAt;

export const registerInventoryPlans = ({ command }: Router, ports: HttpPorts): void => {
  const { useCases, clock, readModels } = ports;

  /** An order may be reserved for before it is placed. @throws Problem when it is another caller's. */
  const requireReach = async (orderId: string, reach: Reach): Promise<void> => {
    const order = await readModels.orders.fold(orderId);
    if (order !== null && !reachesOrder(reach, order)) throw noOrder();
  };

  command({
    operation: 'reserveInventory',
    method: 'POST',
    url,
    tag,
    summary: 'Reserve pieces for a while',
    description:
      'With the `orderId` of an order that is still to be placed, or that waits for them, they become its source; what it ' +
      'does not need of them is released.',
    params: StockPath,
    body: ReservationBody,
    answers: { 201: ref(Reservation), 200: ref(DryRun) },
    problems: [...stockProblems, 'INSUFFICIENT_STOCK', 'RESERVATION_ID_TAKEN', 'ORDER_NOT_FOUND'],
    handle: async ({ params, body, context, reach, reply }) => {
      if (body.orderId !== undefined) await requireReach(body.orderId, reach);
      const { quantity, expiresInSeconds, orderId, lineId } = body;
      const now = clock.now();
      const reservationId = derivedId(`reservation/${context.commandId}`);
      const expiresAt = new Date(Date.parse(now) + expiresInSeconds * 1_000).toISOString();
      const owner = { ...(orderId === undefined ? {} : { orderId }), ...(lineId === undefined ? {} : { lineId }) };
      const claim = { ...params, occurredAt: now, reservationId, quantity, expiresAt, ...owner };
      const outcome = await useCases.changeStock({ command: { type: 'ReserveStock', ...claim }, context });
      return answerOutcome(outcome, reply, {
        status: 201,
        location: `${locationOf(params)}/reservations/${reservationId}`,
        body: (accepted) => ({
          reservationId,
          quantity,
          expiresAt: recordedEnd(accepted.state, reservationId) ?? expiresAt,
          orderId: orderId ?? null,
          lineId: lineId ?? null,
          inventory: showStockAfter(params, accepted),
        }),
      });
    },
  });

  command({
    operation: 'releaseReservation',
    method: 'DELETE',
    url: `${url}/:reservationId`,
    tag,
    summary: 'Give reserved pieces back',
    params: ReservationPath,
    answers: { 200: Type.Union([ref(StockLevel), ref(DryRun)]) },
    problems: [...stockProblems, 'RESERVATION_NOT_FOUND'],
    handle: async ({ params, context, reply }) => {
      const release = { type: 'ReleaseReservation', ...params, occurredAt: clock.now(), reason: 'released' } as const;
      const outcome = await useCases.changeStock({ command: release, context });
      return answerStock(outcome, reply, { ...params, status: 200 });
    },
  });
};
