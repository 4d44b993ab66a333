/**
 * STORED FOREVER: what happens to an order (stream `order-{orderId}`). A shipped shape is never edited.
 * Who the customer is and where they live is sealed; what was ordered is not.
 */
import type { Sealed } from '../../eventsourcing/message.ts';
import type { OrderFillPromised } from './fillEvents.ts';
import type { OrderReturnEvent } from './returnEvents.ts';
import type {
  Allocation,
  LineQuantity,
  OrderLine,
  OrderShipmentCorrected,
  OrderShipmentDelivered,
  OrderShipmentDispatched,
  OrderShipmentTurnedBack,
  OrderShipmentVoided,
  SourcingDecision,
  SourcingStrategy,
} from './shapes.ts';

export type OrderPlaced = {
  readonly type: 'OrderPlaced';
  readonly data: {
    readonly orderId: string;
    readonly customerId: string;
    /** `{ name, email, phone? }` */
    readonly contact: Sealed;
    /** `{ name, lines, city, region?, postalCode?, countryCode }` */
    readonly shipTo: Sealed;
    readonly lines: readonly OrderLine[];
    readonly sourcing: SourcingStrategy;
    /** Tried first, before the strategy's own ranking. */
    readonly preferredWarehouseId?: string;
    /** ISO 3166-1 alpha-2: enough to look at the warehouses of that country first; the address stays sealed. */
    readonly destinationCountry: string;
    readonly allowSplit: boolean;
    readonly allowBackorder: boolean;
    readonly placedBy: string;
    readonly placedAt: string;
  };
};
/** The shop's own number, recorded with the placing (T26). */
export type OrderNumbered = {
  readonly type: 'OrderNumbered';
  readonly data: { readonly orderId: string; readonly orderNumber: string };
};
/** Where it goes was put right before anything had left. The later address counts; what is reserved stays reserved. */
export type OrderAddressCorrected = {
  readonly type: 'OrderAddressCorrected';
  readonly data: {
    readonly orderId: string;
    /** `{ name, lines, city, region?, postalCode, countryCode }` */
    readonly shipTo: Sealed;
    /** ISO 3166-1 alpha-2. */
    readonly destinationCountry: string;
  };
};
/**
 * A customer placed it under an id of its own choice: what was reserved under that id before is not theirs, and no
 * source of it. Recorded with the placing.
 */
export type OrderHoldsExcluded = { readonly type: 'OrderHoldsExcluded'; readonly data: { readonly orderId: string } };
/** One that must come from one place keeps what it gets there while it waits for the rest. Recorded with the placing. */
export type OrderPartsReserved = { readonly type: 'OrderPartsReserved'; readonly data: { readonly orderId: string } };
/** It was never placed and never will be: its number has gone on to another order. */
export type OrderAbandoned = { readonly type: 'OrderAbandoned'; readonly data: { readonly orderId: string } };
/**
 * How many pieces of each line are wanted from now on; 0: none. Never fewer than have left. `released`: what was reserved
 * for them and is not needed any more.
 */
export type OrderLinesChanged = {
  readonly type: 'OrderLinesChanged';
  readonly data: {
    readonly orderId: string;
    readonly lines: readonly LineQuantity[];
    readonly released: readonly Allocation[];
    readonly reason: string;
    readonly note?: Sealed;
  };
};
/** Sources were reserved. `backordered` is what no warehouse had, of the whole order as it stands now. */
export type OrderAllocated = {
  readonly type: 'OrderAllocated';
  readonly data: {
    readonly orderId: string;
    readonly allocations: readonly Allocation[];
    readonly backordered: readonly LineQuantity[];
    /** Of the plan that came to it; absent: an older build, or all of it had been reserved before. */
    readonly decision?: SourcingDecision;
  };
};
/** Nothing new could be reserved; the order waits for stock. */
export type OrderBackordered = {
  readonly type: 'OrderBackordered';
  readonly data: {
    readonly orderId: string;
    readonly backordered: readonly LineQuantity[];
    readonly decision?: SourcingDecision;
  };
};
/** A reservation ran out before its goods were shipped; its quantity needs a source again. */
export type OrderAllocationLapsed = {
  readonly type: 'OrderAllocationLapsed';
  readonly data: { readonly orderId: string; readonly reservationId: string };
};
/** A fact at the stock took pieces of a reservation (T28); so many need a source again, the rest of it stands. */
export type OrderAllocationReduced = {
  readonly type: 'OrderAllocationReduced';
  readonly data: { readonly orderId: string; readonly reservationId: string; readonly quantity: number };
};
/** Sources that are not needed any more, with what of each had not left. */
export type OrderSourcesReleased = {
  readonly type: 'OrderSourcesReleased';
  readonly data: { readonly orderId: string; readonly reason: string; readonly released: readonly Allocation[] };
};
export type OrderHeld = {
  readonly type: 'OrderHeld';
  readonly data: { readonly orderId: string; readonly reason: string; readonly note?: Sealed };
};
export type OrderReleased = {
  readonly type: 'OrderReleased';
  readonly data: { readonly orderId: string; readonly reason: string; readonly note?: Sealed };
};
/** `released` names what the order had reserved and no longer needs. */
export type OrderCancelled = {
  readonly type: 'OrderCancelled';
  readonly data: {
    readonly orderId: string;
    readonly reason: string;
    readonly note?: Sealed;
    readonly released: readonly Allocation[];
    /** Of an order that may not wait, and could not get all of it at once. */
    readonly decision?: SourcingDecision;
  };
};
/** After a part has left: what had not is cancelled, and the order ends by what was shipped. */
export type OrderRemainderCancelled = {
  readonly type: 'OrderRemainderCancelled';
  readonly data: {
    readonly orderId: string;
    readonly reason: string;
    readonly note?: Sealed;
    readonly cancelled: readonly LineQuantity[];
    /** With what of each had not left. */
    readonly released: readonly Allocation[];
  };
};
/** Facts and promises disagree (for example: goods shipped whose reservation was gone); a person must look. */
export type OrderExceptionRaised = {
  readonly type: 'OrderExceptionRaised';
  readonly data: { readonly orderId: string; readonly code: string; readonly detail: string };
};

/** A person looked, or what was wrong is right again: these codes are open no longer. */
export type OrderExceptionResolved = {
  readonly type: 'OrderExceptionResolved';
  readonly data: {
    readonly orderId: string;
    readonly codes: readonly string[];
    readonly reason: string;
    readonly note?: Sealed;
  };
};

export type OrderEvent =
  | OrderPlaced
  | OrderNumbered
  | OrderHoldsExcluded
  | OrderPartsReserved
  | OrderAbandoned
  | OrderAddressCorrected
  | OrderLinesChanged
  | OrderAllocated
  | OrderBackordered
  | OrderAllocationLapsed
  | OrderAllocationReduced
  | OrderSourcesReleased
  | OrderHeld
  | OrderReleased
  | OrderCancelled
  | OrderRemainderCancelled
  | OrderShipmentDispatched
  | OrderShipmentCorrected
  | OrderShipmentVoided
  | OrderShipmentDelivered
  | OrderShipmentTurnedBack
  | OrderExceptionRaised
  | OrderExceptionResolved
  | OrderReturnEvent
  | OrderFillPromised;
