/** Orders: placed, held, cancelled (R3.2). What the facts decide is never set by hand. */
import Type, { type Static } from 'typebox';
import type { OrderRequest } from '../../commands/orders.ts';
import type { Reach } from '../../domain/access/authorize.ts';
import { orderIdTaken } from '../../domain/order/commands.ts';
import { orderStream } from '../../domain/values.ts';
import { derivedTimeId } from '../../eventsourcing/commandHandling/ids.ts';
import { answerOutcome } from '../commands/answers.ts';
import { entityTagOf, tellPosition, waitSecondsOf } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { findOrderNow, requireKnownSkus, showOrderPublicly } from '../reads/orders.ts';
import { listenForPlan, type PlanNews } from '../reads/positions.ts';
import type { Router } from '../route.ts';
import type { CommandInput } from '../routeSpec.ts';
import { DryRun, ref } from '../schemas/common.ts';
import { Order, OrderBody, OrderCorrection, OrderPath, StatusBody } from '../schemas/orders.ts';

const tag = 'Orders';

type Input = CommandInput<unknown, unknown>;
type Placing = Awaited<ReturnType<HttpPorts['useCases']['placeOrder']>>;
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

/** A line without an id is called by its place, or by a number beyond all places where another line has that id. */
const withLineIds = (lines: Static<typeof OrderBody>['lines']): OrderRequest['lines'] => {
  const taken = new Set(lines.flatMap(({ lineId }) => lineId ?? []));
  let beyond = lines.length;
  const free = (place: number): string => {
    let id = String(place);
    for (; taken.has(id); id = String(beyond)) beyond += 1;
    return id;
  };
  return lines.map(({ lineId, ...line }, index) => ({ lineId: lineId ?? free(index + 1), ...line }));
};

const requestOf = (orderId: string, body: Static<typeof OrderBody>, reach: Reach): OrderRequest => {
  // Customers reserve nothing: a reservation under an id that a customer chose is another caller's.
  const isChosen = reach.customerId !== null && body.orderId !== undefined;
  const { customerId, ...contact } = body.customer;
  return {
    orderId,
    ...(body.orderNumber === undefined ? {} : { orderNumber: body.orderNumber }),
    customerId,
    contact,
    shipTo: body.shipTo,
    lines: withLineIds(body.lines),
    sourcing: body.sourcing ?? 'fewest-shipments',
    ...(body.preferredWarehouseId === undefined ? {} : { preferredWarehouseId: body.preferredWarehouseId }),
    allowSplit: body.allowSplit ?? true,
    allowBackorder: body.allowBackorder ?? true,
    ...(body.reservePartial === true ? { reservePartial: true } : {}),
    ...(isChosen ? { excludesHolds: true } : {}),
  };
};

export const registerOrderCommands = ({ command }: Router, ports: HttpPorts): void => {
  const { useCases, readModels } = ports;

  const answerNow = async (orderId: string, asked: Input): Promise<object> => {
    await asked.takeTurn();
    const order = await findOrderNow(ports, orderId, asked.reach);
    asked.reply.header('etag', entityTagOf(order.revision));
    return showOrderPublicly(order, asked.reach);
  };

  /** At once, or when it is planned, if the caller waits for that. */
  const answerPlaced = async (orderId: string, outcome: Placing, plan: PlanNews | null, asked: Input) => {
    if (plan === null) {
      const placed = outcome.kind === 'recorded' ? readModels.orders.of(orderId, outcome.events) : null;
      return placed === null ? answerNow(orderId, asked) : showOrderPublicly(placed, asked.reach);
    }
    // An order of an earlier attempt may have been planned long ago: no news of its plan would come.
    const isNew = outcome.kind === 'recorded' && outcome.isReplay !== true;
    const isPending = isNew || (await useCases.load.order(orderStream(orderId))).state.phase === 'pending';
    if (isPending) tellPosition(asked.reply, await plan.arrived);
    return answerNow(orderId, asked);
  };

  command({
    operation: 'placeOrder',
    method: 'POST',
    url: '/v1/orders',
    tag,
    summary: 'Place an order',
    description:
      'Answers at once with status `pending`; with `Prefer: wait=<seconds>` after its sources were reserved. The answer ' +
      'does not repeat the address.',
    body: OrderBody,
    waits: true,
    answers: { 201: ref(Order), 200: ref(DryRun) },
    problems: [
      'ORDER_ID_TAKEN',
      'ORDER_NUMBER_TAKEN',
      'ORDER_LINE_REPEATED',
      'QUANTITY_INVALID',
      'ORDER_TOO_LARGE',
      'CURRENCIES_MIXED',
      'SKU_UNKNOWN',
      'NOT_CAUGHT_UP',
      'CUSTOMER_NOT_FOUND',
      'SUBJECT_ERASED',
    ],
    handle: async (asked) => {
      const { body, context, claimedAt, reach, reply } = asked;
      if (reach.customerId !== null && reach.customerId !== body.customer.customerId) {
        throw new Problem('CUSTOMER_NOT_FOUND', 'No such customer.');
      }
      await requireKnownSkus(readModels, body.lines);
      const orderId = body.orderId ?? derivedTimeId(`order/${context.commandId}`, await claimedAt());
      const plan = listenForPlan(readModels, orderId, waitSecondsOf(asked.request));
      try {
        const outcome = await useCases.placeOrder(requestOf(orderId, body, reach), context);
        await asked.takeTurn();
        // The order may be another caller's: its events must not show, and If-Match must not change the answer.
        if (outcome.kind === 'stale' && outcome.currentRevision >= 0) {
          throw new Problem('ORDER_ID_TAKEN', orderIdTaken);
        }
        const location = `/v1/orders/${orderId}`;
        const answer = answerOutcome(outcome, reply, { status: 201, location, body: () => undefined });
        return answer ?? (await answerPlaced(orderId, outcome, plan, asked));
      } finally {
        plan?.stop();
      }
    },
  });

  command({
    operation: 'correctOrder',
    method: 'PATCH',
    url: '/v1/orders/:orderId',
    tag,
    summary: 'Put the address of an order right, before anything of it has left',
    description:
      'The whole address. The same again changes nothing. Lines that have their sources keep them; what is planned after ' +
      'it is planned for the new address. The answer does not repeat it.',
    params: OrderPath,
    body: OrderCorrection,
    answers: { 200: Type.Union([ref(Order), ref(DryRun)]) },
    problems: ['ORDER_NOT_FOUND', 'ORDER_CANCELLED', 'ORDER_ALREADY_SHIPPED', 'SUBJECT_ERASED'],
    handle: async (asked) => {
      const { params, body, context, reach, reply } = asked;
      await findOrderNow(ports, params.orderId, reach);
      const outcome = await useCases.correctAddress(params.orderId, body.shipTo, context);
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
