/** Goods leave a warehouse, and couriers report on them (R12, R19.2). */
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import type { ShipmentRefusal } from '../../domain/shipment/decider.ts';
import type { ShipmentEvent } from '../../domain/shipment/events.ts';
import { reportsAheadMs } from '../../domain/shipment/matching.ts';
import type { KnownShipment } from '../../domain/shipment/state.ts';
import { orderStream, shipmentStream } from '../../domain/values.ts';
import { derivedTimeId } from '../../eventsourcing/commandHandling/ids.ts';
import type { Outcome } from '../../eventsourcing/commandHandling/outcome.ts';
import { answerOutcome } from '../commands/answers.ts';
import { businessTime } from '../input/formats.ts';
import { tellPosition } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { findOrderNow, showShipment } from '../reads/orders.ts';
import type { Router } from '../route.ts';
import { DryRun, ref } from '../schemas/common.ts';
import { OrderPath } from '../schemas/orders.ts';
import {
  Shipment,
  ShipmentBody,
  ShipmentCorrection,
  ShipmentPath,
  TrackingEventBody,
  VoidBody,
} from '../schemas/shipments.ts';

const tag = 'Shipments';

interface ChangedShipment {
  readonly shipmentId: string;
  readonly orderId: string;
  readonly outcome: Outcome<unknown, ShipmentEvent, ShipmentRefusal>;
}

