/**
 * An order as docs/openapi.json, docs/architecture.md, "The way of an event" and docs/architecture.md ("Facts and
 * promises") describe it.
 */
import {
  type Decision,
  type Expected,
  type LineQuantity,
  type LogEvent,
  type OrderedLine,
  record,
  refuse,
  type Source,
} from './log.ts';

interface OpenSource extends Source {
  /** How much of it has left. */
  readonly shipped: number;
}
interface Sent {
  readonly shipmentId: string;
  readonly warehouseId: string;
  readonly lines: readonly LineQuantity[];
  readonly delivered: boolean;
  readonly turnedBack: boolean;
  readonly carrier?: string | undefined;
  readonly trackingNumber?: string | undefined;
}

export interface Order {
  readonly orderId: string;
  readonly customerId: string;
  readonly client: string;
  readonly orderNumber?: string;
  readonly lines: readonly OrderedLine[];
  readonly allowSplit: boolean;
  readonly allowBackorder: boolean;
  readonly destinationCountry: string;
  readonly placedAt: string;
  /** `closed`: the rest was cancelled after a part had left. */
  readonly phase: 'pending' | 'open' | 'closed' | 'cancelled';
  readonly cancelReason?: string;
  readonly held: boolean;
  /** What people hold under its id is no source of it. */
  readonly excludesHolds: boolean;
  readonly sources: readonly OpenSource[];
  readonly shipments: readonly Sent[];
  readonly exceptions: readonly { readonly code: string; readonly isOpen: boolean }[];
  /** Warehouses that have or had a part in it. */
  readonly warehouses: ReadonlySet<string>;
  readonly revision: number;
  readonly updatedAt: string;
}

const total = (parts: readonly { readonly quantity: number }[]): number =>
  parts.reduce((sum, { quantity }) => sum + quantity, 0);
const ofLine = <T extends LineQuantity>(parts: readonly T[], lineId: string): readonly T[] =>
  parts.filter((part) => part.lineId === lineId);

export const isEnded = ({ phase }: Order): boolean => phase === 'closed' || phase === 'cancelled';

/** Per line, what has no source. */
export const unsourcedOf = (order: Order): readonly LineQuantity[] =>
  isEnded(order)
    ? []
    : order.lines
        .map(({ lineId, quantity }) => ({ lineId, quantity: quantity - total(ofLine(order.sources, lineId)) }))
        .filter(({ quantity }) => quantity > 0);

const shippedOf = ({ shipments }: Order, lineId: string): number =>
  total(
    ofLine(
      shipments.flatMap(({ lines }) => lines),
      lineId,
    ),
  );

const unshippedOf = (order: Order): readonly LineQuantity[] =>
  isEnded(order)
    ? []
    : order.lines
        .map(({ lineId, quantity }) => ({ lineId, quantity: quantity - shippedOf(order, lineId) }))
        .filter(({ quantity }) => quantity > 0);

/** What it counts on and has not left. */
export const claimsOf = (order: Order): readonly Source[] =>
  order.phase === 'cancelled'
    ? []
    : order.sources
        .filter(({ quantity, shipped }) => quantity > shipped)
        .map(({ shipped, ...source }) => ({ ...source, quantity: source.quantity - shipped }));

const openCodes = ({ exceptions }: Order): readonly string[] => [
  ...new Set(exceptions.filter(({ isOpen }) => isOpen).map(({ code }) => code)),
];

const lessen = (sources: readonly OpenSource[], lost: readonly Pick<Source, 'reservationId' | 'quantity'>[]) =>
  sources
    .map((source) => {
      const gone = total(lost.filter(({ reservationId }) => reservationId === source.reservationId));
      return { ...source, quantity: Math.max(source.shipped, source.quantity - gone) };
    })
    .filter(({ quantity }) => quantity > 0);

