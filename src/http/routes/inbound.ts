/** Inbound shipments (T1): announced, changed, received in parts, cancelled. */
import Type from 'typebox';
import type { InboundOutcome } from '../../commands/inbound.ts';
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import { inboundIdTaken } from '../../domain/inbound/decider.ts';
import { derivedTimeId } from '../../eventsourcing/commandHandling/ids.ts';
import { answerOutcome } from '../commands/answers.ts';
import { businessTime } from '../input/formats.ts';
import { showResource } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { reachedInbound, requireInbound, showInbound } from '../reads/inbound.ts';
import { answerPage, pageRequestOf } from '../reads/lists.ts';
import type { Router } from '../route.ts';
import type { CommandInput } from '../routeSpec.ts';
import { DryRun, NotModified, PageOf, ref } from '../schemas/common.ts';
import {
  InboundBody,
  InboundCancellationBody,
  InboundChangeBody,
  InboundPath,
  InboundQuery,
  InboundReceiptBody,
  InboundShipment,
} from '../schemas/inbound.ts';

const tag = 'Inbound';
const url = '/v1/inbound-shipments';
const created = { 201: ref(InboundShipment), 200: ref(DryRun) };
const changed = { 200: Type.Union([ref(InboundShipment), ref(DryRun)]) };

const requireWarehouse = (reach: Reach, warehouseId: string): void => {
  if (!reachesWarehouse(reach, warehouseId)) throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
};

const registerInboundReads = ({ read }: Router, { readModels }: HttpPorts): void => {
  const { inboundShipments } = readModels;

  read({
    operation: 'getInbound',
    url: `${url}/:inboundId`,
    tag,
    summary: 'One inbound shipment, with what is still to come of each line',
    params: InboundPath,
    answers: { 200: ref(InboundShipment), 304: NotModified },
    problems: ['INBOUND_NOT_FOUND'],
    models: [inboundShipments.model],
    handle: async ({ params: { inboundId }, reach, request, reply }) => {
      const inbound = reachedInbound(await inboundShipments.queries.get(inboundId), reach);
      return showResource(showInbound(inbound, inbound), { request, reply }, inbound.revision);
    },
  });

  read({
    operation: 'listInbound',
    url,
    tag,
    summary: 'Inbound shipments of the warehouses that the caller may see, the newest first',
    query: InboundQuery,
    answers: { 200: PageOf(ref(InboundShipment)) },
    problems: ['INVALID_CURSOR', 'WAREHOUSE_NOT_FOUND'],
    models: [inboundShipments.model],
    handle: async ({ query, reach }) => {
      const { warehouseId, sku, status } = query;
      if (warehouseId !== undefined) requireWarehouse(reach, warehouseId);
      const reached = reach.warehouses === 'all' ? {} : { warehouseIds: reach.warehouses };
      const page = await inboundShipments.queries.list({
        ...pageRequestOf(query),
        ...(warehouseId === undefined ? reached : { warehouseIds: [warehouseId] }),
        ...(sku === undefined ? {} : { sku }),
        ...(status === undefined ? {} : { status }),
      });
      return answerPage(page, (inbound) => showInbound(inbound, inbound));
    },
  });
};

type OfInbound<Body> = CommandInput<{ readonly inboundId: string }, Body>;

