/**
 * What an inbound shipment tells a stock. It has decided; here nothing is refused. A stock that is not there, or was
 * retired, is opened for it.
 */
import { accept } from '../../eventsourcing/message.ts';
import { lineOf } from './arrivals.ts';
import { emptyBalance, moveBalance, type StockMovement } from './balance.ts';
import type { StockCommandOf, StockDecision } from './commands.ts';
import type { StockEvent } from './events.ts';
import { keyOf } from './reservations.ts';
import type { Stock } from './state.ts';

type ArrivalCommand = StockCommandOf<'ExpectArrival' | 'RecordArrival'>;

/** `null`: something newer was told of the line. Goods that came are on hand all the same. */
const movementOf = (command: ArrivalCommand, stock: Stock): StockMovement | null => {
  const { inboundId, lineId, inboundRevision, expected, expectedAt } = command;
  const known = stock.phase === 'absent' ? undefined : lineOf(stock.arrivals, command);
  const isOld = known !== undefined && known.revision >= inboundRevision;
  const line = { ...keyOf(command), inboundId, lineId };
  const told = isOld
    ? { inboundRevision: known.revision, expected: known.quantity, expectedAt: known.expectedAt, incomingDelta: 0 }
    : { inboundRevision, expected, expectedAt, incomingDelta: expected - (known?.quantity ?? 0) };
  const data = { ...line, ...told };
  if (command.type === 'RecordArrival') return { type: 'StockArrived', data: { ...data, quantity: command.quantity } };
  return isOld ? null : { type: 'StockExpected', data };
};

/** Nothing to come is also kept by a retired stock: it need not be opened for that. */
const mustOpen = (command: ArrivalCommand, { phase }: Stock): boolean =>
  phase === 'absent' || (phase === 'retired' && (command.type === 'RecordArrival' || command.expected > 0));

export const recordArrival = (command: ArrivalCommand, stock: Stock): StockDecision => {
  const movement = movementOf(command, stock);
  if (movement === null) return accept();
  const opened = { ...keyOf(command), onHand: 0, safetyStock: 0, registeredAt: command.occurredAt };
  const movements: readonly StockMovement[] = mustOpen(command, stock)
    ? [{ type: 'StockRegistered', data: opened }, movement]
    : [movement];
  let after = stock.phase === 'absent' ? emptyBalance : stock.balance;
  const events = movements.map((each) => {
    after = moveBalance(after, each);
    return { ...each, data: { ...each.data, after } } as StockEvent;
  });
  return accept(...events);
};