const dispatched = (order: Order, { data }: LogEvent): Order => {
  const { shipmentId, warehouseId, lines, carrier, trackingNumber } = data;
  const known = new Set(order.sources.map(({ reservationId }) => reservationId));
  const sources = order.sources.map((source) => ({
    ...source,
    shipped: source.shipped + total(lines.filter(({ reservationId }) => reservationId === source.reservationId)),
  }));
  const beside = lines
    .filter(({ reservationId }) => !known.has(reservationId))
    .map(({ lineId, sku, reservationId, quantity }) => ({
      lineId,
      sku,
      reservationId,
      warehouseId,
      quantity,
      shipped: quantity,
    }));
  const sent = { shipmentId, warehouseId, lines, delivered: false, turnedBack: false, carrier, trackingNumber };
  const warehouses = new Set([...order.warehouses, warehouseId]);
  return {
    ...order,
    phase: 'open',
    sources: [...sources, ...beside],
    shipments: [...order.shipments, sent],
    warehouses,
  };
};

const ended = (order: Order, shipmentId: string, end: Partial<Sent>): Order => ({
  ...order,
  shipments: order.shipments.map((sent) => (sent.shipmentId === shipmentId ? { ...sent, ...end } : sent)),
});

const steps: { readonly [type: string]: (order: Order, event: LogEvent) => Order } = {
  OrderNumbered: (order, { data: { orderNumber } }) => ({ ...order, orderNumber }),
  OrderAddressCorrected: (order, { data: { destinationCountry } }) => ({ ...order, destinationCountry }),
  OrderAllocated: (order, { data: { allocations } }) => ({
    ...order,
    phase: 'open',
    sources: [...order.sources, ...allocations.map((source) => ({ ...source, shipped: 0 }))],
    warehouses: new Set([...order.warehouses, ...allocations.map(({ warehouseId }) => warehouseId)]),
  }),
  OrderHoldsExcluded: (order) => ({ ...order, excludesHolds: true }),
  OrderBackordered: (order) => ({ ...order, phase: 'open' }),
  OrderAllocationLapsed: (order, { data: { reservationId } }) => ({
    ...order,
    sources: lessen(order.sources, [{ reservationId, quantity: Number.MAX_SAFE_INTEGER }]),
  }),
  OrderAllocationReduced: (order, { data }) => ({ ...order, sources: lessen(order.sources, [data]) }),
  OrderSourcesReleased: (order, { data: { released } }) => ({ ...order, sources: lessen(order.sources, released) }),
  OrderHeld: (order) => ({ ...order, held: true }),
  OrderReleased: (order) => ({ ...order, held: false }),
  // One that may not wait is cancelled with what was reserved for it: those warehouses had a part in it.
  OrderCancelled: (order, { data: { reason, released } }) => ({
    ...order,
    phase: 'cancelled',
    cancelReason: reason,
    warehouses: new Set([...order.warehouses, ...released.map(({ warehouseId }) => warehouseId)]),
  }),
  OrderRemainderCancelled: (order, { data: { released } }) => ({
    ...order,
    phase: 'closed',
    held: false,
    sources: lessen(order.sources, released),
  }),
  OrderShipmentDispatched: dispatched,
  OrderShipmentCorrected: (order, { data: { shipmentId, carrier, trackingNumber } }) =>
    ended(order, shipmentId, { carrier, trackingNumber }),
  OrderShipmentDelivered: (order, { data: { shipmentId } }) => ended(order, shipmentId, { delivered: true }),
  OrderShipmentTurnedBack: (order, { data: { shipmentId } }) =>
    ended(order, shipmentId, { delivered: false, turnedBack: true }),
  OrderExceptionRaised: (order, { data: { code } }) => ({
    ...order,
    exceptions: [...order.exceptions, { code, isOpen: true }],
  }),
  OrderExceptionResolved: (order, { data: { codes } }) => ({
    ...order,
    exceptions: order.exceptions.map((each) => (codes.includes(each.code) ? { ...each, isOpen: false } : each)),
  }),
};

/** @throws RangeError for an event that the model does not know, or one of an order that was not placed. */
export const applyToOrder = (order: Order | undefined, event: LogEvent): Order => {
  const { type, data, revision, recordedAt } = event;
  if (type === 'OrderPlaced') {
    const { orderId, customerId, placedBy, lines, allowSplit, allowBackorder, destinationCountry, placedAt } = data;
    const fixed = {
      orderId,
      customerId,
      client: placedBy,
      lines,
      allowSplit,
      allowBackorder,
      destinationCountry,
      placedAt,
    };
    const empty = { sources: [], shipments: [], exceptions: [], warehouses: new Set<string>() };
    return { ...fixed, phase: 'pending', held: false, excludesHolds: false, ...empty, revision, updatedAt: recordedAt };
  }
  const step = steps[type];
  if (order === undefined || step === undefined) throw new RangeError(`The model does not know ${type} here.`);
  return { ...step(order, event), revision, updatedAt: recordedAt };
};