export const registerInbound = (router: Router, ports: HttpPorts): void => {
  const { useCases, clock } = ports;
  registerInboundReads(router, ports);

  const answer = (
    outcome: InboundOutcome,
    { reply }: Pick<OfInbound<unknown>, 'reply'>,
    form: { readonly status: 200 | 201; readonly location?: string },
  ): object | undefined =>
    answerOutcome(outcome, reply, { ...form, body: ({ state, ...touched }) => showInbound(state, touched) });

  const { command } = router;
  command({
    operation: 'announceInbound',
    method: 'POST',
    url,
    tag,
    summary: 'Announce goods on their way to a warehouse: a purchase order, or a notice of the supplier',
    description:
      'From now on each stock counts what is still to come of its lines as `incoming`. A SKU that is not registered in the ' +
      'warehouse is registered with nothing on hand.',
    body: InboundBody,
    answers: created,
    problems: [
      'WAREHOUSE_NOT_FOUND',
      'INBOUND_ID_TAKEN',
      'INBOUND_LINE_REPEATED',
      'TOO_MANY_INBOUND_LINES',
      'TOO_MANY_EXPECTED_LINES',
      'QUANTITY_INVALID',
    ],
    handle: async (asked) => {
      const { body, context, claimedAt, reach } = asked;
      requireWarehouse(reach, body.warehouseId);
      const inboundId = body.inboundId ?? derivedTimeId(`inbound/${context.commandId}`, await claimedAt());
      const outcome = await useCases.announceInbound({ ...body, inboundId }, context);
      // Whose it is, is not told: by a revision, all that happened to it would be.
      if (outcome.kind === 'stale' && outcome.currentRevision >= 0)
        throw new Problem('INBOUND_ID_TAKEN', inboundIdTaken);
      return answer(outcome, asked, { status: 201, location: `${url}/${inboundId}` });
    },
  });

  command({
    operation: 'changeInbound',
    method: 'PATCH',
    url: `${url}/:inboundId`,
    tag,
    summary: 'Change when goods are expected, how many, or which',
    description: 'What is left out stays as it is; the same again changes nothing.',
    params: InboundPath,
    body: InboundChangeBody,
    answers: changed,
    problems: [
      'INBOUND_NOT_FOUND',
      'INBOUND_CANCELLED',
      'INBOUND_LINE_REPEATED',
      'INBOUND_LINE_NOT_FOUND',
      'INBOUND_LINE_OF_OTHER_SKU',
      'TOO_MANY_INBOUND_LINES',
      'TOO_MANY_EXPECTED_LINES',
      'QUANTITY_INVALID',
    ],
    handle: async (asked) => {
      const { body, context, reach, params } = asked;
      await requireInbound(useCases, params.inboundId, reach);
      const outcome = await useCases.changeInbound(params.inboundId, { ...body, lines: body.lines ?? [] }, context);
      return answer(outcome, asked, { status: 200 });
    },
  });

  command({
    operation: 'receiveInbound',
    method: 'POST',
    url: `${url}/:inboundId/receipts`,
    tag,
    summary: 'Record what has come of an inbound shipment: some of it, all, or more',
    description:
      'What is accepted is on hand. What is rejected is on record only: it was turned away. Both count against what is ' +
      'announced. A receipt is a fact, and taken after a cancellation too; goods that nobody announced name their SKU, and ' +
      'a line id of their own.',
    params: InboundPath,
    body: InboundReceiptBody,
    answers: created,
    problems: [
      'INBOUND_NOT_FOUND',
      'INBOUND_LINE_REPEATED',
      'INBOUND_LINE_NOT_FOUND',
      'INBOUND_LINE_OF_OTHER_SKU',
      'TOO_MANY_INBOUND_LINES',
      'QUANTITY_INVALID',
      'OCCURRED_IN_FUTURE',
    ],
    handle: async (asked) => {
      const { body, context, reach, params } = asked;
      await requireInbound(useCases, params.inboundId, reach);
      const lines = body.lines.map(({ rejected, ...line }) => ({ ...line, rejected: rejected ?? 0 }));
      const timed = { ...context, occurredAt: businessTime(body.occurredAt, clock.now()) };
      const outcome = await useCases.receiveInbound(params.inboundId, lines, timed);
      return answer(outcome, asked, { status: 201 });
    },
  });

  command({
    operation: 'cancelInbound',
    method: 'POST',
    url: `${url}/:inboundId/cancellation`,
    tag,
    summary: 'Cancel what has not come: nothing more is expected',
    description: 'What has come stays. Where nothing is missing, it changes nothing.',
    params: InboundPath,
    body: InboundCancellationBody,
    answers: changed,
    problems: ['INBOUND_NOT_FOUND'],
    handle: async (asked) => {
      const { body, context, reach, params } = asked;
      await requireInbound(useCases, params.inboundId, reach);
      return answer(await useCases.cancelInbound(params.inboundId, body.reason, context), asked, { status: 200 });
    },
  });
};
