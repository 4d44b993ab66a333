/**
 * The end of a process that others still talk to: at first it goes on and asks each client to leave (`Connection: close`),
 * so that no request is cut off; then it listens no more, and closes what says nothing.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { Problem, problemDocument } from './problems/problem.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the process is about to stop: not ready any more, and streams end. */
    readonly draining: AbortSignal;
    /** Goes on for a grace, or until no client is connected. Call it before `close`. */
    drain(): Promise<void>;
    /** Resolves when all answers that were given are kept. Once more after `close`: its hooks run before the last answer. */
    flushAnswers(): Promise<void>;
  }
}

/** Long enough for a proxy that asks for readiness every second, and for a client to send its next request. */
const graceMs = 2_000;
/** Requests that are still under way then are given up: what they recorded is found by their retry. */
const inFlightMaxMs = 5_000;
/** A request that was on its way when we stopped to listen arrives within this. */
const quietMaxMs = 500;
/** Clients that connect without a pause would keep the door open for ever; within `inFlightMaxMs`. */
const knockingMaxMs = 2_000;
const lookEveryMs = 25;
/** A longer turn of the loop had time for clients to connect after it looked who waits. */
const shortTurnMs = 1;
const statusLine = 'HTTP/1.1 503 Service Unavailable';

interface ClientConnection {
  /** Answers that are not whole yet, in the order of their requests. */
  readonly underway: ServerResponse[];
  /** What had come when the last request was answered: more of it is the beginning of the next one. */
  readBytes: number;
  /** Since when nothing of it is worth waiting for; looked at only at the end. */
  quietSinceMs: number | null;
}

/** For a request that is not whole, so that no route has seen it. */
const refuse = (socket: Socket, requestId: string): void => {
  const problem = new Problem('SERVICE_STOPPING', 'The request did not arrive in time. Send it again.');
  const body = JSON.stringify(problemDocument(problem, requestId));
  const headers = ['content-type: application/problem+json', 'connection: close', 'retry-after: 1'];
  socket.end(`${[statusLine, ...headers, `content-length: ${Buffer.byteLength(body)}`, '', ''].join('\r\n')}${body}`);
};

const askToLeave = (answer: ServerResponse): void => {
  if (!answer.headersSent) answer.setHeader('connection', 'close');
};

const trackConnections = (app: FastifyInstance, draining: AbortSignal): Map<Socket, ClientConnection> => {
  const connections = new Map<Socket, ClientConnection>();
  /** One function for all answers: this happens for each request. */
  const end = function (this: ServerResponse): void {
    const { socket } = this.req;
    const connection = connections.get(socket);
    if (connection === undefined) return;
    connection.underway.splice(connection.underway.indexOf(this), 1);
    connection.readBytes = socket.bytesRead;
  };
  app.server.on('connection', (socket: Socket) => {
    connections.set(socket, { underway: [], readBytes: 0, quietSinceMs: null });
    socket.once('close', () => connections.delete(socket));
  });
  app.server.on('request', ({ socket }: IncomingMessage, answer: ServerResponse) => {
    const connection = connections.get(socket);
    if (connection === undefined) return;
    connection.underway.push(answer);
    answer.on('close', end);
  });
  draining.addEventListener('abort', () => {
    for (const { underway } of connections.values()) underway.forEach(askToLeave);
  });
  return connections;
};

const isWhole = ({ req }: ServerResponse): boolean => req.complete;

export const registerDrain = (app: FastifyInstance, newId: () => string): void => {
  const draining = new AbortController();
  const connections = trackConnections(app, draining.signal);
  app.decorate('draining', draining.signal);
  // Node calls it at the end, and takes for idle whose first request is on its way. We tell the two apart below.
  app.server.closeIdleConnections = () => undefined;

  app.decorate('drain', async () => {
    draining.abort();
    const endMs = performance.now() + graceMs;
    while (connections.size > 0 && performance.now() < endMs) await pause(lookEveryMs);
  });

  const closeIfQuiet = (socket: Socket, connection: ClientConnection, nowMs: number): void => {
    const { underway, readBytes } = connection;
    if (underway.some(isWhole)) {
      connection.quietSinceMs = null;
      return;
    }
    connection.quietSinceMs ??= nowMs;
    if (nowMs - connection.quietSinceMs < quietMaxMs || socket.writableEnded) return;
    if (underway.length > 0 || socket.bytesRead > readBytes) refuse(socket, newId());
    else socket.destroySoon();
  };

  /** Who is idle goes, who has sent half of a request is told; who waits for an answer gets it. */
  const closeQuiet = (): void => {
    const nowMs = performance.now();
    for (const [socket, connection] of connections) closeIfQuiet(socket, connection, nowMs);
  };

  let knocks = 0;
  app.server.on('connection', () => {
    knocks += 1;
  });
  /** Who is connected but not accepted yet is reset when we stop to listen: waits for a short turn in which no client came. */
  const untilNoClientKnocks = async (): Promise<void> => {
    const endMs = performance.now() + knockingMaxMs;
    let isQuiet = false;
    for (let turnMs = performance.now(); !isQuiet && turnMs < endMs; ) {
      const [knocksBefore, turnBeforeMs] = [knocks, turnMs];
      await nextTurn();
      turnMs = performance.now();
      isQuiet = knocks === knocksBefore && turnMs - turnBeforeMs < shortTurnMs;
    }
  };

  app.addHook('preClose', async () => {
    draining.abort();
    closeQuiet();
    const sweep = setInterval(closeQuiet, lookEveryMs);
    const end = setTimeout(() => {
      for (const socket of connections.keys()) socket.destroy();
    }, inFlightMaxMs);
    app.server.once('close', () => {
      clearInterval(sweep);
      clearTimeout(end);
    });
    sweep.unref();
    end.unref();
    await untilNoClientKnocks();
    app.server.close();
  });
};