const promiseLost = 'PROMISE_LOST';
const resolved = (order: Order, codes: readonly string[]): readonly Expected[] => {
  const open = openCodes(order).filter((code) => codes.includes(code));
  return open.length === 0 ? [] : [{ type: 'OrderExceptionResolved', data: { codes: open } }];
};

const cancel = (order: Order): Decision => {
  if (isEnded(order)) return record();
  const released = claimsOf(order);
  if (order.shipments.length === 0) return record({ type: 'OrderCancelled', data: { released } });
  const cancelled = unshippedOf(order);
  if (cancelled.length === 0) return refuse('ORDER_ALREADY_SHIPPED');
  return record({ type: 'OrderRemainderCancelled', data: { cancelled, released } }, ...resolved(order, [promiseLost]));
};

export const decideStatus = (order: Order | undefined, status: string): Decision => {
  if (order === undefined) return refuse('ORDER_NOT_FOUND');
  if (status === 'cancelled') return cancel(order);
  if (order.phase === 'cancelled') return refuse('ORDER_CANCELLED');
  if (status === 'on_hold') {
    if (order.held) return record();
    return unshippedOf(order).length === 0 ? refuse('ORDER_ALREADY_SHIPPED') : record({ type: 'OrderHeld', data: {} });
  }
  const exceptions = resolved(order, openCodes(order));
  if (!order.held && exceptions.length === 0) return refuse('ORDER_NOT_ON_HOLD');
  return record(...(order.held ? [{ type: 'OrderReleased', data: {} }] : []), ...exceptions);
};

/** @param isSame the address is the one that stands. */
export const decideAddress = (order: Order | undefined, countryCode: string, isSame: boolean): Decision => {
  if (order === undefined) return refuse('ORDER_NOT_FOUND');
  if (order.phase === 'cancelled') return refuse('ORDER_CANCELLED');
  if (order.shipments.length > 0) return refuse('ORDER_ALREADY_SHIPPED');
  return isSame ? record() : record({ type: 'OrderAddressCorrected', data: { destinationCountry: countryCode } });
};

export interface Dispatch {
  readonly warehouseId: string;
  readonly lines: readonly LineQuantity[];
}

const takenFor = (order: Order, warehouseId: string, { lineId, quantity }: LineQuantity) => {
  const taken: Partial<Source>[] = [];
  let left = quantity;
  for (const source of order.sources) {
    const take = Math.min(left, source.quantity - source.shipped);
    if (source.lineId !== lineId || source.warehouseId !== warehouseId || take === 0) continue;
    taken.push({ lineId, reservationId: source.reservationId, quantity: take });
    left -= take;
  }
  return { taken, left };
};

/** Sources that the dispatch made needless: of each line, the newest first. */
const needless = (order: Order, lines: readonly (LineQuantity & { readonly beside: number })[]): readonly Source[] =>
  claimsOf(order)
    .toReversed()
    .map((source) => ({ source, surplus: 0 }))
    .reduce<{ left: ReadonlyMap<string, number>; released: readonly Source[] }>(
      ({ left, released }, { source }) => {
        const surplus = left.get(source.lineId) ?? 0;
        const quantity = Math.min(surplus, source.quantity);
        if (quantity <= 0) return { left, released };
        return {
          left: new Map([...left, [source.lineId, surplus - quantity]]),
          released: [...released, { ...source, quantity }],
        };
      },
      {
        left: new Map(
          lines.map(({ lineId, beside }) => {
            const ordered = total(ofLine(order.lines, lineId));
            return [lineId, total(ofLine(order.sources, lineId)) + beside - ordered];
          }),
        ),
        released: [],
      },
    ).released;

