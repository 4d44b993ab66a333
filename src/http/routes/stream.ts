/** Live: events as they happen, as Server-Sent Events. Nothing is missed: `Last-Event-ID` resumes after any break. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Position, RecordedEvent } from '../../domain/message.ts';
import { comparePositions, parsePosition } from '../../domain/position.ts';
import { publicEvent } from '../../projections/publicEvent.ts';
import { findOrder } from '../findOrder.ts';
import { createLiveFilter, type LiveFilter } from '../liveFilter.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { Router } from '../route.ts';
import { StreamQuery } from '../schemas/audit.ts';

/** Each open stream costs a socket and a filter; a browser opens one a tab. */
const streamsMax = 500;
/** A client this far behind is told to come again, and reads the rest from the log. */
const queuedMax = 5_000;
const readMax = 500;
/** Below the idle limits of common proxies. */
const heartbeatMs = 15_000;
/** The token was checked when the stream began; who may no longer listen is out after this. */
const lifeMaxMs = 15 * 60_000;
const retryMs = 2_000;

interface Outlet {
  readonly response: ServerResponse;
  readonly filter: LiveFilter;
  readonly signal: AbortSignal;
}

const message = (event: RecordedEvent): string => {
  const { position, type, ...rest } = publicEvent(event);
  return `id: ${position}\nevent: ${type}\ndata: ${JSON.stringify({ ...rest, type, position })}\n\n`;
};

/** Resolves when the client has room again, or is gone. */
const drained = (response: ServerResponse, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.on('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

const send = async ({ response, filter, signal }: Outlet, event: RecordedEvent): Promise<void> => {
  if (signal.aborted || !filter(event)) return;
  if (!response.write(message(event))) await drained(response, signal);
};

export const registerStream = (app: FastifyInstance, { read }: Router, ports: HttpPorts): void => {
  const { live, source, orders } = ports.readModels;
  const open = new Set<AbortController>();
  app.addHook('preClose', async () => {
    for (const controller of open) controller.abort();
  });

  /** What happened since, then what happens: listening begins before the reading, so that nothing falls between. */
  const pump = async (outlet: Outlet, resumeAt: Position | null, stop: () => void): Promise<void> => {
    const queue: RecordedEvent[] = [];
    let wake: () => void = () => undefined;
    const unsubscribe = live.subscribe((event) => {
      queue.push(event);
      if (queue.length > queuedMax) stop();
      wake();
    });
    outlet.signal.addEventListener('abort', () => wake());
    try {
      let at = resumeAt;
      while (at !== null && !outlet.signal.aborted) {
        const events = await source.readAll(at, 'forwards', readMax);
        for (const event of events) await send(outlet, event);
        at = events.at(-1)?.position ?? at;
        if (events.length < readMax) break;
      }
      while (!outlet.signal.aborted) {
        const event = queue.shift();
        if (event === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else if (at === null || comparePositions(event.position, at) > 0) await send(outlet, event);
      }
    } finally {
      unsubscribe();
    }
  };

  read({
    operation: 'streamEvents',
    url: '/v1/stream',
    tag: 'Live',
    summary: 'Events as they happen (Server-Sent Events)',
    description:
      'Each message has the event as in the history, its position as `id` and its type as `event`. Send the last `id` ' +
      'back as `Last-Event-ID` to go on where it broke off. A customer names an order of theirs.',
    query: StreamQuery,
    answers: {
      200: Type.Unsafe<unknown>({
        description: 'An endless stream.',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      }),
    },
    problems: ['TOO_MANY_STREAMS', 'ORDER_NOT_FOUND'],
    models: [orders.model],
    handle: async ({ query, principal, reach, request, reply }) => {
      if (open.size >= streamsMax) throw new Problem('TOO_MANY_STREAMS', 'Close another stream first.');
      if (reach.customerId !== null) await findOrder(ports, query.orderId ?? '', reach);
      const lastId = request.headers['last-event-id'];
      const resumeAt = typeof lastId === 'string' && lastId !== '' ? parsePosition(lastId) : null;
      if (resumeAt === null && typeof lastId === 'string' && lastId !== '') {
        throw new Problem('INVALID_POSITION', 'Last-Event-ID is not one of ours.');
      }
      if (request.method === 'HEAD') return reply.header('content-type', 'text/event-stream').send();
      const controller = new AbortController();
      const stop = (): void => controller.abort();
      open.add(controller);
      reply.hijack();
      const response = reply.raw;
      response.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      response.write(`retry: ${retryMs}\n\n`);
      response.on('close', stop);
      const heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMs);
      const end = setTimeout(stop, lifeMaxMs);
      const filter = createLiveFilter(query, { principal, reach });
      pump({ response, filter, signal: controller.signal }, resumeAt, stop)
        .catch((error: unknown) => request.log.warn({ err: error, reqId: request.id }, 'live stream failed'))
        .finally(() => {
          clearInterval(heartbeat);
          clearTimeout(end);
          open.delete(controller);
          response.end();
        });
      return reply;
    },
  });
};
