/** Requests to the gateway: over https as any client sends them, and byte by byte as no client should. */
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { type Agent, type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { expect } from 'vitest';
import { type Certificates, type Identity, serverName } from './certificates.ts';

/** Where the gateway listens, and whom to trust. */
export interface Target {
  readonly port: number;
  readonly certificates: Pick<Certificates, 'authority'>;
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
  /** The certificate that the client shows. */
  readonly identity?: Identity;
  readonly agent?: Agent;
  /** `Transfer-Encoding: chunked` in place of a length. */
  readonly chunked?: boolean;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What never comes; a busy machine answers long before. */
const answerMaxMs = 60_000;

export const optionsFor = ({ port, certificates }: Target): RequestOptions => ({
  host: '127.0.0.1',
  port,
  servername: serverName,
  ca: certificates.authority,
});

export const askOver = async (target: Target, sent: Sent): Promise<Received> => {
  const { method = 'GET', path, headers = {}, body, identity = {}, agent, chunked = false } = sent;
  const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const asked = request({
    ...optionsFor(target),
    ...identity,
    agent: agent ?? false,
    method,
    path,
    timeout: answerMaxMs,
    headers: { host: serverName, ...length, ...headers },
  });
  asked.on('timeout', () => asked.destroy(new Error('no answer')));
  // A refusal may come while a large body is still on its way, and the connection end with it.
  const answered = new Promise<Received>((resolve, reject) => {
    asked.on('error', reject);
    asked.on('response', (message) => {
      text(message).then(
        (all) => resolve({ status: message.statusCode ?? 0, headers: message.headers, text: all }),
        reject,
      );
    });
  });
  asked.end(body);
  return answered;
};

/** A TLS connection; rejects with the error of the handshake. */
export const connectOver = async (target: Target, options: ConnectionOptions = {}): Promise<TLSSocket> => {
  const socket = connect({
    ...{ host: '127.0.0.1', port: target.port, servername: serverName, ca: target.certificates.authority },
    ...options,
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
};

/** Sends bytes and reads until the other side closes. */
export const sendBytes = async (target: Target, bytes: string | Buffer): Promise<string> => {
  const socket = await connectOver(target);
  socket.setTimeout(answerMaxMs, () => socket.destroy());
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(bytes);
  // A connection that is reset ends all the same.
  await new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
  });
  return Buffer.concat(chunks).toString('latin1');
};

/** What the gateway itself answered, checked for the form of the service's problems (RFC 9457). */
export const problemOf = ({ status, headers, text: body }: Received): Readonly<Record<string, unknown>> => {
  const problem = JSON.parse(body) as Readonly<Record<string, unknown>>;
  expect(headers['content-type']).toBe('application/problem+json');
  expect(problem).toMatchObject({ status, instance: `urn:uuid:${String(headers['x-request-id'])}` });
  expect(problem.type).toBe(`urn:stockledger:problem:${String(problem.code).toLowerCase().replaceAll('_', '-')}`);
  return problem;
};
