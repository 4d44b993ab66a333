/** One order over HTTP: placed, sent again, cancelled, shipped from wherever its goods are, delivered. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type AllocatedLine,
  type AllocationBook,
  type OrderAnswer,
  problemCodeIn,
  readOrder,
  textIn,
  UnexpectedAnswer,
} from './answers.ts';
import type { Client } from './client.ts';
import { countryCodeOf } from './countries.ts';
import type { CreditNote, ShopOrder } from './retail.ts';
import { refuseRows, type Tally } from './tally.ts';

export interface Desk {
  readonly client: Client;
  readonly tally: Tally;
  readonly book: AllocationBook;
}

export interface PlacedOrder {
  readonly order: ShopOrder;
  readonly orderId: string;
  /** Of its placing: reads of it have seen at least that. */
  readonly position: string | null;
  /** The latest answer about it. */
  answer: OrderAnswer;
  /** By line and warehouse: what has been shipped. */
  readonly sent: Map<string, number>;
}

export interface Sent {
  readonly shipmentId: string;
  readonly parcelId: string;
  /** ISO 8601 UTC. */
  readonly shippedAt: string;
}

/** The longest wait for an allocation that the contract allows. */
const allocationWaitSeconds = 10;
/** An allocation that takes longer is stuck. A day's orders wait for one another, on a busy machine for minutes. */
const settleTimeoutMs = 900_000;
const pollEveryMs = 100;

/** Made up from the customer's number; `.invalid` can't be anybody's address (RFC 2606). */
const customerOf = ({ customerId, invoiceNo }: ShopOrder): { customerId: string; name: string; email: string } => {
  const id = customerId ?? `guest-${invoiceNo}`;
  return { customerId: id, name: `Customer ${id}`, email: `customer-${id}@example.invalid` };
};

const orderBody = (order: ShopOrder): object => {
  const customer = customerOf(order);
  return {
    customer,
    shipTo: {
      name: customer.name,
      lines: ['1 Example Street'],
      city: 'Exampleton',
      postalCode: '00000',
      countryCode: countryCodeOf(order.country),
    },
    lines: order.lines.map((line) => ({ ...line, currency: 'GBP' })),
    sourcing: 'priority',
    preferredWarehouseId: order.warehouseId,
    allowSplit: true,
    allowBackorder: true,
  };
};

/** An invoice number may come again on another day; then it is another order. */
const keyOf = ({ invoiceNo, at }: ShopOrder): string => `${invoiceNo}-${at.slice(0, 10)}`;

const place = (client: Client, order: ShopOrder): ReturnType<Client['send']> =>
  client.send({
    method: 'POST',
    path: '/v1/orders',
    as: 'sandbox-shop',
    body: orderBody(order),
    idempotencyKey: `order-${keyOf(order)}`,
    waitSeconds: allocationWaitSeconds,
  });

/** Asks until the service has planned the order's sources, and for `complete` until nothing waits any more. */
const awaitSources = async (
  client: Client,
  { orderId, position }: Pick<PlacedOrder, 'orderId' | 'position'>,
  complete: boolean,
): Promise<OrderAnswer> => {
  const until = Date.now() + settleTimeoutMs;
  const read = { method: 'GET', path: `/v1/orders/${orderId}`, as: 'sandbox-shop', since: position } as const;
  for (;;) {
    const { status, body } = await client.send({ ...read, waitSeconds: allocationWaitSeconds });
    if (status !== 200) throw new UnexpectedAnswer(`Order ${orderId}: ${problemCodeIn(status, body)}`);
    const answer = readOrder(body);
    if (answer.status !== 'pending' && !(complete && answer.backordered.length > 0)) return answer;
    if (Date.now() > until) return answer;
    await pause(pollEveryMs);
  }
};

/**
 * `null` when the service refuses the order; its rows are counted as refused then. An invoice with duplicate rows is
 * sent twice, as a shop does that has not seen the first answer.
 */
