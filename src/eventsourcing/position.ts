import type { Position } from './message.ts';

/** Negative, zero or positive, like any comparator. Commit first, prepare breaks the tie. */
export const comparePositions = (a: Position, b: Position): number =>
  a.commit === b.commit ? (a.prepare === b.prepare ? 0 : a.prepare < b.prepare ? -1 : 1) : a.commit < b.commit ? -1 : 1;

export const earlierOf = (a: Position, b: Position): Position => (comparePositions(a, b) <= 0 ? a : b);
export const laterOf = (a: Position, b: Position): Position => (comparePositions(a, b) >= 0 ? a : b);

/** The opaque token clients see: `<commit>-<prepare>` in base 36. */
export const formatPosition = (position: Position): string =>
  position.commit === position.prepare
    ? position.commit.toString(36)
    : `${position.commit.toString(36)}-${position.prepare.toString(36)}`;

const bigintOf = (digits: string): bigint => {
  let value = 0n;
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
};

const token = /^([0-9a-z]{1,13})(?:-([0-9a-z]{1,13}))?$/;

/** The stores keep a position in a signed 64-bit integer; a token beyond it would fail in their drivers. */
const positionMax = 2n ** 63n - 1n;

/** `null` when the text is not a token of ours. */
export const parsePosition = (text: string): Position | null => {
  const match = token.exec(text);
  if (match === null) return null;
  const commit = bigintOf(match[1] ?? '0');
  const prepare = match[2] === undefined ? commit : bigintOf(match[2]);
  return commit > positionMax || prepare > positionMax ? null : { commit, prepare };
};
