/** Goods go back: announced by who ordered or sold them, received by the warehouse (docs/returns.md). */
import Type from 'typebox';
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import type { ReturnRefusal } from '../../domain/return/decider.ts';
import type { ReturnEvent } from '../../domain/return/events.ts';
import { returnStream } from '../../domain/values.ts';
import { derivedTimeId } from '../../eventsourcing/commandHandling/ids.ts';
import type { Outcome } from '../../eventsourcing/commandHandling/outcome.ts';
import { answerOutcome } from '../commands/answers.ts';
import { businessTime } from '../input/formats.ts';
import { entityTagOf, showResource, tellPosition } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { answerPageOf, pageRequestOf } from '../reads/lists.ts';
import { findOrderNow } from '../reads/orders.ts';
import { findReturn, findReturnNow, showReturn, showReturnPublicly } from '../reads/returns.ts';
import type { Router } from '../route.ts';
import type { CommandInput } from '../routeSpec.ts';
import { DryRun, NotModified, PageOf, ref } from '../schemas/common.ts';
import { OrderPath } from '../schemas/orders.ts';
import {
  ReceiptBody,
  Return,
  ReturnBody,
  ReturnCancellationBody,
  ReturnPath,
  ReturnsQuery,
} from '../schemas/returns.ts';

const tag = 'Returns';
const noWarehouse = (): Problem => new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');

/** The warehouses to look in; absent: all, or those of a customer's own orders. @throws Problem for one out of reach. */
const within = (reach: Reach, warehouseId: string | undefined): { readonly warehouseIds?: readonly string[] } => {
  if (warehouseId === undefined) {
    return reach.warehouses === 'all' || reach.customerId !== null ? {} : { warehouseIds: reach.warehouses };
  }
  // A customer sees each warehouse that has a part in an own order.
  if (reach.customerId === null && !reachesWarehouse(reach, warehouseId)) throw noWarehouse();
  return { warehouseIds: [warehouseId] };
};

const registerReturnReads = ({ read }: Router, ports: HttpPorts): void => {
  const { personalData } = ports;
  const { model, queries } = ports.readModels.returns;

  read({
    operation: 'getReturn',
    url: '/v1/returns/:returnId',
    tag,
    summary: 'One return: what was announced, what of it came, and what became of that',
    params: ReturnPath,
    answers: { 200: ref(Return), 304: NotModified },
    problems: ['RETURN_NOT_FOUND'],
    models: [model],
    handle: async ({ params: { returnId }, reach, request, reply }) => {
      const found = await findReturn(ports, returnId, reach);
      return showResource(await showReturn(found, reach, personalData), { request, reply }, found.revision);
    },
  });

  read({
    operation: 'listReturns',
    url: '/v1/returns',
    tag,
    summary: 'Returns, the newest first',
    query: ReturnsQuery,
    answers: { 200: PageOf(ref(Return)) },
    problems: ['INVALID_CURSOR', 'WAREHOUSE_NOT_FOUND'],
    models: [model],
    handle: async ({ query, reach }) => {
      const { orderId, warehouseId, status } = query;
      const page = await queries.list({
        ...pageRequestOf(query),
        ...within(reach, warehouseId),
        ...(reach.customerId === null ? {} : { customerId: reach.customerId }),
        ...(orderId === undefined ? {} : { orderId }),
        ...(status === undefined ? {} : { status }),
      });
      return answerPageOf(page, (each) => showReturn(each, reach, personalData));
    },
  });
};

