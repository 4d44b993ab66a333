/** The stored contract of stock events: the class of every field, and the version that is written today. */
import type { FieldClasses } from '../../eventsourcing/message.ts';
import type { StockEvent } from './events.ts';

const key = { warehouseId: 'public', sku: 'public', after: 'public' } as const;
const reservationEnd = {
  ...key,
  reservationId: 'public',
  quantity: 'public',
  orderId: 'public',
  lineId: 'public',
} as const;
const claim = { ...reservationEnd, expiresAt: 'public' } as const;

export const stockFields: FieldClasses<StockEvent> = {
  StockRegistered: { ...key, onHand: 'public', safetyStock: 'public', registeredAt: 'public' },
  StockReceived: { ...key, quantity: 'public', purchaseOrder: 'public', asn: 'public', supplier: 'public' },
  StockAdjusted: { ...key, delta: 'public', reason: 'public', note: 'pii', reference: 'public' },
  StockCounted: { ...key, counted: 'public', delta: 'public', reason: 'public', note: 'pii' },
  StockReserved: claim,
  StockReservationTakenOver: { ...claim, fromReservationId: 'public' },
  StockReservationReleased: { ...reservationEnd, reason: 'public' },
  StockReservationExpired: reservationEnd,
  StockReservationLapsed: { ...reservationEnd, cause: 'public' },
  StockShipped: { ...reservationEnd, shipmentId: 'public' },
  StockDeparted: { ...reservationEnd, shipmentId: 'public' },
  StockDispatchVoided: { ...reservationEnd, shipmentId: 'public' },
  StockDiscrepancyRecorded: {
    ...key,
    missing: 'public',
    cause: 'public',
    reason: 'public',
    reference: 'public',
    shipmentId: 'public',
    reservationId: 'public',
    orderId: 'public',
    lineId: 'public',
  },
  StockQuarantined: { ...key, quantity: 'public', reason: 'public', note: 'pii' },
  StockQuarantineReleased: { ...key, quantity: 'public' },
  StockQuarantineReduced: { ...key, quantity: 'public', cause: 'public' },
  StockChangeProposed: {
    ...key,
    approvalId: 'public',
    change: 'public',
    note: 'pii',
    held: 'public',
    proposedBy: 'public',
  },
  StockChangeApproved: { ...key, approvalId: 'public', freed: 'public', approvedBy: 'public' },
  StockChangeRejected: { ...key, approvalId: 'public', freed: 'public', rejectedBy: 'public', reason: 'public' },
  StockPolicySet: { ...key, safetyStock: 'public' },
  StockRetired: key,
  StockReturned: {
    ...key,
    quantity: 'public',
    disposition: 'public',
    returnId: 'public',
    orderId: 'public',
    lineId: 'public',
  },
};

export const stockVersions: { readonly [Type in StockEvent['type']]: number } = {
  StockRegistered: 1,
  StockReceived: 1,
  StockAdjusted: 1,
  StockCounted: 1,
  StockReserved: 1,
  StockReservationReleased: 1,
  StockReservationExpired: 1,
  StockReservationLapsed: 1,
  StockReservationTakenOver: 1,
  StockShipped: 1,
  StockDeparted: 1,
  StockDispatchVoided: 1,
  StockDiscrepancyRecorded: 1,
  StockQuarantined: 1,
  StockQuarantineReleased: 1,
  StockQuarantineReduced: 1,
  StockChangeProposed: 1,
  StockChangeApproved: 1,
  StockChangeRejected: 1,
  StockPolicySet: 1,
  StockRetired: 1,
  StockReturned: 1,
};
