/** What the events of stocks ask for: pieces that come free serve who waits, claims that are gone are told to their orders. */
import type {
  StockAdjusted,
  StockCounted,
  StockEvent,
  StockReservationExpired,
  StockReservationLapsed,
  StockReservationReleased,
} from '../stock/events.ts';
import type { StockChangeApproved, StockChangeRejected } from '../stock/proposalEvents.ts';
import type { Reaction, ReactionTable } from './reaction.ts';
import { transferStockReactions } from './transferReactions.ts';

const serveSku = ({ data }: { readonly data: { readonly sku: string } }): readonly Reaction[] => [
  { type: 'AllocateWaitingOrders', sku: data.sku },
];
const serveMore = (event: StockAdjusted | StockCounted): readonly Reaction[] =>
  event.data.delta > 0 ? serveSku(event) : [];

const serveFreed = (event: StockChangeApproved | StockChangeRejected): readonly Reaction[] =>
  event.data.freed > 0 ? serveSku(event) : [];

const promiseFills = ({ data }: { readonly data: { readonly sku: string } }): readonly Reaction[] => [
  { type: 'PromiseFills', sku: data.sku, because: 'inbound_changed' },
];

/** An order that counts on a reservation which is gone would ship what others were promised. */
const lapseOf = (
  event: StockReservationExpired | StockReservationReleased | StockReservationLapsed,
): readonly Reaction[] => {
  const { orderId, warehouseId, sku, reservationId } = event.data;
  return orderId === undefined ? [] : [{ type: 'LapseAllocation', orderId, warehouseId, sku, reservationId }];
};
const lapseAndServe = (event: StockReservationExpired | StockReservationReleased): readonly Reaction[] => [
  ...lapseOf(event),
  ...serveSku(event),
];

export const stockReactions: ReactionTable<StockEvent> = {
  StockReserved: ({ data: { orderId, warehouseId, sku, reservationId } }) =>
    orderId === undefined ? [] : [{ type: 'ReleaseUncounted', orderId, warehouseId, sku, reservationId }],
  StockReservationTakenOver: ({ data: { orderId, warehouseId, sku, reservationId, fromReservationId } }) => {
    if (orderId === undefined) return [];
    const at = { orderId, warehouseId, sku };
    return [
      { type: 'ReleaseUncounted', ...at, reservationId },
      // Another process may have given it to the order a moment before it was passed on.
      { type: 'LapseAllocation', ...at, reservationId: fromReservationId },
    ];
  },
  StockReservationExpired: lapseAndServe,
  StockReservationReleased: lapseAndServe,
  // The pieces are gone: there is nothing to offer to others.
  StockReservationLapsed: lapseOf,
  StockAdjusted: serveMore,
  StockCounted: serveMore,
  StockRegistered: (event) => (event.data.onHand > 0 ? serveSku(event) : []),
  StockReceived: serveSku,
  StockDispatchVoided: serveSku,
  StockArrived: (event) => [...serveSku(event), ...promiseFills(event)],
  StockQuarantineReleased: serveSku,
  // What was held is free again. Of what is gone with an approval, the events after it tell.
  StockChangeApproved: serveFreed,
  StockChangeRejected: serveFreed,
  // A lower safety stock sets pieces free; a higher one finds nothing to allocate.
  StockPolicySet: serveSku,
  StockChangeProposed: null,
  StockDeparted: null,
  StockDiscrepancyRecorded: null,
  StockQuarantineReduced: null,
  StockQuarantined: null,
  StockRetired: null,
  StockShipped: null,
  ...transferStockReactions,
  StockExpected: promiseFills,
  // What is looked at first, or thrown away, serves nobody.
  StockReturned: (event) => (event.data.disposition === 'restock' ? serveSku(event) : []),
};