export const registerShipments = ({ command }: Router, ports: HttpPorts): void => {
  const { useCases, readModels, personalData, clock } = ports;

  /** With the position of the shipment's own stream, which a dispatch opens after the order has recorded it. */
  const shipmentNow = async (shipmentId: string, reach: Reach, reply: FastifyReply): Promise<object> => {
    tellPosition(reply, (await useCases.load.shipment(shipmentStream(shipmentId))).position);
    const shipment = await readModels.shipments.fold(shipmentId);
    if (shipment === null) throw new Problem('SHIPMENT_NOT_FOUND', 'No such shipment.');
    return showShipment(shipment, reach, personalData);
  };

  /** A shipment of another caller's warehouse is not found. @throws Problem */
  const requireShipment = async (shipmentId: string, reach: Reach): Promise<KnownShipment> => {
    const { state } = await useCases.load.shipment(shipmentStream(shipmentId));
    if (state.phase === 'absent' || !reachesWarehouse(reach, state.warehouseId)) {
      throw new Problem('SHIPMENT_NOT_FOUND', 'No such shipment.');
    }
    return state;
  };

  /** The order has a change later than the shipment: a read at the position of the answer sees both. */
  const answerChanged = async (
    { shipmentId, orderId, outcome }: ChangedShipment,
    reach: Reach,
    reply: FastifyReply,
  ) => {
    const answer = answerOutcome(outcome, reply, { status: 200, body: () => undefined });
    if (answer !== undefined) return answer;
    const shipment = await shipmentNow(shipmentId, reach, reply);
    if (outcome.kind === 'recorded') tellPosition(reply, (await useCases.load.order(orderStream(orderId))).position);
    return shipment;
  };

  /** @throws Problem */
  const requireAfterDispatch = async (shipmentId: string, reportedAt: string): Promise<void> => {
    const [dispatched] = await readModels.source.readStream(shipmentStream(shipmentId), 0, 1);
    const earliestMs = Date.parse(dispatched?.occurredAt ?? reportedAt) - reportsAheadMs;
    if (Date.parse(reportedAt) >= earliestMs) return;
    throw new Problem('REPORTED_BEFORE_DISPATCH', 'A report may be of 90 days before the dispatch at most.');
  };

  command({
    operation: 'dispatchShipment',
    method: 'POST',
    url: '/v1/orders/:orderId/shipments',
    tag,
    summary: 'Hand reserved goods of an order to a courier',
    description:
      'Uses up the reservations of these lines at this warehouse, the oldest first. What left without one is recorded ' +
      'and booked out too, up to what the order still lacks; sources elsewhere that it makes needless are let go.',
    params: OrderPath,
    body: ShipmentBody,
    answers: { 201: ref(Shipment), 200: ref(DryRun) },
    problems: [
      'ORDER_NOT_FOUND',
      'WAREHOUSE_NOT_FOUND',
      'ORDER_CANCELLED',
      'ORDER_ON_HOLD',
      'ORDER_LINE_NOT_FOUND',
      'ORDER_LINE_REPEATED',
      'PARCEL_REPEATED',
      'BOX_NOT_SHIPPED',
      'QUANTITY_INVALID',
      'SHIPMENT_EXCEEDS_ORDER',
      'STOCK_NOT_FOUND',
      'SHIPMENT_ALREADY_DISPATCHED',
      'SHIPMENT_NOT_FOUND',
    ],
    confidential: true,
    handle: async ({ params: { orderId }, body, context, claimedAt, reach, reply }) => {
      if (!reachesWarehouse(reach, body.warehouseId)) throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
      await findOrderNow(ports, orderId, reach);
      const shipmentId = derivedTimeId(`shipment/${context.commandId}`, await claimedAt());
      const parcels = body.parcels.map(({ parcelId, ...parcel }, index) => ({
        parcelId: parcelId ?? `P${index + 1}`,
        ...parcel,
      }));
      const outcome = await useCases.dispatchShipment(orderId, { ...body, shipmentId, parcels }, context);
      const location = `/v1/orders/${orderId}/tracking`;
      const answer = answerOutcome(outcome, reply, { status: 201, location, body: () => undefined });
      return answer ?? shipmentNow(shipmentId, reach, reply);
    },
  });

  command({
    operation: 'correctShipment',
    method: 'PATCH',
    url: '/v1/shipments/:shipmentId',
    tag,
    summary: 'Tell carrier or tracking numbers of a shipment later, or put them right',
    description:
      'What is left out stays as it is; the same again changes nothing. The order is found by the numbers as they stand ' +
      'after it, and no longer by those before.',
    params: ShipmentPath,
    body: ShipmentCorrection,
    answers: { 200: Type.Union([ref(Shipment), ref(DryRun)]) },
    problems: ['SHIPMENT_NOT_FOUND', 'PARCEL_NOT_FOUND', 'PARCEL_REPEATED'],
    confidential: true,
    handle: async ({ params: { shipmentId }, body, context, reach, reply }) => {
      const { orderId } = await requireShipment(shipmentId, reach);
      const outcome = await useCases.correctShipment(shipmentId, body, context);
      return answerChanged({ shipmentId, orderId, outcome }, reach, reply);
    },
  });

  command({
    operation: 'voidShipment',
    method: 'POST',
    url: '/v1/shipments/:shipmentId/void',
    tag,
    summary: 'Take a shipment back that never left',
    description:
      'Its goods are booked back, free for the first who asks; its order is planned again, and what can not be had waits. ' +
      'Refused once a courier has reported on it, but for `pre_transit`. A report that comes later is kept, and opens the ' +
      'exception `VOIDED_SHIPMENT_REPORTED` of the order, which `PUT /v1/orders/{orderId}/status` with `released` ends.',
    params: ShipmentPath,
    body: VoidBody,
    answers: { 200: Type.Union([ref(Shipment), ref(DryRun)]) },
    problems: ['SHIPMENT_NOT_FOUND', 'SHIPMENT_ON_ITS_WAY'],
    confidential: true,
    handle: async ({ params: { shipmentId }, body, context, reach, reply }) => {
      const { orderId } = await requireShipment(shipmentId, reach);
      const outcome = await useCases.voidShipment(shipmentId, body, context);
      return answerChanged({ shipmentId, orderId, outcome }, reach, reply);
    },
  });

  command({
    operation: 'trackShipment',
    method: 'POST',
    url: '/v1/shipments/:shipmentId/tracking-events',
    tag,
    summary: 'Report where a parcel is',
    description: 'Reports may come late, twice and out of order; the same one again changes nothing.',
    params: ShipmentPath,
    body: TrackingEventBody,
    answers: { 201: ref(Shipment), 200: ref(DryRun) },
    problems: [
      'SHIPMENT_NOT_FOUND',
      'PARCEL_NOT_FOUND',
      'PARCEL_REQUIRED',
      'TOO_MANY_REPORTS',
      'OCCURRED_IN_FUTURE',
      'REPORTED_BEFORE_DISPATCH',
      'SUBJECT_ERASED',
    ],
    // The answer repeats the courier's words, which may name the person at the door.
    confidential: true,
    handle: async ({ params: { shipmentId }, body, context, reach, reply }) => {
      await requireShipment(shipmentId, reach);
      const { occurredAt, ...report } = body;
      const reportedAt = businessTime(occurredAt, clock.now());
      await requireAfterDispatch(shipmentId, reportedAt);
      const timed = { ...context, occurredAt: reportedAt };
      const outcome = await useCases.trackParcel(shipmentId, { ...report, reportedAt }, timed);
      const answer = answerOutcome(outcome, reply, { status: 201, body: () => undefined });
      return answer ?? shipmentNow(shipmentId, reach, reply);
    },
  });
};
