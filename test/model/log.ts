/** Events as the service hands them out to an auditor, and what the model says of them. Nothing here is from `src`. */

/** The figures of a stock (docs/architecture.md, "Facts and promises"). */
export interface Figures {
  readonly onHand: number;
  readonly reserved: number;
  readonly quarantined: number;
  readonly safetyStock: number;
}
export interface LineQuantity {
  readonly lineId: string;
  readonly quantity: number;
}
export interface Source extends LineQuantity {
  readonly sku: string;
  readonly reservationId: string;
  readonly warehouseId: string;
}
export interface OrderedLine extends LineQuantity {
  readonly sku: string;
  readonly priceMinor: number;
  readonly currency: string;
}
export interface DeclaredParcel {
  readonly parcelId: string;
  readonly trackingNumber?: string;
}

/** The fields of all events in one shape; an event has those of its type. */
export interface EventData {
  readonly warehouseId: string;
  readonly sku: string;
  readonly after: Figures;
  readonly onHand: number;
  readonly safetyStock: number;
  readonly registeredAt: string;
  readonly quantity: number;
  readonly delta: number;
  readonly counted: number;
  readonly approvalId: string;
  readonly change: {
    readonly kind: string;
    readonly delta?: number;
    readonly counted?: number;
    readonly reason?: string;
  };
  readonly held: number;
  readonly freed: number;
  readonly proposedBy: string;
  readonly approvedBy: string;
  readonly rejectedBy?: string;
  readonly missing: number;
  readonly reservationId: string;
  readonly fromReservationId: string;
  readonly expiresAt: string;
  readonly orderId: string;
  readonly lineId: string;
  readonly shipmentId: string;
  readonly reason: string;
  readonly customerId: string;
  readonly orderNumber: string;
  readonly placedBy: string;
  readonly placedAt: string;
  readonly allowSplit: boolean;
  readonly allowBackorder: boolean;
  readonly destinationCountry: string;
  readonly lines: readonly (OrderedLine & Source)[];
  readonly allocations: readonly Source[];
  readonly released: readonly Source[];
  readonly backordered: readonly LineQuantity[];
  readonly cancelled: readonly LineQuantity[];
  readonly code: string;
  readonly codes: readonly string[];
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly parcels: readonly DeclaredParcel[];
  readonly parcelId: string;
  readonly status: string;
  readonly parcelStatus: string;
  readonly reportedAt: string;
  readonly sourcing: string;
  readonly priority: number;
  readonly name: string;
  readonly backorderAllowed?: boolean;
}

export interface LogEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor: { readonly kind: string; readonly client: string };
  readonly data: EventData;
}

/** An event that the model says a command records: its type, and those of its fields that the model can know. */
export interface Expected {
  readonly type: string;
  readonly data: Partial<EventData>;
}

/** What a command comes to: refused with any of these codes, or these events; none of either: nothing changes. */
export interface Decision {
  readonly refusals: readonly string[];
  readonly events: readonly Expected[];
}
export const refuse = (...refusals: readonly string[]): Decision => ({ refusals, events: [] });
export const record = (...events: readonly Expected[]): Decision => ({ refusals: [], events });

const categoryOf = ({ stream }: LogEvent): string => stream.slice(0, stream.indexOf('-'));

export const stockKey = (warehouseId: string, sku: string): string => `stock ${warehouseId} ${sku}`;
export const orderKey = (orderId: string): string => `order ${orderId}`;
export const shipmentKey = (shipmentId: string): string => `shipment ${shipmentId}`;
export const warehouseKey = (warehouseId: string): string => `warehouse ${warehouseId}`;
export const itemKey = (sku: string): string => `item ${sku}`;

/** What the event is about, by the fields of docs/openapi.json; `null`: a stream that only the service itself reads. */
export const keyOf = (event: LogEvent): string | null => {
  const { warehouseId, sku, orderId, shipmentId } = event.data;
  switch (categoryOf(event)) {
    case 'stock':
      return stockKey(warehouseId, sku);
    case 'order':
      return orderKey(orderId);
    case 'shipment':
      return shipmentKey(shipmentId);
    case 'warehouse':
      return warehouseKey(warehouseId);
    case 'item':
      return itemKey(sku);
    default:
      return null;
  }
};

/** Objects are equal where the smaller one's fields are; an empty text stands for nothing. */
export const covers = (actual: unknown, wanted: unknown): boolean => {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((each, index) => covers(actual[index], each))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return actual === wanted;
  if (typeof actual !== 'object' || actual === null) return false;
  return Object.entries(wanted).every(([name, each]) => covers((actual as Record<string, unknown>)[name], each));
};
