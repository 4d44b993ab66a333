/** Answers that are kept a moment behind (ADR 12). */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { KeptAnswer } from '../../src/commands/ports.ts';
import { createAnswersBehind } from '../../src/http/commands/keptAnswers.ts';

const answerOf = (id: string): KeptAnswer => ({
  id,
  fingerprint: id,
  answer: { status: 201, headers: {}, body: '{}' },
  recordedAt: '2026-03-01T08:00:00.000Z',
});

const createWorld = () => {
  const saved: string[][] = [];
  const logged: string[] = [];
  let failing = false;
  const logger = pino({ level: 'error' }, { write: (line) => logged.push(line) });
  const records = {
    save: async (answers: readonly KeptAnswer[]) => {
      if (failing) throw new Error('the disk is full');
      saved.push(answers.map(({ id }) => id));
    },
  };
  const fail = (value: boolean): void => {
    failing = value;
  };
  return { behind: createAnswersBehind(records, logger), saved, logged, fail };
};

describe('answers on their way to the disk', () => {
  it('go together in one write, and are found until they are there', async () => {
    const { behind, saved } = createWorld();
    for (const id of ['a', 'b', 'c']) behind.add(answerOf(id));
    expect(behind.find('b')).toEqual(answerOf('b'));
    expect(saved).toEqual([]);
    await behind.flush();
    expect(saved).toEqual([['a', 'b', 'c']]);
    expect(behind.find('b')).toBeUndefined();
  });

  it('go by themselves, a moment later', async () => {
    const { behind, saved } = createWorld();
    behind.add(answerOf('a'));
    await expect.poll(() => saved).toEqual([['a']]);
    await behind.flush();
    expect(saved).toEqual([['a']]);
  });

  it('that could not be written are told of and given up, and do not hold up the next', async () => {
    const { behind, saved, logged, fail } = createWorld();
    fail(true);
    behind.add(answerOf('a'));
    await behind.flush();
    expect(logged.join('')).toContain('answers not kept');
    expect(behind.find('a')).toBeUndefined();
    fail(false);
    behind.add(answerOf('b'));
    await behind.flush();
    expect(saved).toEqual([['b']]);
  });
});