export const placeOrder = async ({ client, tally, book }: Desk, order: ShopOrder): Promise<PlacedOrder | null> => {
  const { status, body, position } = await place(client, order);
  if (status !== 201) {
    refuseRows(tally, problemCodeIn(status, body), order.lines.length);
    return null;
  }
  const orderId = textIn(body, 'orderId');
  const first = readOrder(body);
  const answer = first.status === 'pending' ? await awaitSources(client, { orderId, position }, false) : first;
  book.record(order, answer);
  tally.ordersPlaced += 1;
  tally.rowsUsed += order.lines.length;
  if (answer.backordered.length > 0) tally.ordersBackordered += 1;
  if (order.duplicates > 0) {
    const again = await place(client, order);
    if (!again.replayed || textIn(again.body, 'orderId') !== orderId) {
      throw new UnexpectedAnswer(`Invoice ${order.invoiceNo} was sent twice and taken twice.`);
    }
    tally.ordersReplayed += 1;
  }
  return { order, orderId, position, answer, sent: new Map() };
};

export const cancelOrder = async ({ client, tally }: Desk, placed: PlacedOrder, note: CreditNote): Promise<boolean> => {
  const { status, body } = await client.send({
    method: 'PUT',
    path: `/v1/orders/${placed.orderId}/status`,
    as: 'sandbox-shop',
    body: { status: 'cancelled', reason: `credit_note_${note.invoiceNo}` },
  });
  if (status !== 200) {
    refuseRows(tally, problemCodeIn(status, body), note.moves.length);
    return false;
  }
  tally.ordersCancelled += 1;
  tally.rowsUsed += note.moves.length;
  return true;
};

/** Lines to ship now, by warehouse: what is allocated less what has left. */
const toShip = ({ answer, sent }: PlacedOrder): ReadonlyMap<string, { lineId: string; quantity: number }[]> => {
  const sums = new Map<string, AllocatedLine>();
  for (const source of answer.allocated) {
    const key = `${source.lineId} ${source.warehouseId}`;
    sums.set(key, { ...source, quantity: source.quantity + (sums.get(key)?.quantity ?? 0) });
  }
  const byWarehouse = new Map<string, { lineId: string; quantity: number }[]>();
  for (const [key, { lineId, warehouseId, quantity }] of sums) {
    const left = quantity - (sent.get(key) ?? 0);
    if (left === 0) continue;
    sent.set(key, quantity);
    byWarehouse.set(warehouseId, [...(byWarehouse.get(warehouseId) ?? []), { lineId, quantity: left }]);
  }
  return byWarehouse;
};

/** Ships what the order has sources for, one shipment a warehouse. */
export const shipOrder = async ({ client, tally }: Desk, placed: PlacedOrder): Promise<readonly Sent[]> => {
  const { order, orderId, sent } = placed;
  const shipments: Sent[] = [];
  const round = sent.size === 0 ? 1 : 2;
  for (const [warehouseId, lines] of toShip(placed)) {
    const trackingNumber = `DEMO${order.invoiceNo}${warehouseId}${round}`;
    const { status, body } = await client.send({
      method: 'POST',
      path: `/v1/orders/${orderId}/shipments`,
      as: 'sandbox-admin',
      body: {
        warehouseId,
        lines,
        carrier: 'demo',
        trackingNumber,
        parcels: [{ parcelId: 'P1', trackingNumber, boxes: [] }],
      },
      idempotencyKey: `ship-${keyOf(order)}-${warehouseId}-${round}`,
    });
    if (status !== 201) throw new UnexpectedAnswer(`Shipment of ${order.invoiceNo}: ${problemCodeIn(status, body)}`);
    tally.shipments += 1;
    shipments.push({ shipmentId: textIn(body, 'shipmentId'), parcelId: 'P1', shippedAt: order.at });
  }
  return shipments;
};

/** Waits until a backordered order has all its sources. What still waits then shows in the comparison. */
export const completeOrder = async ({ client, book }: Desk, placed: PlacedOrder): Promise<void> => {
  placed.answer = await awaitSources(client, placed, true);
  book.record(placed.order, placed.answer);
};

export const isSplit = ({ answer }: PlacedOrder): boolean =>
  new Set(answer.allocated.map(({ warehouseId }) => warehouseId)).size > 1;
