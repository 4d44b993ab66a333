/**
 * How a process stops while clients are connected. First it serves on and asks each client to leave (`Connection:
 * close`), so that no request is cut off. Then it stops listening and closes the connections that are idle.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { Server as TlsServer } from 'node:tls';
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
/** Requests that take longer are given up; a retry finds what they recorded. */
const inFlightMaxMs = 5_000;
/** A request that was on its way when we stopped to listen arrives within this. */
const quietMaxMs = 500;
/** Clients that connect without a pause would keep the process listening; shorter than `inFlightMaxMs`. */
const connectingMaxMs = 2_000;
const lookEveryMs = 25;
/** In a longer turn of the event loop a client may have connected after the check. */
const shortTurnMs = 1;
const statusLine = 'HTTP/1.1 503 Service Unavailable';

interface ClientConnection {
  /** Answers that are not whole yet, in the order of their requests. */
  readonly underway: ServerResponse[];
  /** Bytes read when the last request was answered; more than that is the beginning of the next one. */
  readBytes: number;
  /** Since when it has no request to wait for; read only at the end. */
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

/** Over TLS a request comes from the connection inside. */
const requestsComeFrom = ({ server }: FastifyInstance): string =>
  server instanceof TlsServer ? 'secureConnection' : 'connection';

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
  app.server.on(requestsComeFrom(app), (socket: Socket) => {
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
  // Node calls it at the end, and takes a connection for idle whose first request is on its way; `closeIfQuiet` does not.
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

  /** Closes idle connections, and answers half a request with 503. A connection that waits for an answer stays. */
  const closeQuiet = (): void => {
    const nowMs = performance.now();
    for (const [socket, connection] of connections) closeIfQuiet(socket, connection, nowMs);
  };

  let clientsSeen = 0;
  /** Also those that have not said a word. */
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    clientsSeen += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  /** A client not accepted yet is reset when listening stops: waits for a short turn in which no client came. */
  const untilNoNewClient = async (): Promise<void> => {
    const endMs = performance.now() + connectingMaxMs;
    let isQuiet = false;
    for (let turnMs = performance.now(); !isQuiet && turnMs < endMs; ) {
      const [seenBefore, turnBeforeMs] = [clientsSeen, turnMs];
      await nextTurn();
      turnMs = performance.now();
      isQuiet = clientsSeen === seenBefore && turnMs - turnBeforeMs < shortTurnMs;
    }
  };

  app.addHook('preClose', async () => {
    draining.abort();
    closeQuiet();
    const sweep = setInterval(closeQuiet, lookEveryMs);
    const end = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, inFlightMaxMs);
    app.server.once('close', () => {
      clearInterval(sweep);
      clearTimeout(end);
    });
    sweep.unref();
    end.unref();
    await untilNoNewClient();
    app.server.close();
  });
};
