/** Misbehaviour from a seed: what happens to the next append, and to a subscription before its next event. */
import { createRandom } from './random.ts';

/** Each probability is that of one append, or of one event of a subscription; all are 0 unless set. */
export interface FaultPlan {
  /** The same seed and the same order of requests give the same faults. */
  readonly seed: number;
  /** The answer comes this much later. */
  readonly lateAnswers?: Delayed;
  /** The write itself comes later, so that writes overtake each other. */
  readonly lateWrites?: Delayed;
  /** Written, and never answered. */
  readonly lostAnswers?: number;
  /** Never answered and not written. */
  readonly lostRequests?: number;
  /** Written, and answered as timed out. */
  readonly falseTimeouts?: number;
  /** Written, and then the call ends as unavailable: the batch call with all appends that wait on it. */
  readonly brokenCalls?: number;
  /** Answers of the batch call that wait until a later one has gone. */
  readonly swappedAnswers?: number;
  /** Subscriptions that end as unavailable. */
  readonly droppedSubscriptions?: number;
  /** Subscriptions that end as if all had been read. */
  readonly endedSubscriptions?: number;
}

export interface Delayed {
  readonly probability: number;
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
}

export interface AppendFate {
  readonly writeDelayMs: number;
  readonly answerDelayMs: number;
  readonly answer: 'given' | 'lost' | 'falseTimeout' | 'broken';
  readonly isWritten: boolean;
  readonly isSwapped: boolean;
}

export type SubscriptionFate = 'goesOn' | 'dropped' | 'ended';

export interface Faults {
  readonly set: (plan: FaultPlan | null) => void;
  readonly ofAppend: () => AppendFate;
  readonly ofSubscription: () => SubscriptionFate;
  /** How many faults there were, by name, since the start. */
  readonly counts: () => Readonly<Record<string, number>>;
}

const harmless: AppendFate = { writeDelayMs: 0, answerDelayMs: 0, answer: 'given', isWritten: true, isSwapped: false };

export const createFaults = (): Faults => {
  let plan: FaultPlan | null = null;
  let random = createRandom(0);
  const counts: Record<string, number> = {};

  const happens = (name: string, probability: number | undefined): boolean => {
    if (probability === undefined || probability <= 0 || random() >= probability) return false;
    counts[name] = (counts[name] ?? 0) + 1;
    return true;
  };

  const delayMs = (name: string, delayed: Delayed | undefined): number => {
    if (delayed === undefined || !happens(name, delayed.probability)) return 0;
    const { delayMinMs, delayMaxMs } = delayed;
    return delayMinMs + random() * (delayMaxMs - delayMinMs);
  };

  const answerOf = (current: FaultPlan): Pick<AppendFate, 'answer' | 'isWritten'> => {
    if (happens('lostRequests', current.lostRequests)) return { answer: 'lost', isWritten: false };
    if (happens('lostAnswers', current.lostAnswers)) return { answer: 'lost', isWritten: true };
    if (happens('falseTimeouts', current.falseTimeouts)) return { answer: 'falseTimeout', isWritten: true };
    if (happens('brokenCalls', current.brokenCalls)) return { answer: 'broken', isWritten: true };
    return { answer: 'given', isWritten: true };
  };

  return {
    set: (next) => {
      plan = next;
      random = createRandom(next?.seed ?? 0);
    },
    ofAppend: () =>
      plan === null
        ? harmless
        : {
            ...answerOf(plan),
            writeDelayMs: delayMs('lateWrites', plan.lateWrites),
            answerDelayMs: delayMs('lateAnswers', plan.lateAnswers),
            isSwapped: happens('swappedAnswers', plan.swappedAnswers),
          },
    ofSubscription: () => {
      if (plan === null) return 'goesOn';
      if (happens('droppedSubscriptions', plan.droppedSubscriptions)) return 'dropped';
      return happens('endedSubscriptions', plan.endedSubscriptions) ? 'ended' : 'goesOn';
    },
    counts: () => ({ ...counts }),
  };
};
