/** The controls of a server in another process: one POST for each, with its argument as JSON, on a loopback port. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Controls } from './controls.ts';

const host = '127.0.0.1';
/** A fault plan has a few numbers. */
const bodyBytesMax = 64 * 1024;

const names: readonly (keyof Controls)[] = [
  'setFaults',
  'endSubscriptions',
  'changeLeader',
  'refuseConnections',
  'restart',
  'counts',
];

const argumentOf = async (request: IncomingMessage): Promise<unknown> => {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > bodyBytesMax) throw new RangeError('the argument is too long');
  }
  return text === '' ? null : JSON.parse(text);
};

/** Each control takes one argument or none; what it is, is checked where it came from. */
const call = async (controls: Controls, request: IncomingMessage): Promise<unknown> => {
  const name = names.find((known) => request.url === `/${known}`);
  if (name === undefined || request.method !== 'POST') throw new RangeError(`no such control: ${request.url ?? ''}`);
  const control = controls[name] as (argument: unknown) => Promise<unknown>;
  return (await control(await argumentOf(request))) ?? null;
};

/** @returns what closes it, and its port. */
export const serveControls = async (
  controls: Controls,
  port = 0,
): Promise<{ readonly port: number; readonly close: () => void }> => {
  const server: Server = createServer((request, response) => {
    call(controls, request).then(
      (answer) => response.end(JSON.stringify(answer)),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};

/** The same controls from another process. */
export const remoteControls = (port: number): Controls => {
  const post = async (name: keyof Controls, argument?: unknown): Promise<unknown> => {
    const answer = await fetch(`http://${host}:${port}/${name}`, {
      method: 'POST',
      ...(argument === undefined ? {} : { body: JSON.stringify(argument) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return JSON.parse(text);
  };
  return {
    setFaults: async (plan) => {
      await post('setFaults', plan);
    },
    endSubscriptions: async (fate) => Number(await post('endSubscriptions', fate)),
    changeLeader: async (change) => {
      await post('changeLeader', change);
    },
    refuseConnections: async (durationMs) => {
      await post('refuseConnections', durationMs);
    },
    restart: async (restart) => {
      await post('restart', restart);
    },
    counts: async () => (await post('counts')) as Readonly<Record<string, number>>,
  };
};
