/**
 * What a transfer tells the stocks at its ends. What it has recorded is a fact, and a command that is refused would be lost: none
 * of these is refused, whatever the stock is like.
 */
import { accept, unreachable } from '../../eventsourcing/message.ts';
import { lookUp } from '../bucketMap.ts';
import { emptyBalance, moveBalance, type StockMovement } from './balance.ts';
import type { StockCommandOf, StockDecision } from './commands.ts';
import type { StockEvent } from './events.ts';
import { recordFact } from './facts.ts';
import { keyOf, record } from './reservations.ts';
import type { Balance } from './shapes.ts';
import { availableOf, evolveStock, initialStock, type KnownStock, roomToReserve, type Stock } from './state.ts';

type TransferCommand = StockCommandOf<'ReserveForTransfer' | 'TransferOut' | 'TransferIn'>;

const partOf = (command: TransferCommand) => {
  const { transferId, lineId } = command;
  return { ...keyOf(command), transferId, lineId };
};

/** All of it or nothing, and the transfer is told which. A stock that never was has nothing to tell. */
const reserveForTransfer = (command: StockCommandOf<'ReserveForTransfer'>, stock: Stock): StockDecision => {
  if (stock.phase === 'absent') return accept();
  const { reservationId, quantity, expiresAt } = command;
  if (lookUp(stock.reservations, reservationId) !== undefined) return accept();
  const available = stock.phase === 'retired' ? 0 : availableOf(stock.balance);
  if (quantity > available || roomToReserve(stock) === 0) {
    return record(stock, { type: 'StockTransferDeclined', data: { ...partOf(command), quantity, available } });
  }
  const data = { ...partOf(command), reservationId, quantity, expiresAt };
  return record(stock, { type: 'StockTransferReserved', data });
};

/** Goods that are here, or were, make a stock of what was none. */
const opening = ({ occurredAt, ...target }: TransferCommand): StockMovement => ({
  type: 'StockRegistered',
  data: { ...keyOf({ ...target, occurredAt }), onHand: 0, safetyStock: 0, registeredAt: occurredAt },
});

/** Without the bound on what one stock can count: the goods are there. */
const told = (before: Balance, movements: readonly StockMovement[]): readonly StockEvent[] => {
  let after = before;
  return movements.map((movement) => {
    after = moveBalance(after, movement);
    return { ...movement, data: { ...movement.data, after } } as StockEvent;
  });
};

/**
 * What its claim does not cover is booked out all the same, up to what is there. With the last pieces of a line its claim ends:
 * what is left of it is free.
 */
const departFrom = (command: StockCommandOf<'TransferOut'>, stock: KnownStock): StockDecision => {
  const { reservationId, transferId, toWarehouseId, endsClaim } = command;
  const open = lookUp(stock.reservations, reservationId)?.quantity ?? 0;
  const claimed = Math.min(command.quantity, open);
  const departed = Math.min(command.quantity - claimed, stock.balance.onHand - claimed);
  const quantity = claimed + departed;
  const missing = command.quantity - quantity;
  const movements: StockMovement[] = [];
  if (quantity > 0) {
    const data = { ...partOf(command), reservationId, quantity, claimed, toWarehouseId };
    movements.push({ type: 'StockTransferredOut', data });
  }
  if (endsClaim && open > claimed) {
    const rest = { ...keyOf(command), reservationId, quantity: open - claimed, reason: 'transferred' };
    movements.push({ type: 'StockReservationReleased', data: rest });
  }
  const about = { reservationId, reference: transferId };
  return recordFact(stock, { target: command, cause: 'departure', movements, missing, about });
};

const transferOut = (command: StockCommandOf<'TransferOut'>, stock: Stock): StockDecision => {
  if (stock.phase !== 'absent') return departFrom(command, stock);
  const opened = told(emptyBalance, [opening(command)]);
  const then = opened.reduce(evolveStock, initialStock);
  const left = then.phase === 'absent' ? accept<StockEvent>() : departFrom(command, then);
  return 'refused' in left ? left : accept(...opened, ...left.accepted);
};

const transferIn = (command: StockCommandOf<'TransferIn'>, stock: Stock): StockDecision => {
  const { quantity, damaged, fromWarehouseId } = command;
  const came: StockMovement = {
    type: 'StockTransferredIn',
    data: { ...partOf(command), quantity, damaged, fromWarehouseId },
  };
  if (stock.phase === 'active') return accept(...told(stock.balance, [came]));
  return accept(...told(emptyBalance, [opening(command), came]));
};

export const isOfTransfer = (command: { readonly type: string }): command is TransferCommand =>
  command.type === 'ReserveForTransfer' || command.type === 'TransferOut' || command.type === 'TransferIn';

export const followTransfer = (command: TransferCommand, stock: Stock): StockDecision => {
  switch (command.type) {
    case 'ReserveForTransfer':
      return reserveForTransfer(command, stock);
    case 'TransferOut':
      return transferOut(command, stock);
    case 'TransferIn':
      return transferIn(command, stock);
    default:
      return unreachable(command);
  }
};
