/** What a stock still expects of inbound shipments (T1), as part of its state: `incoming` is the sum of it. */

import type { StockArrived, StockExpected } from './arrivalEvents.ts';
import type { StockMovement } from './balance.ts';

export interface ExpectedLine {
  readonly inboundId: string;
  readonly lineId: string;
  readonly quantity: number;
  /** ISO 8601 UTC. */
  readonly expectedAt: string;
  /** Of the event in the stream of the inbound shipment that said so last. */
  readonly revision: number;
}

/**
 * By line. A line that has come stays for a while with nothing to come: what an older event says of it may be told late.
 * The latest that was told stands last.
 */
export type Arrivals = readonly ExpectedLine[];

export const noArrivals: Arrivals = [];

/** Lines with something to come that may be announced for one stock: a delivery each day for three years. */
export const expectedLinesMax = 1_000;
/**
 * Lines that have come and are remembered. Only what is told within one batch of events, or again after a crash, can be
 * told in another order.
 */
const endedLinesMax = 200;

type LineId = Pick<ExpectedLine, 'inboundId' | 'lineId'>;

export const lineOf = (arrivals: Arrivals, { inboundId, lineId }: LineId): ExpectedLine | undefined =>
  arrivals.find((line) => line.lineId === lineId && line.inboundId === inboundId);

/** Those of which something is to come. */
export const expectedIn = (arrivals: Arrivals): Arrivals => arrivals.filter(({ quantity }) => quantity > 0);

/** The earliest first; of the same time, by their ids. */
export const inOrder = <Line extends ExpectedLine>(lines: readonly Line[]): readonly Line[] => {
  const placeOf = ({ expectedAt, inboundId, lineId }: Line): string => `${expectedAt} ${inboundId} ${lineId}`;
  return lines.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
};

/** Those that are expected by then, the earliest first. What is late is still expected. */
export const expectedBy = (arrivals: Arrivals, at: string): Arrivals =>
  inOrder(expectedIn(arrivals).filter(({ expectedAt }) => expectedAt <= at));

/** Without the oldest of those that have come and are too many. */
const bounded = (arrivals: Arrivals): Arrivals => {
  let excess = arrivals.length - expectedIn(arrivals).length - endedLinesMax;
  if (excess <= 0) return arrivals;
  return arrivals.filter(({ quantity }) => {
    if (quantity > 0 || excess === 0) return true;
    excess -= 1;
    return false;
  });
};

type Told = Pick<
  (StockExpected | StockArrived)['data'],
  'inboundId' | 'lineId' | 'inboundRevision' | 'expected' | 'expectedAt'
>;

/** With what was told of one line in the place of what was told before. */
export const withTold = (arrivals: Arrivals, told: Told): Arrivals => {
  const { inboundId, lineId, expected: quantity, expectedAt, inboundRevision: revision } = told;
  const others = arrivals.filter((line) => line.lineId !== lineId || line.inboundId !== inboundId);
  return [...others, { inboundId, lineId, quantity, expectedAt, revision }];
};

/** The arrivals after one more movement. */
export const moveArrivals = (arrivals: Arrivals, { type, data }: StockMovement): Arrivals =>
  type === 'StockExpected' || type === 'StockArrived' ? bounded(withTold(arrivals, data)) : arrivals;
