/** How an event moves the figures of a stock. */
import { unreachable } from '../../eventsourcing/message.ts';
import type { StockEvent } from './events.ts';
import type { Balance } from './shapes.ts';

export const emptyBalance: Balance = { onHand: 0, reserved: 0, quarantined: 0, incoming: 0, safetyStock: 0 };

/** An event as it moves the figures: without the figures after it, which are the result. */
export type StockMovement = {
  [E in StockEvent as E['type']]: { type: E['type']; data: Omit<E['data'], 'after'> };
}[StockEvent['type']];

/** The one place where an event moves the figures; the decider, the fold and the read model all use it. */
export const moveBalance = (balance: Balance, { type, data }: StockMovement): Balance => {
  switch (type) {
    case 'StockRegistered':
      return { ...emptyBalance, onHand: data.onHand, safetyStock: data.safetyStock };
    case 'StockReceived':
      return { ...balance, onHand: balance.onHand + data.quantity };
    case 'StockAdjusted':
    case 'StockCounted':
      return { ...balance, onHand: balance.onHand + data.delta };
    case 'StockReserved':
      return { ...balance, reserved: balance.reserved + data.quantity };
    case 'StockReservationReleased':
    case 'StockReservationExpired':
    case 'StockReservationLapsed':
      return { ...balance, reserved: balance.reserved - data.quantity };
    case 'StockShipped':
      return { ...balance, onHand: balance.onHand - data.quantity, reserved: balance.reserved - data.quantity };
    case 'StockDeparted':
      return { ...balance, onHand: balance.onHand - data.quantity };
    case 'StockDispatchVoided':
      return { ...balance, onHand: balance.onHand + data.quantity };
    case 'StockQuarantined':
      return { ...balance, quarantined: balance.quarantined + data.quantity };
    case 'StockQuarantineReleased':
    case 'StockQuarantineReduced':
      return { ...balance, quarantined: balance.quarantined - data.quantity };
    case 'StockChangeProposed':
      return { ...balance, quarantined: balance.quarantined + data.held };
    case 'StockChangeApproved':
    case 'StockChangeRejected':
      return { ...balance, quarantined: balance.quarantined - data.freed };
    case 'StockPolicySet':
      return { ...balance, safetyStock: data.safetyStock };
    case 'StockTransferReserved':
      return { ...balance, reserved: balance.reserved + data.quantity };
    case 'StockTransferredOut':
      return { ...balance, onHand: balance.onHand - data.quantity, reserved: balance.reserved - data.claimed };
    case 'StockTransferredIn':
      return {
        ...balance,
        onHand: balance.onHand + data.quantity,
        quarantined: balance.quarantined + data.damaged,
      };
    case 'StockExpected':
      return { ...balance, incoming: balance.incoming + data.incomingDelta };
    case 'StockArrived':
      return {
        ...balance,
        onHand: balance.onHand + data.quantity,
        incoming: balance.incoming + data.incomingDelta,
      };
    case 'StockTransferDeclined':
    case 'StockRetired':
    case 'StockDiscrepancyRecorded':
    case 'StockReservationTakenOver':
      return balance;
    case 'StockReturned': {
      const { quantity, disposition } = data;
      if (disposition === 'scrap') return balance;
      const back = { ...balance, onHand: balance.onHand + quantity };
      return disposition === 'restock' ? back : { ...back, quarantined: back.quarantined + quantity };
    }
    default:
      return unreachable(type);
  }
};
