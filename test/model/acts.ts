/** The changes that commands ask for, each with the answer that is about it alone. */
import type { Ask, Issued } from './journal.ts';
import { type Decision, refuse } from './log.ts';
import { revisionOf, type World } from './world.ts';

/** What the service said of one change. */
export interface Said {
  readonly isDone: boolean;
  /** Of a refusal. */
  readonly code: string;
  /** Revision after it, where the answer tells. */
  readonly revision: number | null;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Act {
  readonly issued: Issued;
  readonly ask: Ask;
  /** `null`: nothing is known of it. */
  readonly said: Said | null;
  /** Where it was recorded: index in the log and revision of its last event. */
  recorded: { index: number; revision: number } | null;
  isJudged: boolean;
}

const saidOf = (status: number, body: Said['body']): Said => ({
  isDone: status < 300,
  code: (body.code as string | undefined) ?? `status ${status}`,
  revision: typeof body.revision === 'number' ? body.revision : null,
  body,
});

export const actsOf = (issued: Issued): readonly Act[] => {
  const { command, answer } = issued;
  const { results } = (answer?.body ?? {}) as { results?: readonly (Said['body'] & { status: number })[] };
  return command.asks.map((ask, row): Act => {
    const own = command.isBulk && answer?.status === 207 ? results?.[row] : undefined;
    const whole = answer === null ? null : saidOf(answer.status, answer.body);
    return { issued, ask, said: own === undefined ? whole : saidOf(own.status, own), recorded: null, isJudged: false };
  });
};

/** What the model says to it now. */
export const decideNow = ({ ask, said }: Act, world: World): Decision => {
  const decided = ask.decide(world);
  const also = [...(ask.always ?? [])];
  if (said?.isDone === false) also.push(...(ask.justBefore?.(world) ?? []));
  if (ask.ifMatch !== undefined && ask.about !== null && ask.ifMatch !== revisionOf(world, ask.about)) {
    also.push('REVISION_CONFLICT');
  }
  return also.length === 0 ? decided : refuse(...decided.refusals, ...also);
};
