/** What an order knows of its returns: enough to decide on the next one, and to count what came back. */
import { unreachable } from '../../eventsourcing/message.ts';
import type { OrderReturnEvent } from './returnEvents.ts';
import type { LineQuantity } from './shapes.ts';

export interface OrderReturnLine {
  readonly lineId: string;
  /** Announced, and neither here nor called off. */
  readonly expected: number;
  readonly received: number;
}
export interface OrderReturn {
  readonly returnId: string;
  readonly lines: readonly OrderReturnLine[];
}

const none: readonly OrderReturn[] = [];

/** Less what of it came or was called off, whichever is told first. A line that was not announced is added. */
const movedLines = (
  lines: readonly OrderReturnLine[],
  moved: readonly LineQuantity[],
  isReceived: boolean,
): readonly OrderReturnLine[] => {
  const left = new Map(moved.map(({ lineId, quantity }) => [lineId, quantity]));
  const known = lines.map((line) => {
    const quantity = left.get(line.lineId) ?? 0;
    left.delete(line.lineId);
    const expected = Math.max(0, line.expected - quantity);
    return { ...line, expected, received: line.received + (isReceived ? quantity : 0) };
  });
  if (!isReceived) return known;
  return [...known, ...[...left].map(([lineId, received]) => ({ lineId, expected: 0, received }))];
};

export const moveReturns = (
  returns: readonly OrderReturn[] = none,
  { type, data }: OrderReturnEvent,
): readonly OrderReturn[] => {
  const { returnId, lines } = data;
  switch (type) {
    case 'OrderReturnRequested': {
      const expected = lines.map(({ lineId, quantity }) => ({ lineId, expected: quantity, received: 0 }));
      return [...returns, { returnId, lines: expected }];
    }
    case 'OrderReturnReceived':
    case 'OrderReturnCancelled':
      return returns.map((each) =>
        each.returnId === returnId
          ? { ...each, lines: movedLines(each.lines, lines, type === 'OrderReturnReceived') }
          : each,
      );
    default:
      return unreachable(type);
  }
};