export const registerReturns = (router: Router, ports: HttpPorts): void => {
  const { useCases, readModels, clock } = ports;
  registerReturnReads(router, ports);

  /** With the position of the return's own stream, which is later than the order's. */
  const returnNow = async (
    returnId: string,
    { reach, reply }: Pick<CommandInput<unknown, unknown>, 'reach' | 'reply'>,
  ) => {
    const found = await readModels.returns.fold(returnId);
    if (found === null) throw new Error('a return that was recorded is not there');
    tellPosition(reply, (await useCases.load.return(returnStream(returnId))).position);
    reply.header('etag', entityTagOf(found.revision));
    return showReturnPublicly(found, reach);
  };

  const answerChanged = async (
    returnId: string,
    outcome: Outcome<unknown, ReturnEvent, ReturnRefusal | 'ORDER_LINE_NOT_FOUND' | 'WAREHOUSE_NOT_FOUND'>,
    asked: CommandInput<unknown, unknown>,
  ) =>
    answerOutcome(outcome, asked.reply, { status: 200, body: () => undefined }) ?? (await returnNow(returnId, asked));

  router.command({
    operation: 'requestReturn',
    method: 'POST',
    url: '/v1/orders/:orderId/returns',
    tag,
    summary: 'Announce that goods of an order come back',
    description:
      'Refused beyond what has left, less what came back and what other open returns announce. Nothing is booked: what ' +
      'arrives is, when it is received.',
    params: OrderPath,
    body: ReturnBody,
    answers: { 201: ref(Return), 200: ref(DryRun) },
    problems: [
      'ORDER_NOT_FOUND',
      'WAREHOUSE_NOT_FOUND',
      'ORDER_LINE_NOT_FOUND',
      'ORDER_LINE_REPEATED',
      'QUANTITY_INVALID',
      'RETURN_EXCEEDS_SHIPPED',
      'TOO_MANY_RETURNS',
      'SUBJECT_ERASED',
    ],
    handle: async (asked) => {
      const { params, body, context, claimedAt, reach, reply } = asked;
      if (body.warehouseId !== undefined && !reachesWarehouse(reach, body.warehouseId)) throw noWarehouse();
      await findOrderNow(ports, params.orderId, reach);
      const returnId = derivedTimeId(`return/${context.commandId}`, await claimedAt());
      const outcome = await useCases.requestReturn(params.orderId, { ...body, returnId }, context);
      const location = `/v1/returns/${returnId}`;
      const answer = answerOutcome(outcome, reply, { status: 201, location, body: () => undefined });
      return answer ?? returnNow(returnId, asked);
    },
  });

  router.command({
    operation: 'receiveReturn',
    method: 'POST',
    url: '/v1/returns/:returnId/receipts',
    tag,
    summary: 'Record goods that came back, and what becomes of them',
    description:
      'A fact: also more than was announced, of another line of the order, or after it was called off. The only way by ' +
      'which a return comes back into stock. Beyond what has left, the order gets the exception `RETURN_EXCEEDS_SHIPPED`.',
    params: ReturnPath,
    body: ReceiptBody,
    answers: { 200: Type.Union([ref(Return), ref(DryRun)]) },
    problems: [
      'RETURN_NOT_FOUND',
      'WAREHOUSE_NOT_FOUND',
      'ORDER_LINE_NOT_FOUND',
      'QUANTITY_INVALID',
      'OCCURRED_IN_FUTURE',
    ],
    handle: async (asked) => {
      const { params, body, context, reach } = asked;
      if (!reachesWarehouse(reach, body.warehouseId)) throw noWarehouse();
      await findReturnNow(ports, params.returnId, reach);
      const { occurredAt, ...receipt } = body;
      const timed = { ...context, occurredAt: businessTime(occurredAt, clock.now()) };
      return answerChanged(params.returnId, await useCases.receiveReturn(params.returnId, receipt, timed), asked);
    },
  });

  router.command({
    operation: 'cancelReturn',
    method: 'POST',
    url: '/v1/returns/:returnId/cancellation',
    tag,
    summary: 'Wait no longer for what has not arrived',
    description: 'What has arrived stays what it is. Should the rest come all the same, it is received.',
    params: ReturnPath,
    body: ReturnCancellationBody,
    answers: { 200: Type.Union([ref(Return), ref(DryRun)]) },
    problems: ['RETURN_NOT_FOUND', 'RETURN_ALREADY_RECEIVED'],
    handle: async (asked) => {
      const { params, body, context, reach } = asked;
      await findReturnNow(ports, params.returnId, reach);
      return answerChanged(params.returnId, await useCases.cancelReturn(params.returnId, body.reason, context), asked);
    },
  });
};
