/**
 * The thread behind `threadedDatabase.ts`: owns the connection that writes. Calls come in batches, share group commits,
 * and are answered in the order of commits.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { OperatorError } from '../../../commands/ports.ts';
import { checkpointWrites } from '../checkpoints.ts';
import { documentWrites } from '../documents/documentWrites.ts';
import { eventWrites } from '../events/appends.ts';
import { idempotencyWrites } from '../idempotency.ts';
import { jobWrites } from '../jobs.ts';
import { snapshotWrites } from '../snapshots.ts';
import { type DatabaseOptions, type LocalDatabase, openDatabase } from './database.ts';
import {
  type Begun,
  type Call,
  type CallAnswer,
  packError,
  storeCheckWrites,
  type ThreadOptions,
  type WriteModule,
  type Writer,
  type Writes,
} from './writes.ts';

const modules: readonly WriteModule<Writes>[] = [
  eventWrites,
  documentWrites,
  checkpointWrites,
  jobWrites,
  idempotencyWrites,
  snapshotWrites,
  storeCheckWrites,
];

/** Answers of one commit come one right after another, and go out together. */
const createOutbox = (port: MessagePort): ((answer: CallAnswer) => void) => {
  let answers: CallAnswer[] = [];
  return (answer) => {
    answers.push(answer);
    if (answers.length > 1) return;
    queueMicrotask(() => {
      port.postMessage(answers);
      answers = [];
    });
  };
};

const createPerformer = (db: LocalDatabase): ((call: Call) => Promise<unknown>) => {
  const writers = new Map<string, Writer<Writes>>();
  const open = async (name: string): Promise<void> => {
    const module = modules.find((each) => each.name === name);
    if (module === undefined) throw new Error(`the thread knows no writes of ${name}`);
    writers.set(name, await db.writer(module));
  };
  return ({ module, write, values }) => {
    if (write === null) return open(module);
    const writer = writers.get(module);
    return writer === undefined
      ? Promise.reject(new Error(`${module} was not opened`))
      : writer(write, values as never[]);
  };
};

const begin = (port: MessagePort, { path, ...options }: ThreadOptions & DatabaseOptions): void => {
  let db: LocalDatabase;
  try {
    db = openDatabase(path, options);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    port.postMessage({ refusal: error.message } satisfies Begun);
    return;
  }
  port.postMessage({ refusal: null } satisfies Begun);
  serve(port, db);
};

const serve = (port: MessagePort, db: LocalDatabase): void => {
  const perform = createPerformer(db);
  const post = createOutbox(port);
  port.on('message', (calls: readonly Call[] | 'close') => {
    if (calls === 'close') {
      void db.close().then(() => port.close());
      return;
    }
    for (const call of calls) {
      perform(call).then(
        (value) => post({ id: call.id, value }),
        (error: unknown) => post({ id: call.id, error: packError(error) }),
      );
    }
  });
};

if (parentPort === null) throw new Error('writeThread.ts runs as a thread of its own');
begin(parentPort, workerData as ThreadOptions & DatabaseOptions);
