/**
 * STORED FOREVER: what happens to one SKU in one warehouse (stream `stock-{warehouseId}.{sku}`).
 * A shipped shape is never edited: add a version and an upcaster (DESIGN §4.7).
 */
import type { FieldClasses, Sealed } from '../message.ts';
import type { AdjustmentReason } from '../values.ts';

/** The figures after the event, as a stock ledger prints them beside each entry. Always equal to the fold. */
export interface Balance {
  readonly onHand: number;
  readonly reserved: number;
  readonly quarantined: number;
  readonly incoming: number;
  readonly safetyStock: number;
}

interface Key {
  readonly warehouseId: string;
  readonly sku: string;
  readonly after: Balance;
}

export type StockRegistered = {
  readonly type: 'StockRegistered';
  /** `onHand` is the opening stock; nothing on this stock may have happened before `registeredAt`. */
  readonly data: Key & { readonly onHand: number; readonly safetyStock: number; readonly registeredAt: string };
};
export type StockReceived = {
  readonly type: 'StockReceived';
  readonly data: Key & {
    readonly quantity: number;
    readonly purchaseOrder?: string;
    readonly asn?: string;
    readonly supplier?: string;
  };
};
export type StockAdjusted = {
  readonly type: 'StockAdjusted';
  readonly data: Key & {
    readonly delta: number;
    readonly reason: AdjustmentReason;
    readonly note?: Sealed;
    readonly reference?: string;
  };
};
/** The quantity someone counted, with what it differed by. */
export type StockCounted = {
  readonly type: 'StockCounted';
  readonly data: Key & {
    readonly counted: number;
    readonly delta: number;
    readonly reason: string;
    readonly note?: Sealed;
  };
};
export type StockReserved = {
  readonly type: 'StockReserved';
  readonly data: Key & {
    readonly reservationId: string;
    readonly quantity: number;
    readonly expiresAt: string;
    readonly orderId?: string;
    readonly lineId?: string;
  };
};
interface ReservationEnd extends Key {
  readonly reservationId: string;
  readonly quantity: number;
  readonly orderId?: string;
  readonly lineId?: string;
}
export type StockReservationReleased = {
  readonly type: 'StockReservationReleased';
  readonly data: ReservationEnd & { readonly reason: string };
};
export type StockReservationExpired = { readonly type: 'StockReservationExpired'; readonly data: ReservationEnd };
/** Goods left the building against a reservation; what is left of it stays open. */
export type StockShipped = {
  readonly type: 'StockShipped';
  readonly data: ReservationEnd & { readonly shipmentId: string };
};
export type StockQuarantined = {
  readonly type: 'StockQuarantined';
  readonly data: Key & { readonly quantity: number; readonly reason: string; readonly note?: Sealed };
};
export type StockQuarantineReleased = {
  readonly type: 'StockQuarantineReleased';
  readonly data: Key & { readonly quantity: number };
};
export type StockPolicySet = { readonly type: 'StockPolicySet'; readonly data: Key & { readonly safetyStock: number } };
export type StockRetired = { readonly type: 'StockRetired'; readonly data: Key };

export type StockEvent =
  | StockRegistered
  | StockReceived
  | StockAdjusted
  | StockCounted
  | StockReserved
  | StockReservationReleased
  | StockReservationExpired
  | StockShipped
  | StockQuarantined
  | StockQuarantineReleased
  | StockPolicySet
  | StockRetired;

const key = { warehouseId: 'public', sku: 'public', after: 'public' } as const;
const reservationEnd = {
  ...key,
  reservationId: 'public',
  quantity: 'public',
  orderId: 'public',
  lineId: 'public',
} as const;

export const stockFields: FieldClasses<StockEvent> = {
  StockRegistered: { ...key, onHand: 'public', safetyStock: 'public', registeredAt: 'public' },
  StockReceived: { ...key, quantity: 'public', purchaseOrder: 'public', asn: 'public', supplier: 'public' },
  StockAdjusted: { ...key, delta: 'public', reason: 'public', note: 'pii', reference: 'public' },
  StockCounted: { ...key, counted: 'public', delta: 'public', reason: 'public', note: 'pii' },
  StockReserved: {
    ...key,
    reservationId: 'public',
    quantity: 'public',
    expiresAt: 'public',
    orderId: 'public',
    lineId: 'public',
  },
  StockReservationReleased: { ...reservationEnd, reason: 'public' },
  StockReservationExpired: reservationEnd,
  StockShipped: { ...reservationEnd, shipmentId: 'public' },
  StockQuarantined: { ...key, quantity: 'public', reason: 'public', note: 'pii' },
  StockQuarantineReleased: { ...key, quantity: 'public' },
  StockPolicySet: { ...key, safetyStock: 'public' },
  StockRetired: key,
};

export const stockVersions: { readonly [Type in StockEvent['type']]: number } = {
  StockRegistered: 1,
  StockReceived: 1,
  StockAdjusted: 1,
  StockCounted: 1,
  StockReserved: 1,
  StockReservationReleased: 1,
  StockReservationExpired: 1,
  StockShipped: 1,
  StockQuarantined: 1,
  StockQuarantineReleased: 1,
  StockPolicySet: 1,
  StockRetired: 1,
};
