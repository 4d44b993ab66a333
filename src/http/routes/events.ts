/** Events: live as they happen (Server-Sent Events, resumed by `Last-Event-ID`), and as history for auditors (R13). */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { merkleLeaf } from '../../audit/merkleLeaf.ts';
import { asStored } from '../../domain/events.ts';
import { type Position, parsePosition } from '../../eventsourcing/message.ts';
import { callerKey, createConcurrencyLimit } from '../limits.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { answerPageOf, pageRequestOf } from '../reads/lists.ts';
import { createLiveFilter, scanHintOf } from '../reads/liveFilter.ts';
import { createLiveOutlet, pumpLive } from '../reads/liveStream.ts';
import { findOrder } from '../reads/orders.ts';
import { showHistory } from '../reads/visibleFields.ts';
import type { Router, RouteSupport } from '../route.ts';
import { PageOf, ref } from '../schemas/common.ts';
import { AuditEvent, AuditQuery, StreamQuery } from '../schemas/history.ts';

/** Each open stream costs a socket and a filter. */
const streamsMax = 500;
/** A browser opens one for each tab, a system one for each warehouse. */
const streamsPerCallerMax = 50;
/** The token is checked only when the stream begins: a caller who lost access is out after this. */
const lifeMaxMs = 15 * 60_000;
const retryMs = 2_000;

/** @throws Problem for an id that the service never sent. */
const resumeAtOf = (request: FastifyRequest): Position | null => {
  const lastId = request.headers['last-event-id'];
  if (typeof lastId !== 'string' || lastId === '') return null;
  const position = parsePosition(lastId);
  if (position === null) throw new Problem('INVALID_POSITION', 'Last-Event-ID is not one of ours.');
  return position;
};

const begin = (response: ServerResponse, headers: Record<string, string>): void => {
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write(`retry: ${retryMs}\n\n`);
};

export const registerStream = (
  app: FastifyInstance,
  { read }: Router,
  ports: HttpPorts,
  { positions }: Pick<RouteSupport, 'positions'>,
): void => {
  const { live, source, pace, orders } = ports.readModels;
  const open = new Set<AbortController>();
  const streams = createConcurrencyLimit({
    what: 'live streams',
    total: streamsMax,
    perCaller: streamsPerCallerMax,
    code: 'TOO_MANY_STREAMS',
  });
  app.draining.addEventListener('abort', () => {
    for (const controller of open) controller.abort();
  });

  read({
    operation: 'streamEvents',
    url: '/v1/stream',
    tag: 'Live',
    summary: 'Events as they happen (Server-Sent Events)',
    description:
      'Each message has the event as in the history, its position as `id` and its type as `event`. Send the last `id` ' +
      'back as `Last-Event-ID` to go on where it broke off; an `id` without a message says that nothing else was for ' +
      'you until there. A customer names an order of theirs.',
    query: StreamQuery,
    answers: {
      200: Type.Unsafe<unknown>({
        description: 'An endless stream.',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      }),
    },
    problems: ['TOO_MANY_STREAMS', 'SERVICE_STOPPING', 'ORDER_NOT_FOUND'],
    models: [orders.model],
    handle: async ({ query, principal, reach, request, reply }) => {
      if (app.draining.aborted) throw new Problem('SERVICE_STOPPING', 'Connect again: another process takes it.');
      if (reach.customerId !== null) await findOrder(ports, query.orderId ?? '', reach);
      const resumeAt = resumeAtOf(request);
      if (resumeAt !== null) await positions.require(resumeAt);
      if (request.method === 'HEAD') return reply.header('content-type', 'text/event-stream').send();
      const from = resumeAt ?? (await source.head());
      const permit = streams.take(callerKey({ principal }), 1);
      const controller = new AbortController();
      const stop = (): void => controller.abort();
      open.add(controller);
      reply.hijack();
      const response = reply.raw;
      begin(response, reply.getHeaders() as Record<string, string>);
      response.on('close', stop);
      const end = setTimeout(stop, lifeMaxMs);
      const { signal } = controller;
      const outlet = createLiveOutlet(response, { signal, reach });
      const filter = createLiveFilter(query, { principal, reach });
      pumpLive({ source, live, pace, filter, hint: scanHintOf(query), outlet, signal }, from)
        .catch((error: unknown) => request.log.warn({ err: error, reqId: request.id }, 'live stream failed'))
        .finally(() => {
          clearTimeout(end);
          open.delete(controller);
          permit.release();
          response.end();
          // The client gets what it has not read on its next connection.
          if (response.writableNeedDrain) response.destroy();
        });
      return reply;
    },
  });
};

export const registerAudit = ({ read }: Router, { readModels, personalData }: HttpPorts): void => {
  const { eventHistory } = readModels;

  read({
    operation: 'listAuditEvents',
    url: '/v1/audit/events',
    tag: 'Audit',
    summary: 'Events in the order they were recorded, with the hash that proves each',
    description:
      '`leafHash` is SHA-256(0x00 ‖ canonical envelope ‖ SHA-256(canonical stored payload)), RFC 6962 style; personal ' +
      'data is stored sealed, hashed sealed, and left out here, but for notes, which stand beside `data`.',
    query: AuditQuery,
    isExpensive: () => true,
    cost: 5,
    answers: { 200: PageOf(ref(AuditEvent)) },
    problems: ['INVALID_CURSOR'],
    models: [eventHistory.model],
    handle: async ({ query, reach }) => {
      const { from, to, limit, cursor, ...filters } = query;
      const page = await eventHistory.queries.find({
        ...filters,
        ...pageRequestOf({ ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      return answerPageOf(page, async (event) => {
        const stored = asStored(event);
        return { ...(await showHistory(stored, reach, personalData)), leafHash: merkleLeaf(stored) };
      });
    },
  });
};
