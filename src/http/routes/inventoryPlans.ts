/**
 * What people decide about a stock, which may be refused: registered, held back, retired, and reserved for a while (R3.1). A
 * claim that is forgotten ends by itself (B4).
 */
import Type from 'typebox';
import { type Reach, reachesOrder } from '../../domain/access/authorize.ts';
import { lookUp } from '../../domain/bucketMap.ts';
import type { Stock } from '../../domain/stock/state.ts';
import { derivedId } from '../../eventsourcing/commandHandling/ids.ts';
import { answerOutcome, answerStock, locationOf, showStockAfter, stockProblems } from '../commands/answers.ts';
import { answerProposal, proposalProblems } from '../commands/proposals.ts';
import { businessTime } from '../input/formats.ts';
import type { HttpPorts } from '../ports.ts';
import { noOrder } from '../reads/orders.ts';
import type { Router } from '../route.ts';
import { Approval } from '../schemas/approvals.ts';
import { DryRun, ref } from '../schemas/common.ts';
import {
  PolicyBody,
  QuarantineReleaseBody,
  RegisterBody,
  Reservation,
  ReservationBody,
  ReservationPath,
  StockLevel,
  StockPath,
  WarehousePath,
} from '../schemas/stock.ts';

const tag = 'Inventory';
const url = '/v1/warehouses/:warehouseId/inventory/:sku';
const created = { 201: ref(StockLevel), 200: ref(DryRun) };
const changed = { 200: Type.Union([ref(StockLevel), ref(DryRun)]) };

/** A retry is told the end that its first attempt recorded. */
const recordedEnd = (stock: Stock, reservationId: string): string | undefined => {
  const open = stock.phase === 'absent' ? undefined : lookUp(stock.reservations, reservationId);
  return open === undefined ? undefined : new Date(open.expiresAtMs).toISOString();
};

export const registerInventoryPlans = ({ command }: Router, ports: HttpPorts): void => {
  const { useCases, clock, readModels } = ports;

  /** An order may be reserved for before it is placed. @throws Problem when it is another caller's. */
  const requireReach = async (orderId: string, reach: Reach): Promise<void> => {
    const order = await readModels.orders.fold(orderId);
    if (order !== null && !reachesOrder(reach, order)) throw noOrder();
  };

  command({
    operation: 'registerInventory',
    isRemade: true,
    method: 'POST',
    url: '/v1/warehouses/:warehouseId/inventory',
    tag,
    summary: 'Register a SKU in a warehouse',
    params: WarehousePath,
    body: RegisterBody,
    answers: created,
    problems: [...stockProblems, 'STOCK_ALREADY_REGISTERED'],
    handle: async ({ params: { warehouseId }, body, context, reply }) => {
      const { sku, onHand = 0, safetyStock = 0 } = body;
      const occurredAt = businessTime(body.occurredAt, clock.now());
      const stockCommand = { type: 'RegisterStock', warehouseId, sku, occurredAt, onHand, safetyStock } as const;
      const outcome = await useCases.changeStock({ command: stockCommand, context });
      return answerStock(outcome, reply, { warehouseId, sku, status: 201 });
    },
  });

  command({
    operation: 'reserveInventory',
    isRemade: true,
    method: 'POST',
    url: `${url}/reservations`,
    tag,
    summary: 'Reserve pieces for a while',
    description:
      'With the `orderId` of an order that is still to be placed, or that waits for them, they become its source; what it ' +
      'does not need of them is released.',
    params: StockPath,
    body: ReservationBody,
    answers: { 201: ref(Reservation), 200: ref(DryRun) },
    problems: [
      ...stockProblems,
      'INSUFFICIENT_STOCK',
      'TOO_MANY_RESERVATIONS',
      'RESERVATION_ID_TAKEN',
      'ORDER_NOT_FOUND',
    ],
    handle: async ({ params, body, context, reach, reply }) => {
      // What this caller has reserved was within reach when it did; the order may have been placed since.
      if (body.orderId !== undefined && context.isRetry !== true) await requireReach(body.orderId, reach);
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
    isRemade: true,
    method: 'DELETE',
    url: `${url}/reservations/:reservationId`,
    tag,
    summary: 'Give reserved pieces back',
    params: ReservationPath,
    answers: changed,
    problems: [...stockProblems, 'RESERVATION_NOT_FOUND'],
    handle: async ({ params, context, reply }) => {
      const release = { type: 'ReleaseReservation', ...params, occurredAt: clock.now(), reason: 'released' } as const;
      const outcome = await useCases.changeStock({ command: release, context });
      return answerStock(outcome, reply, { ...params, status: 200 });
    },
  });

  command({
    operation: 'releaseQuarantine',
    isRemade: true,
    method: 'POST',
    url: `${url}/quarantine-releases`,
    tag,
    summary: 'Put pieces back into sale',
    description: 'A correction of the mark: more than is marked is refused.',
    params: StockPath,
    body: QuarantineReleaseBody,
    answers: created,
    problems: [...stockProblems, 'INSUFFICIENT_STOCK'],
    handle: async ({ params, body: { quantity, occurredAt }, context, reply }) => {
      const at = businessTime(occurredAt, clock.now());
      const stockCommand = { type: 'ReleaseQuarantine', ...params, occurredAt: at, quantity } as const;
      const outcome = await useCases.changeStock({ command: stockCommand, context });
      return answerStock(outcome, reply, { ...params, status: 201 });
    },
  });

  command({
    operation: 'setInventoryPolicy',
    isRemade: true,
    method: 'PUT',
    url: `${url}/policy`,
    tag,
    summary: 'Set the safety stock, which is held back from sale',
    params: StockPath,
    body: PolicyBody,
    answers: changed,
    problems: stockProblems,
    handle: async ({ params, body, context, reply }) => {
      const stockCommand = { type: 'SetStockPolicy', ...params, occurredAt: clock.now(), ...body } as const;
      const outcome = await useCases.changeStock({ command: stockCommand, context });
      return answerStock(outcome, reply, { ...params, status: 200 });
    },
  });

  command({
    operation: 'retireInventory',
    isRemade: true,
    method: 'DELETE',
    url,
    tag,
    summary: 'Retire a stock that is empty',
    description: 'Where the operator wants a second person (`APPROVAL_FROM_UNITS`), it is only proposed: 202.',
    params: StockPath,
    answers: { ...changed, 202: ref(Approval) },
    problems: [...stockProblems, ...proposalProblems, 'STOCK_NOT_EMPTY', 'APPROVAL_OPEN', 'STEP_UP_REQUIRED'],
    handle: async ({ params, context, reply }) => {
      const stockCommand = { type: 'RetireStock', ...params, occurredAt: clock.now() } as const;
      const outcome = await useCases.changeStock({ command: stockCommand, context });
      return answerProposal(outcome, reply) ?? answerStock(outcome, reply, { ...params, status: 200 });
    },
  });
};
