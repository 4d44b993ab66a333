/** Answers that were given and are on their way to the disk: many in one write, a moment behind (ADR 12). */
import type { FastifyBaseLogger } from 'fastify';
import type { IdempotencyRecords, KeptAnswer } from '../../commands/ports.ts';

export interface AnswersBehind {
  find(id: string): KeptAnswer | undefined;
  add(answer: KeptAnswer): void;
  /** Resolves when nothing is under way; whoever stops the process waits for it. */
  flush(): Promise<void>;
}

/** What a crash may lose: the hash of a request, never what it did. Long enough to make few large writes of many. */
const everyMs = 100;

export const createAnswersBehind = (
  records: Pick<IdempotencyRecords, 'save'>,
  logger: FastifyBaseLogger,
): AnswersBehind => {
  const behind = new Map<string, KeptAnswer>();
  let gathered: KeptAnswer[] = [];
  let timer: NodeJS.Timeout | null = null;
  let saving = Promise.resolve();

  const saveGathered = async (): Promise<void> => {
    const answers = gathered;
    gathered = [];
    await records
      .save(answers)
      .catch((error: unknown) => logger.error({ err: error, answers: answers.length }, 'answers not kept'));
    for (const { id } of answers) behind.delete(id);
  };

  const flush = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (gathered.length > 0) saving = Promise.all([saving, saveGathered()]).then(() => undefined);
    return saving;
  };

  return {
    find: (id) => behind.get(id),
    add: (answer) => {
      behind.set(answer.id, answer);
      gathered.push(answer);
      timer ??= setTimeout(() => void flush(), everyMs);
    },
    flush,
  };
};