export const decideDispatch = (order: Order | undefined, { warehouseId, lines }: Dispatch): Decision => {
  if (order === undefined) return refuse('ORDER_NOT_FOUND');
  const refusals: string[] = [];
  if (order.phase === 'cancelled') refusals.push('ORDER_CANCELLED');
  if (order.held) refusals.push('ORDER_ON_HOLD');
  const lacking = unshippedOf(order);
  for (const { lineId, quantity } of lines) {
    if (ofLine(order.lines, lineId).length === 0) refusals.push('ORDER_LINE_NOT_FOUND');
    else if (quantity > total(ofLine(lacking, lineId))) refusals.push('SHIPMENT_EXCEEDS_ORDER');
  }
  if (refusals.length > 0) return refuse(...refusals);
  const parts = lines.map((line) => ({ ...line, ...takenFor(order, warehouseId, line) }));
  const left = parts.flatMap(({ lineId, taken, left: beside }) => [
    ...taken,
    ...(beside > 0 ? [{ lineId, quantity: beside }] : []),
  ]);
  const sent: Expected = {
    type: 'OrderShipmentDispatched',
    data: { warehouseId, lines: left as (OrderedLine & Source)[] },
  };
  const afterTaking: Order = {
    ...order,
    sources: order.sources.map((source) => ({
      ...source,
      shipped:
        source.shipped +
        total(
          parts
            .flatMap(({ taken }) => taken)
            .filter(({ reservationId }) => reservationId === source.reservationId) as LineQuantity[],
        ),
    })),
  };
  const released = needless(
    afterTaking,
    parts.map(({ lineId, quantity, left: beside }) => ({ lineId, quantity, beside })),
  );
  return record(sent, ...(released.length === 0 ? [] : [{ type: 'OrderSourcesReleased', data: { released } }]));
};

const statusOf = (order: Order): string => {
  if (order.phase === 'cancelled') return 'cancelled';
  const shipped = total(order.shipments.flatMap(({ lines }) => lines));
  const ordered = order.phase === 'closed' ? shipped : total(order.lines);
  const delivered = total(order.shipments.filter((sent) => sent.delivered).flatMap(({ lines }) => lines));
  if (delivered >= ordered) return 'delivered';
  if (openCodes(order).length > 0) return 'exception';
  if (delivered > 0) return 'partially_delivered';
  if (shipped >= ordered) return 'shipped';
  if (shipped > 0) return 'partially_shipped';
  return order.phase === 'open' ? 'processing' : 'pending';
};

const showLine = (order: Order, { lineId, sku, quantity, priceMinor, currency }: OrderedLine) => {
  const sources = order.phase === 'cancelled' ? [] : ofLine(order.sources, lineId);
  const shipped = shippedOf(order, lineId);
  const allocated = Map.groupBy(sources, ({ warehouseId }) => warehouseId);
  const delivered = order.shipments.filter((sent) => sent.delivered).flatMap(({ lines }) => ofLine(lines, lineId));
  return {
    lineId,
    sku,
    quantity,
    priceMinor,
    currency,
    allocated: [...allocated].map(([warehouseId, parts]) => ({ warehouseId, quantity: total(parts) })),
    backordered: order.phase === 'open' ? total(ofLine(unsourcedOf(order), lineId)) : 0,
    shipped,
    cancelled: isEnded(order) ? quantity - shipped : 0,
    delivered: total(delivered),
    returned: 0,
  };
};

/** As `GET /v1/orders/{id}` shows it to who sees the whole of it, without the customer. */
export const showOrder = (order: Order) => {
  const { orderId, customerId, held, destinationCountry, allowSplit, allowBackorder, placedAt, revision } = order;
  const lines = order.lines.map((line) => showLine(order, line));
  const sourced = total(lines.flatMap(({ allocated }) => allocated));
  const wanted = total(lines.map(({ quantity, cancelled }) => ({ quantity: quantity - cancelled })));
  const partly = sourced < wanted ? 'partial' : 'complete';
  return {
    orderId,
    customerId,
    ...(order.orderNumber === undefined ? {} : { orderNumber: order.orderNumber }),
    status: statusOf(order),
    held,
    allocation: sourced === 0 ? 'none' : partly,
    lines,
    shipments: order.shipments.map(({ lines: _, ...sent }) => sent),
    destinationCountry,
    allowSplit,
    allowBackorder,
    ...(order.cancelReason === undefined ? {} : { cancelReason: order.cancelReason }),
    exceptions: order.exceptions.map(({ code }) => ({ code })),
    placedAt,
    updatedAt: order.updatedAt,
    revision,
  };
};
