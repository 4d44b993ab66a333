/** Which files of `src` run for a request: V8's own coverage of a warm service in a process of its own. */
import { once } from 'node:events';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { RunningService } from './process.ts';

const projectRoot = join(import.meta.dirname, '../..');

/** As often as a file must have run to be on the way: what runs now and then by itself is not there each time. */
const goes = 8;
const warmUps = 30;
const restMaxMs = 60_000;

export interface Way {
  /** Ran in each go, sorted; relative to the project. */
  readonly always: readonly string[];
  /** Ran in some: timers, sweeps, what is done once in a while. */
  readonly sometimes: readonly string[];
}

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

/** The inspector of a process that runs with `--inspect`, as it says on its output. */
const connect = async (service: RunningService) => {
  const address = /ws:\/\/\S+/.exec(service.output())?.[0];
  if (address === undefined) throw new Error('the service runs without an inspector');
  const socket = new WebSocket(address);
  await once(socket, 'open');
  let lastId = 0;
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { readonly id?: number; readonly result: unknown };
    if (id !== undefined) waiting.get(id)?.(result);
  });
  return {
    send: (method: string, params: object = {}): Promise<unknown> =>
      new Promise((resolve) => {
        lastId += 1;
        waiting.set(lastId, resolve);
        socket.send(JSON.stringify({ id: lastId, method, params }));
      }),
    close: (): void => socket.close(),
  };
};

const filesIn = ({ result }: Coverage): readonly string[] =>
  result
    .filter(
      ({ url, functions }) => url.startsWith('file:') && functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0),
    )
    .map(({ url }) => relative(projectRoot, fileURLToPath(url)))
    .filter((file) => file.startsWith('src/'));

/** Runs in each slice of time in which a consumer of the log has work. */
const consumerFile = 'src/eventsourcing/consumers/consumer.ts';

/** What runs from the request until no consumer has work that follows from it. */
export const wayOf = async (service: RunningService, request: () => Promise<unknown>): Promise<Way> => {
  for (let go = 0; go < warmUps; go += 1) await request();
  const inspector = await connect(service);
  const take = async (): Promise<readonly string[]> =>
    filesIn((await inspector.send('Profiler.takePreciseCoverage')) as Coverage);
  /** What runs by itself, such as looks for jobs that are due. */
  const background = new Set<string>();
  const untilAtRest = async (): Promise<ReadonlySet<string>> => {
    const files = new Set<string>();
    const takeMore = async (): Promise<boolean> => {
      const slice = await take();
      const isAtRest = files.has(consumerFile) && !slice.includes(consumerFile);
      for (const file of slice) (isAtRest ? background : files).add(file);
      return isAtRest;
    };
    await expect.poll(takeMore, { timeout: restMaxMs, interval: 100 }).toBe(true);
    return files;
  };
  await inspector.send('Profiler.enable');
  await inspector.send('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await request();
  await untilAtRest();
  const ran: ReadonlySet<string>[] = [];
  for (let go = 0; go < goes; go += 1) {
    await request();
    ran.push(await untilAtRest());
  }
  inspector.close();
  const all = [...new Set(ran.flatMap((files) => [...files]))].sort();
  const isAlways = (file: string): boolean => !background.has(file) && ran.every((files) => files.has(file));
  return { always: all.filter(isAlways), sometimes: all.filter((file) => !isAlways(file)) };
};
