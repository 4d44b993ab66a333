/** A ledger of the contract's words in a few lines, so that the demo can be tried without the service. No HTTP. */

interface Stock {
  onHand: number;
  reserved: number;
}
interface Source {
  readonly warehouseId: string;
  quantity: number;
}
interface Line {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly allocated: Source[];
}
export interface FakeOrder {
  readonly orderId: string;
  readonly preferredWarehouseId: string;
  readonly lines: readonly Line[];
  status: string;
}
export interface Change {
  readonly warehouseId: string;
  readonly sku: string;
  readonly kind: string;
  readonly quantity?: number;
  readonly delta?: number;
}
interface Asked {
  readonly preferredWarehouseId: string;
  readonly lines: readonly { readonly lineId: string; readonly sku: string; readonly quantity: number }[];
}

const waitingFor = (line: Line): number =>
  line.quantity - line.allocated.reduce((sum, { quantity }) => sum + quantity, 0);

export const createFakeLedger = () => {
  const stocks = new Map<string, Stock>();
  /** Where each SKU is registered. */
  const places = new Map<string, Set<string>>();
  const waiting = new Set<FakeOrder>();
  const orders = new Map<string, FakeOrder>();
  const shipments = new Map<string, string>();
  const state = { events: 0 };

  const stockOf = (warehouseId: string, sku: string): Stock => {
    const stock = stocks.get(`${warehouseId}.${sku}`);
    if (stock === undefined) throw new Error(`${warehouseId}.${sku} is not registered.`);
    return stock;
  };

  /** The preferred warehouse first, then the others as they were registered. */
  const allocate = (order: FakeOrder): void => {
    const { lines, preferredWarehouseId } = order;
    for (const line of lines) {
      for (const warehouseId of new Set([preferredWarehouseId, ...(places.get(line.sku) ?? [])])) {
        const stock = stockOf(warehouseId, line.sku);
        const quantity = Math.min(waitingFor(line), stock.onHand - stock.reserved);
        if (quantity <= 0) continue;
        stock.reserved += quantity;
        line.allocated.push({ warehouseId, quantity });
        state.events += 1;
      }
    }
    if (lines.some((line) => waitingFor(line) > 0)) waiting.add(order);
    else waiting.delete(order);
  };

  const change = ({ warehouseId, sku, kind, quantity, delta }: Change): { status: number; code?: string } => {
    state.events += 1;
    if (kind === 'register') {
      stocks.set(`${warehouseId}.${sku}`, { onHand: 0, reserved: 0 });
      places.set(sku, (places.get(sku) ?? new Set()).add(warehouseId));
      return { status: 201 };
    }
    const stock = stockOf(warehouseId, sku);
    const moved = quantity ?? delta ?? 0;
    if (stock.onHand - stock.reserved + moved < 0) return { status: 409, code: 'INSUFFICIENT_STOCK' };
    stock.onHand += moved;
    for (const order of waiting) if (order.lines.some((line) => line.sku === sku)) allocate(order);
    return { status: 200 };
  };

  const place = (asked: Asked): FakeOrder => {
    const orderId = `order-${orders.size + 1}`;
    const lines = asked.lines.map((line) => ({ ...line, allocated: [] }));
    const order = { orderId, preferredWarehouseId: asked.preferredWarehouseId, lines, status: 'processing' };
    orders.set(orderId, order);
    state.events += 1;
    allocate(order);
    return order;
  };

  const cancel = (order: FakeOrder): void => {
    state.events += 1;
    order.status = 'cancelled';
    waiting.delete(order);
    for (const { sku, allocated } of order.lines) {
      for (const { warehouseId, quantity } of allocated) stockOf(warehouseId, sku).reserved -= quantity;
    }
  };

  const ship = (
    order: FakeOrder,
    warehouseId: string,
    lines: readonly { lineId: string; quantity: number }[],
  ): string => {
    for (const { lineId, quantity } of lines) {
      const stock = stockOf(warehouseId, order.lines.find((line) => line.lineId === lineId)?.sku ?? '');
      stock.onHand -= quantity;
      stock.reserved -= quantity;
      state.events += 1;
    }
    const shipmentId = `shipment-${shipments.size + 1}`;
    shipments.set(shipmentId, order.orderId);
    return shipmentId;
  };

  const view = ({ orderId, status, lines }: FakeOrder): object => ({
    orderId,
    status,
    lines: lines.map((line) => ({ ...line, backordered: waitingFor(line), shipped: 0 })),
  });

  const levels = (warehouseId: string): readonly object[] =>
    [...stocks]
      .filter(([key]) => key.startsWith(`${warehouseId}.`))
      .map(([key, { onHand, reserved }]) => {
        const sku = key.slice(warehouseId.length + 1);
        return { warehouseId, sku, onHand, reserved, available: onHand - reserved };
      });

  return { stocks, orders, shipments, state, change, place, cancel, ship, view, levels };
};
export type FakeLedger = ReturnType<typeof createFakeLedger>;
