/**
 * Between which events of the log a command took place. What was recorded tells it exactly; what was refused, or changed
 * nothing, took place after all that had been answered when it was sent, and before all that was sent after its answer.
 */
import type { Issued } from './journal.ts';

export interface Window {
  /** Index of the last event that it must have seen; -1: none. */
  readonly from: number;
  /** Index of the last event that it may have seen. */
  readonly to: number;
}

/** Where the events of a command are in the log. */
export interface Place {
  readonly first: number;
  readonly last: number;
}

/** @param placeOf where in the log a command was recorded. */
export const createWindows = (issued: readonly Issued[], placeOf: (issued: Issued) => Place | undefined) => {
  const placed = issued.flatMap((each) => {
    const place = placeOf(each);
    return place === undefined ? [] : [{ ...place, sentAt: each.sentAt, answeredAt: each.answeredAt }];
  });
  const byAnswer = placed.toSorted((a, b) => a.answeredAt - b.answeredAt);
  const bySending = placed.toSorted((a, b) => b.sentAt - a.sentAt);
  /** Latest event of all that were answered by then; earliest of all that were sent from then on. */
  const seen: { at: number; index: number }[] = [];
  for (const { answeredAt, last } of byAnswer)
    seen.push({ at: answeredAt, index: Math.max(last, seen.at(-1)?.index ?? -1) });
  const coming: { at: number; index: number }[] = [];
  for (const { sentAt, first } of bySending)
    coming.push({ at: sentAt, index: Math.min(first, coming.at(-1)?.index ?? Number.MAX_SAFE_INTEGER) });
  return ({ sentAt, answeredAt }: Issued): Window => ({
    from: seen.findLast(({ at }) => at < sentAt)?.index ?? -1,
    to: (coming.findLast(({ at }) => at > answeredAt)?.index ?? Number.MAX_SAFE_INTEGER) - 1,
  });
};
