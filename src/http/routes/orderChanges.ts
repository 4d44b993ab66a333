/** Orders that were placed: changed, held, cancelled (R3.2). What the facts decide is never set by hand. */
import Type, { type Static } from 'typebox';
import { answerOutcome } from '../commands/answers.ts';
import { createAnswerNow } from '../commands/orderAnswers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { findOrderNow } from '../reads/orders.ts';
import type { Router } from '../route.ts';
import { DryRun, ref } from '../schemas/common.ts';
import { OrderCorrection, OrderLinePath, StatusBody } from '../schemas/orderChanges.ts';
import { Order, OrderPath } from '../schemas/orders.ts';

const tag = 'Orders';

type BodyStatus = Static<typeof StatusBody>['status'];

const commandOf = { cancelled: 'CancelOrder', on_hold: 'HoldOrder', released: 'ReleaseOrder' } as const;
const isSettable = (status: BodyStatus): status is keyof typeof commandOf => Object.hasOwn(commandOf, status);

/** The command to use instead of setting a status that follows from facts; `null`: there is none. */
const insteadOf: { readonly [Status in Exclude<BodyStatus, keyof typeof commandOf>]: string | null } = {
  pending: null,
  processing: null,
  partially_shipped: 'POST /v1/orders/{orderId}/shipments',
  shipped: 'POST /v1/orders/{orderId}/shipments',
  partially_delivered: 'POST /v1/shipments/{shipmentId}/tracking-events',
  delivered: 'POST /v1/shipments/{shipmentId}/tracking-events',
  returned: 'POST /v1/returns/{returnId}/receipts',
  exception: null,
};

const changeProblems = ['ORDER_NOT_FOUND', 'ORDER_CANCELLED', 'ORDER_LINE_NOT_FOUND', 'ORDER_ALREADY_SHIPPED'] as const;

export const registerOrderChanges = ({ command }: Router, ports: HttpPorts): void => {
  const { useCases } = ports;
  const answerNow = createAnswerNow(ports);

  command({
    operation: 'correctOrder',
    method: 'PATCH',
    url: '/v1/orders/:orderId',
    tag,
    summary: 'Change the address or the quantities of an order, before they have left',
    description:
      'The whole address, quantities of some lines, or both at once: all of it or nothing. An address is changed as long as ' +
      'nothing has left. A quantity is how many pieces are wanted in all; what has left stays, and what is not needed any ' +
      'more is released. Where nothing is left to leave, the order is cancelled, or ends by what was shipped. The answer ' +
      'does not repeat the address.',
    params: OrderPath,
    body: OrderCorrection,
    answers: { 200: Type.Union([ref(Order), ref(DryRun)]) },
    problems: [...changeProblems, 'ORDER_LINE_REPEATED', 'QUANTITY_INVALID', 'ORDER_TOO_LARGE', 'SUBJECT_ERASED'],
    handle: async (asked) => {
      const { params, body, context, reach, reply } = asked;
      if (body.shipTo === undefined && body.lines === undefined) {
        const errors = [{ pointer: '', message: 'must have shipTo, or lines, or both' }];
        throw new Problem('VALIDATION', 'There is nothing to change.', { members: { errors } });
      }
      await findOrderNow(ports, params.orderId, reach);
      const outcome = await useCases.correctOrder(params.orderId, body, context);
      const answer = answerOutcome(outcome, reply, { status: 200, body: () => undefined });
      return answer ?? answerNow(params.orderId, asked);
    },
  });

  command({
    operation: 'cancelOrderLine',
    method: 'DELETE',
    url: '/v1/orders/:orderId/lines/:lineId',
    tag,
    summary: 'Cancel what of a line has not left',
    description: 'The last line that is left cancels the order, or ends it by what was shipped.',
    params: OrderLinePath,
    answers: { 200: Type.Union([ref(Order), ref(DryRun)]) },
    problems: [...changeProblems, 'LINE_NOT_FOUND'],
    handle: async (asked) => {
      const { params, context, reach, reply } = asked;
      const order = await findOrderNow(ports, params.orderId, reach);
      if (!order.lines.some(({ lineId }) => lineId === params.lineId)) {
        throw new Problem('LINE_NOT_FOUND', 'The order has no such line.');
      }
      const lines = [{ lineId: params.lineId, quantity: 0, orShipped: true }] as const;
      const outcome = await useCases.correctOrder(params.orderId, { lines, reason: 'line_cancelled' }, context);
      const answer = answerOutcome(outcome, reply, { status: 200, body: () => undefined });
      return answer ?? answerNow(params.orderId, asked);
    },
  });

  command({
    operation: 'setOrderStatus',
    method: 'PUT',
    url: '/v1/orders/:orderId/status',
    tag,
    summary: 'Cancel an order, hold it, or release it',
    description:
      '`cancelled` ends what has not left; what has left goes on, and decides the status. `on_hold` keeps goods from ' +
      'being reserved and dispatched. `released` lifts a hold and ends open exceptions. What facts decide (shipped, ' +
      'delivered) is refused with the command that records the fact.',
    params: OrderPath,
    body: StatusBody,
    answers: { 200: Type.Union([ref(Order), ref(DryRun)]) },
    problems: [
      'ORDER_NOT_FOUND',
      'ORDER_CANCELLED',
      'ORDER_NOT_ON_HOLD',
      'ORDER_ALREADY_SHIPPED',
      'STATUS_NOT_SETTABLE',
    ],
    handle: async (asked) => {
      const { params, body, context, reach, reply } = asked;
      await findOrderNow(ports, params.orderId, reach);
      const { status, ...why } = body;
      if (!isSettable(status)) {
        const instead = insteadOf[status];
        const detail = instead === null ? 'This status follows from what happens.' : `Use ${instead}.`;
        throw new Problem('STATUS_NOT_SETTABLE', detail, { members: { use: instead } });
      }
      const outcome = await useCases.changeOrder(params.orderId, { type: commandOf[status], ...why }, context);
      const answer = answerOutcome(outcome, reply, { status: 200, body: () => undefined });
      return answer ?? answerNow(params.orderId, asked);
    },
  });
};
