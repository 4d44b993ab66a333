/** `stock.*`: what moved in one warehouse, and the two moments a partner must not miss. */
import type { Balance, StockEvent } from '../domain/stock/events.ts';
import { emptyBalance, moveBalance } from '../domain/stock/movement.ts';
import { availableOf } from '../domain/stock/state.ts';
import type { Message } from './audience.ts';

export interface StockData extends Balance {
  readonly warehouseId: string;
  readonly sku: string;
  /** What may be promised: on hand, less reserved, quarantined and safety stock; never negative. */
  readonly available: number;
}

export interface StockChangedData extends StockData {
  readonly change: (typeof changes)[StockEvent['type']];
}

const changes = {
  StockRegistered: 'registered',
  StockReceived: 'received',
  StockAdjusted: 'adjusted',
  StockCounted: 'counted',
  StockReserved: 'reserved',
  StockReservationReleased: 'reservation_released',
  StockReservationExpired: 'reservation_expired',
  StockReservationLapsed: 'reservation_lapsed',
  StockReservationTakenOver: 'reservation_taken_over',
  StockShipped: 'shipped',
  StockDeparted: 'departed',
  StockDispatchVoided: 'dispatch_voided',
  StockDiscrepancyRecorded: 'discrepancy',
  StockQuarantined: 'quarantined',
  StockQuarantineReleased: 'quarantine_released',
  StockQuarantineReduced: 'quarantine_reduced',
  StockPolicySet: 'policy_set',
  StockRetired: 'retired',
} as const satisfies { readonly [Type in StockEvent['type']]: string };

/** The figures before the event, `null` where the event does not tell: at the beginning, and before a new policy. */
const balanceBefore = (event: StockEvent): Balance | null => {
  if (event.type === 'StockRegistered' || event.type === 'StockPolicySet') return null;
  const { after } = event.data;
  const moved = moveBalance(emptyBalance, event);
  return {
    onHand: after.onHand - moved.onHand,
    reserved: after.reserved - moved.reserved,
    quarantined: after.quarantined - moved.quarantined,
    incoming: after.incoming - moved.incoming,
    safetyStock: after.safetyStock,
  };
};

/** Field by field, here and in the other messages: what an event gains later must not reach partners by itself. */
const dataOf = ({ data: { warehouseId, sku, after } }: StockEvent): StockData => {
  const { onHand, reserved, quarantined, incoming, safetyStock } = after;
  return { warehouseId, sku, onHand, reserved, quarantined, incoming, safetyStock, available: availableOf(after) };
};

/** What may be promised is no more than the cushion that is held back: time to order more. */
const isLow = (balance: Balance): boolean => balance.safetyStock > 0 && availableOf(balance) <= balance.safetyStock;

const isOut = (balance: Balance): boolean => availableOf(balance) === 0;

/**
 * `stock.changed` for every movement; `stock.low` and `stock.out` only when the event crosses the line, not while the
 * stock stays beyond it. A stock that begins empty, or gets another safety stock, has crossed nothing.
 */
export const stockMessages = (event: StockEvent): readonly Message[] => {
  const { after } = event.data;
  const data = dataOf(event);
  const changed: StockChangedData = { ...data, change: changes[event.type] };
  const before = balanceBefore(event);
  const messages: Message[] = [{ type: 'stock.changed', data: changed }];
  if (before === null) return messages;
  if (isLow(after) && !isLow(before)) messages.push({ type: 'stock.low', data });
  if (isOut(after) && !isOut(before)) messages.push({ type: 'stock.out', data });
  return messages;
};
