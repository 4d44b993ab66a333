/** The server that stands in for EventStoreDB: in this process, or as one of its own that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { remoteControls } from '../eventstoredb/control.ts';
import type { Controls } from '../eventstoredb/controls.ts';
import { type ServerOptions, startServer } from '../eventstoredb/server.ts';
import type { RunningEngine } from './runningEngine.ts';

export interface EventStoreOptions extends Omit<ServerOptions, 'commitTimeoutMs'> {
  /** `process`: a process of its own, which takes a core of its own and can be killed. Default `here`. */
  readonly where?: 'here' | 'process';
}

export interface RunningEventStore extends RunningEngine {
  readonly controls: Controls;
  /**
   * Ends the process by SIGKILL and starts it anew on the same port, with what its file holds and no fault plan. Not
   * in `here`.
   */
  readonly killAndRestart: () => Promise<void>;
  /** Of the process of its own; null in `here`. */
  readonly pid: () => number | null;
}

const script = join(import.meta.dirname, '../eventstoredb/main.ts');

const here = async (options: ServerOptions): Promise<RunningEventStore> => {
  const server = await startServer(options);
  return {
    url: server.url,
    controls: server.controls,
    stop: server.stop,
    killAndRestart: async () => {
      throw new Error("a server in this process can't be killed alone: start it with where: 'process'");
    },
    pid: () => null,
  };
};

interface Listening {
  readonly url: string;
  readonly port: number;
  readonly controlPort: number;
}

const firstLine = async (child: ChildProcess): Promise<Listening> => {
  if (child.stdout === null) throw new Error('the server has no standard output');
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the event store server ended before it listened');
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => {}); // Its end is waited for where it is asked for.
  return JSON.parse(line) as Listening;
};

const flagsOf = ({ commitMs, file }: ServerOptions): string[] => [
  ...(commitMs === undefined ? [] : ['--commit-ms', String(commitMs)]),
  ...(file === undefined ? [] : ['--file', file]),
];

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
};

const asProcess = async (options: ServerOptions): Promise<RunningEventStore> => {
  const start = async (port: number, controlPort: number) => {
    const ports = ['--port', String(port), '--control-port', String(controlPort)];
    const child = spawn(process.execPath, [script, '--tied', ...ports, ...flagsOf(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return { child, at: await firstLine(child) };
  };
  let running = await start(options.port ?? 0, 0);
  const { url, port, controlPort } = running.at;
  return {
    url,
    controls: remoteControls(controlPort),
    stop: () => end(running.child, 'SIGTERM'),
    killAndRestart: async () => {
      await end(running.child, 'SIGKILL');
      running = await start(port, controlPort);
    },
    pid: () => running.child.pid ?? null,
  };
};

export const startEventStoreServer = ({
  where = 'here',
  ...options
}: EventStoreOptions = {}): Promise<RunningEventStore> => (where === 'here' ? here(options) : asProcess(options));

/** The server that `EVENTSTORE_URL` names, which is left alone, or one started for the caller. */
export const eventStoreEngine = async (): Promise<RunningEngine> => {
  const url = process.env.EVENTSTORE_URL;
  return url === undefined || url === '' ? startEventStoreServer() : { url, stop: async () => {} };
};
