/**
 * Goods on their way back. The order has decided what may be announced (`order/returns.ts`); here is decided what of it
 * arrived and what is not waited for any more. What arrives is never refused.
 */
import { accept, type Decider, type Decision, jsonStates, refuse, unreachable } from '../../eventsourcing/message.ts';
import type { LineQuantity } from '../order/shapes.ts';
import { isQuantity } from '../values.ts';
import { type ReceivedLine, type ReturnEvent, type ReturnLine, type ReturnRequest, returnVersions } from './events.ts';

/** `quantity`: what was announced; more than that may have come. */
export interface ReturnLineState extends ReturnLine {
  readonly received: number;
  readonly cancelled: number;
}
export interface KnownReturn extends Omit<ReturnRequest, 'lines' | 'note' | 'reason'> {
  readonly phase: 'known';
  readonly lines: readonly ReturnLineState[];
}
export type Return = { readonly phase: 'absent' } | KnownReturn;

export type ReturnCommand =
  /** As the order has recorded it; again it records nothing. */
  | { readonly type: 'RecordRequest'; readonly request: ReturnRequest }
  | { readonly type: 'ReceiveReturn'; readonly warehouseId: string; readonly lines: readonly ReceivedLine[] }
  | { readonly type: 'CancelReturn'; readonly reason: string };
export type ReturnRefusal = 'RETURN_NOT_FOUND' | 'RETURN_ALREADY_RECEIVED' | 'QUANTITY_INVALID';

type ReturnDecision = Decision<ReturnEvent, ReturnRefusal>;

/** What is still waited for. */
const expectedOf = ({ quantity, received, cancelled }: ReturnLineState): number =>
  Math.max(0, quantity - received - cancelled);

/** Per line, whatever became of its pieces. */
export const sumPerLine = (lines: readonly LineQuantity[]): readonly LineQuantity[] => {
  const sums = new Map<string, number>();
  for (const { lineId, quantity } of lines) sums.set(lineId, (sums.get(lineId) ?? 0) + quantity);
  return [...sums].map(([lineId, quantity]) => ({ lineId, quantity }));
};

const receive = (warehouseId: string, lines: readonly ReceivedLine[], known: KnownReturn): ReturnDecision => {
  if (!lines.every(({ quantity }) => isQuantity(quantity))) {
    return refuse('QUANTITY_INVALID', 'A quantity is a whole number of pieces, at least one.');
  }
  const { returnId, orderId } = known;
  return accept({ type: 'ReturnReceived', data: { returnId, orderId, warehouseId, lines } });
};

const cancel = (reason: string, known: KnownReturn): ReturnDecision => {
  const { returnId, orderId, warehouseId } = known;
  const lines = known.lines
    .map((line) => ({ lineId: line.lineId, quantity: expectedOf(line) }))
    .filter(({ quantity }) => quantity > 0);
  if (lines.length > 0) {
    return accept({ type: 'ReturnCancelled', data: { returnId, orderId, warehouseId, reason, lines } });
  }
  if (known.lines.some(({ cancelled }) => cancelled > 0)) return accept();
  return refuse('RETURN_ALREADY_RECEIVED', 'All of it has arrived.');
};

const decide = (command: ReturnCommand, state: Return): ReturnDecision => {
  if (command.type === 'RecordRequest') {
    return state.phase === 'absent' ? accept({ type: 'ReturnRequested', data: command.request }) : accept();
  }
  if (state.phase === 'absent') return refuse('RETURN_NOT_FOUND', 'No such return.');
  return command.type === 'ReceiveReturn'
    ? receive(command.warehouseId, command.lines, state)
    : cancel(command.reason, state);
};

/** Of a line that was not announced as well. */
const withReceived = (lines: readonly ReturnLineState[], { lineId, sku, quantity }: ReceivedLine) =>
  lines.some((line) => line.lineId === lineId)
    ? lines.map((line) => (line.lineId === lineId ? { ...line, received: line.received + quantity } : line))
    : [...lines, { lineId, sku, quantity: 0, received: quantity, cancelled: 0 }];

const evolveReturn = (state: Return, event: ReturnEvent): Return => {
  if (event.type === 'ReturnRequested') {
    const { returnId, orderId, customerId, warehouseId, lines } = event.data;
    const announced = lines.map((line) => ({ ...line, received: 0, cancelled: 0 }));
    return { phase: 'known', returnId, orderId, customerId, warehouseId, lines: announced };
  }
  if (state.phase === 'absent') return state;
  switch (event.type) {
    case 'ReturnReceived':
      return { ...state, lines: event.data.lines.reduce(withReceived, state.lines) };
    case 'ReturnCancelled': {
      const cancelled = new Map(event.data.lines.map(({ lineId, quantity }) => [lineId, quantity]));
      const lines = state.lines.map((line) => ({
        ...line,
        cancelled: line.cancelled + (cancelled.get(line.lineId) ?? 0),
      }));
      return { ...state, lines };
    }
    default:
      return unreachable(event);
  }
};

export const returnDecider: Decider<Return, ReturnCommand, ReturnEvent, ReturnRefusal> = {
  category: 'return',
  initialState: { phase: 'absent' },
  decide,
  evolve: evolveReturn,
  weigh: (state) => (state.phase === 'absent' ? 100 : 300 + 200 * state.lines.length),
  codec: jsonStates(1),
  schemaVersions: returnVersions,
};
