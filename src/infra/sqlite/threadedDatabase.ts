/**
 * A file that a thread of its own writes: neither a commit nor its fsync holds up a request, and the processor's second
 * core has something to do. Reads stay in this thread, on a connection of their own.
 */
import { Worker } from 'node:worker_threads';
import { OperatorError, StoreUnavailable } from '../../commands/ports.ts';
import { type Database, type DatabaseOptions, openDatabase, type Turn } from './database.ts';
import { type Caller, createGoOn, learn } from './settle.ts';
import type { WriteModule, Writer, Writes } from './writes.ts';
import type { Answer, Begun, Call } from './writeThreadCalls.ts';

/** What is read again and again is held as documents and states, so that few pages are. */
const readCacheKiB = 8 * 1_024;
/**
 * A batch of writes lives for some milliseconds: young enough to be collected where it was made. Without a bound, V8 would
 * give the thread as much as the whole process.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 };

/**
 * Messages that the thread has not answered yet: one that it works on, and the next, so that it never waits for this
 * thread. What is asked for meanwhile goes over together: fewer messages, and fewer commits.
 */
const flightsMax = 2;
/** Calls of one message. The largest orders have most of a megabyte each, and the thread has some 100 MB. */
const callsMax = 64;
/** Messages of those who go first, one after another, while others wait: these must not stand still either. */
const firstInARowMax = 3;

/** One message. */
interface Flight {
  calls: Call[];
  /** Of its calls, those that have no answer yet. */
  underway: number;
}

interface Waiting extends Caller {
  readonly flight: Flight;
}

/** Until the thread has opened the file. @throws OperatorError when it can't. */
const begun = (worker: Worker): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (first: Begun) => {
      worker.off('error', reject);
      if (first.refusal === null) resolve();
      else reject(new OperatorError(first.refusal));
    });
  });

/** @throws OperatorError when the file can't be opened, e.g. because it is no database. */
export const openThreadedDatabase = async (path: string, options: DatabaseOptions = {}): Promise<Database> => {
  const reader = openDatabase(path, { cacheKiB: readCacheKiB, ...options });
  const { onDamage: _, ...threadOptions } = options;
  const worker = new Worker(new URL('./writeThread.ts', import.meta.url), {
    workerData: { path, ...threadOptions },
    resourceLimits,
  });
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });
  await begun(worker).catch(async (error: unknown) => {
    await reader.close();
    throw error;
  });
  const waiting = new Map<number, Waiting>();
  const queues: Record<Turn, Flight[]> = { first: [], 'in turn': [] };
  let firstInARow = 0;
  let flights = 0;
  let isSending = false;
  let lastId = 0;
  let closing: Promise<void> | null = null;

  const goOn = createGoOn();
  let settling = Promise.resolve();
  worker.on('message', (answers: readonly Answer[]) => {
    const callers = answers.flatMap((answer) => {
      const caller = waiting.get(answer.id);
      if (caller === undefined) return [];
      waiting.delete(answer.id);
      caller.flight.underway -= 1;
      if (caller.flight.underway === 0) flights -= 1;
      return [learn(caller, answer, reader.condemn)];
    });
    settling = settling.then(() => goOn(callers));
    sendSoon();
  });
  // A thread that ends on its own is a mistake of ours, and nobody else writes the file: the process ends as well.
  worker.on('error', (error) => {
    for (const { reject } of waiting.values()) reject(new StoreUnavailable('The writer ended.', 'unknown', error));
    waiting.clear();
    throw error;
  });

  const areQueued = (): boolean => queues.first.length + queues['in turn'].length > 0;

  const nextFlight = (): Flight | undefined => {
    const doOthersWait = queues['in turn'].length > 0;
    const isOthersTurn = queues.first.length === 0 || (doOthersWait && firstInARow >= firstInARowMax);
    firstInARow = isOthersTurn || !doOthersWait ? 0 : firstInARow + 1;
    return queues[isOthersTurn ? 'in turn' : 'first'].shift();
  };

  const send = (): void => {
    const flight = nextFlight();
    if (flight === undefined) return;
    worker.postMessage(flight.calls);
    flight.calls = [];
    flights += 1;
  };

  /** After this turn, in which more may be asked for. */
  const sendSoon = (): void => {
    if (isSending || flights >= flightsMax || !areQueued()) return;
    isSending = true;
    setImmediate(() => {
      isSending = false;
      send();
      sendSoon();
    });
  };

  const flightWithRoom = (turn: Turn): Flight => {
    const queued = queues[turn];
    const last = queued.at(-1);
    if (last !== undefined && last.calls.length < callsMax) return last;
    const fresh = { calls: [], underway: 0 };
    queued.push(fresh);
    return fresh;
  };

  const call = <T>(
    { module, write, values }: Omit<Call, 'id'>,
    turn: Turn,
    committed?: (value: never) => void,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      if (closing !== null) {
        reject(new StoreUnavailable('The embedded store is closed.', 'not_written'));
        return;
      }
      const damage = reader.damage();
      if (damage !== null) {
        reject(damage);
        return;
      }
      lastId += 1;
      const flight = flightWithRoom(turn);
      flight.underway += 1;
      flight.calls.push({ id: lastId, module, write, values });
      waiting.set(lastId, { flight, committed, resolve, reject });
      sendSoon();
    });

  const writer = async <W extends Writes>({ name: module }: WriteModule<W>, turn: Turn = 'in turn') => {
    await call({ module, write: null, values: [] }, turn);
    const write: Writer<W> = (name, values, committed) =>
      call({ module, write: name as string, values }, turn, committed as (value: never) => void);
    return write;
  };

  const closeNow = async (): Promise<void> => {
    while (areQueued()) send();
    worker.postMessage('close');
    await ended;
    await settling;
    await reader.close();
  };

  return { ...reader, writer, close: () => (closing ??= closeNow()) };
};
