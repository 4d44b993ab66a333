/**
 * A file that a thread of its own writes: neither a commit nor its fsync holds up a request, and the processor's second
 * core has something to do. Reads stay in this thread, on a connection of their own.
 */
import { Worker } from 'node:worker_threads';
import { OperatorError } from '../../../commands/ports.ts';
import { StoreUnavailable } from '../../../eventsourcing/ports.ts';
import { type Database, type DatabaseOptions, openDatabase, type Turn } from './database.ts';
import {
  type Begun,
  type Call,
  type CallAnswer,
  createGoOn,
  learn,
  type WaitingCaller,
  type WriteModule,
  type Writer,
  type Writes,
} from './writes.ts';

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
const messagesMax = 2;
/** Calls of one message. The largest orders have most of a megabyte each, and the thread has some 100 MB. */
const callsMax = 64;
/** Messages of those who go first, one after another, while others wait: these must not stand still either. */
const firstInARowMax = 3;

interface ThreadMessage {
  /** Of its calls, those that have no answer yet. */
  underway: number;
}

/** Calls that go over together. */
interface CallBatch {
  calls: Call[];
  /** `null`: they wait. */
  message: ThreadMessage | null;
}

interface Waiting extends WaitingCaller {
  readonly batch: CallBatch;
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
  const queues: Record<Turn, CallBatch[]> = { first: [], 'in turn': [] };
  let firstInARow = 0;
  let messages = 0;
  let isSending = false;
  let lastId = 0;
  let closing: Promise<void> | null = null;

  const goOn = createGoOn();
  let settling = Promise.resolve();
  worker.on('message', (answers: readonly CallAnswer[]) => {
    const callers = answers.flatMap((answer) => {
      const caller = waiting.get(answer.id);
      if (caller === undefined) return [];
      waiting.delete(answer.id);
      const { message } = caller.batch;
      if (message !== null) {
        message.underway -= 1;
        if (message.underway === 0) messages -= 1;
      }
      return [learn(caller, answer, reader.condemn)];
    });
    settling = settling.then(() => goOn(callers));
    sendSoon();
  });
  // A thread that ends on its own is our mistake. Nothing else writes the file, so the process ends as well.
  worker.on('error', (error) => {
    for (const { reject } of waiting.values()) reject(new StoreUnavailable('The writer ended.', 'unknown', error));
    waiting.clear();
    throw error;
  });

  const areQueued = (): boolean => queues.first.length + queues['in turn'].length > 0;

  const nextBatch = (): CallBatch | undefined => {
    const doOthersWait = queues['in turn'].length > 0;
    const isOthersTurn = queues.first.length === 0 || (doOthersWait && firstInARow >= firstInARowMax);
    firstInARow = isOthersTurn || !doOthersWait ? 0 : firstInARow + 1;
    return queues[isOthersTurn ? 'in turn' : 'first'].shift();
  };

  /** Together with those of the other turn, where both have room in one message: each message is a commit. */
  const send = (): void => {
    const batch = nextBatch();
    if (batch === undefined) return;
    const together = [batch];
    let { length } = batch.calls;
    for (const queue of [queues.first, queues['in turn']]) {
      const [next] = queue;
      if (next === undefined || length + next.calls.length > callsMax) continue;
      queue.shift();
      together.push(next);
      length += next.calls.length;
      firstInARow = 0;
    }
    worker.postMessage(together.flatMap(({ calls }) => calls));
    const message = { underway: length };
    for (const each of together) Object.assign(each, { calls: [], message });
    messages += 1;
  };

  /** After this turn, in which more may be asked for. */
  const sendSoon = (): void => {
    if (isSending || messages >= messagesMax || !areQueued()) return;
    isSending = true;
    setImmediate(() => {
      isSending = false;
      send();
      sendSoon();
    });
  };

  const batchWithRoom = (turn: Turn): CallBatch => {
    const queued = queues[turn];
    const last = queued.at(-1);
    if (last !== undefined && last.calls.length < callsMax) return last;
    const fresh: CallBatch = { calls: [], message: null };
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
      const batch = batchWithRoom(turn);
      batch.calls.push({ id: lastId, module, write, values });
      waiting.set(lastId, { batch, committed, resolve, reject });
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
