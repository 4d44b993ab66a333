/** What is kept of an order beside the domain's own fold, because no decision needs it. */
import type { OrderAbandoned, OrderEvent } from '../../domain/order/events.ts';
import { type Sealed, unreachable } from '../../eventsourcing/message.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';

interface OrderException {
  readonly code: string;
  readonly detail: string;
  /** When it was recorded, ISO 8601 UTC. */
  readonly at: string;
  /** When it was over; `null`: it is open. */
  readonly resolvedAt: string | null;
}

/** What the domain does not keep, because no decision needs it. */
export interface Kept {
  /** `{ name, email, phone? }` */
  readonly contact: Sealed;
  readonly cancelReason?: string;
  readonly exceptions: readonly OrderException[];
  /** Warehouses that have or had an allocation, and so all that ship: who may see it. */
  readonly warehouseIds: readonly string[];
}

export type ShownOrderEvent = Exclude<OrderEvent, OrderAbandoned>;

export const distinct = (values: readonly string[]): readonly string[] =>
  values.length < 2 ? values : [...new Set(values)];

const warehousesIn = (allocations: readonly { readonly warehouseId: string }[]): readonly string[] =>
  allocations.map(({ warehouseId }) => warehouseId);

export const keepMore = (kept: Kept, event: Recorded<ShownOrderEvent>): Kept => {
  const withWarehouses = (added: readonly string[]): Kept => ({
    ...kept,
    warehouseIds: distinct([...kept.warehouseIds, ...added]),
  });
  switch (event.type) {
    case 'OrderShipmentDispatched':
      return withWarehouses([event.data.warehouseId]);
    case 'OrderAllocated':
      return withWarehouses(warehousesIn(event.data.allocations));
    case 'OrderCancelled':
      // An order that may not wait is cancelled with what was reserved for it, which it never had as an allocation.
      return { ...withWarehouses(warehousesIn(event.data.released)), cancelReason: event.data.reason };
    case 'OrderRemainderCancelled':
      return { ...kept, cancelReason: event.data.reason };
    case 'OrderExceptionRaised': {
      const { code, detail } = event.data;
      return { ...kept, exceptions: [...kept.exceptions, { code, detail, at: event.recordedAt, resolvedAt: null }] };
    }
    case 'OrderExceptionResolved': {
      const { codes } = event.data;
      const isOver = ({ code, resolvedAt }: OrderException): boolean => resolvedAt === null && codes.includes(code);
      const over = { resolvedAt: event.recordedAt };
      return { ...kept, exceptions: kept.exceptions.map((each) => (isOver(each) ? { ...each, ...over } : each)) };
    }
    // The rest changes what the domain's own fold says, and nothing that is kept beside it.
    case 'OrderPlaced':
    case 'OrderAddressCorrected':
    case 'OrderLinesChanged':
    case 'OrderAllocationLapsed':
    case 'OrderAllocationReduced':
    case 'OrderBackordered':
    case 'OrderHeld':
    case 'OrderHoldsExcluded':
    case 'OrderNumbered':
    case 'OrderPartsReserved':
    case 'OrderReleased':
    case 'OrderShipmentCorrected':
    case 'OrderShipmentDelivered':
    case 'OrderShipmentTurnedBack':
    case 'OrderShipmentVoided':
    case 'OrderSourcesReleased':
    case 'OrderReturnRequested':
    case 'OrderReturnReceived':
    case 'OrderReturnCancelled':
    case 'OrderFillPromised':
      return kept;
    default:
      return unreachable(event);
  }
};
