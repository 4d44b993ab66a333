/**
 * The final stock levels once more, straight from the list, by counting rows. It uses nothing of the service and
 * nothing of the replay. The one thing that a list can't know, which warehouse supplied how much of an order line,
 * is taken from the service's answers and checked against the list; the sums over all warehouses do without it.
 */
import type { AllocationBook, Sources } from './answers.ts';
import type { Row } from './rows.ts';
import { deltaOf, firstUnshipped, kindOf, skuOf, warehouseOf, warehouses } from './rules.ts';

export interface Level {
  readonly warehouseId: string;
  readonly sku: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
}

export interface Recomputed {
  readonly levels: readonly Level[];
  /** By SKU, all warehouses together, with no help from the service. */
  readonly onHandBySku: ReadonlyMap<string, number>;
  /** Orders whose answer does not add up to what the list asks for. */
  readonly disputes: readonly string[];
  readonly ordersTotal: number;
}

interface Count {
  /** Received, returned, found … less written off and shipped. */
  onHand: number;
  reserved: number;
}

interface Sold {
  readonly customerId: string | null;
  readonly at: string;
  readonly lines: { readonly sku: string; readonly quantity: number }[];
  cancelled: boolean;
}

const totals = (lines: readonly { readonly sku: string; readonly quantity: number }[]): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  return sums;
};

const same = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
  a.size === b.size && [...a].every(([sku, quantity]) => b.get(sku) === quantity);

/**
 * The rows of one day that count, as sales and credits by invoice. `arrive` is told of every SKU, and how much came in
 * for the row: receipts are made up so that all that is sold or written off was received before.
 */
const sortOut = (
  rows: Iterable<Row>,
  arrive: (row: Row, sku: string, quantity: number) => void,
): { sold: ReadonlyMap<string, Sold>; credits: ReadonlyMap<string, Sold> } => {
  const seen = new Set<string>();
  const sold = new Map<string, Sold>();
  const credits = new Map<string, Sold>();
  for (const row of rows) {
    const kind = kindOf(row);
    const sku = skuOf(row.stockCode);
    const identity = Object.values(row).join('\u0000');
    if (sku === null || 'refused' in kind || seen.has(identity)) continue;
    seen.add(identity);
    const quantity = Math.abs(row.quantity);
    if (kind.kind === 'adjustment') {
      // What is written off was received before: nothing is left of it.
      arrive(row, sku, Math.max(0, deltaOf(row)));
      continue;
    }
    const book = kind.kind === 'order' ? sold : credits;
    const invoice = book.get(row.invoiceNo) ?? { customerId: row.customerId, at: row.at, lines: [], cancelled: false };
    book.set(row.invoiceNo, invoice);
    invoice.lines.push({ sku, quantity });
    arrive(row, sku, kind.kind === 'order' ? quantity : 0);
  }
  return { sold, credits };
};

const daysOf = async function* (rows: AsyncIterable<Row>): AsyncGenerator<readonly Row[]> {
  let day: Row[] = [];
  for await (const row of rows) {
    if (day.length > 0 && day[0]?.at.slice(0, 10) !== row.at.slice(0, 10)) {
      yield day;
      day = [];
    }
    day.push(row);
  }
  if (day.length > 0) yield day;
};

const countOrders = async (rows: AsyncIterable<Row>): Promise<number> => {
  let count = 0;
  for await (const day of daysOf(rows)) {
    const invoices = new Set<string>();
    for (const row of day) {
      const kind = kindOf(row);
      if ('kind' in kind && kind.kind === 'order') invoices.add(row.invoiceNo);
    }
    count += invoices.size;
  }
  return count;
};

/** Everything that is counted, by warehouse and SKU, and by SKU alone. */
const createCounts = () => {
  const counts = new Map<string, Count>();
  const onHandBySku = new Map<string, number>();
  const countOf = (warehouseId: string, sku: string): Count => {
    const key = `${warehouseId}.${sku}`;
    const count = counts.get(key) ?? { onHand: 0, reserved: 0 };
    counts.set(key, count);
    return count;
  };
  const addBySku = (sku: string, quantity: number): void =>
    void onHandBySku.set(sku, (onHandBySku.get(sku) ?? 0) + quantity);
  const add = (warehouseId: string, sku: string, quantity: number): void => {
    countOf(warehouseId, sku).onHand += quantity;
    addBySku(sku, quantity);
  };
  const levels = (): readonly Level[] =>
    [...counts].map(([key, { onHand, reserved }]) => {
      const dot = key.indexOf('.');
      const available = Math.max(0, onHand - reserved);
      return { warehouseId: key.slice(0, dot), sku: key.slice(dot + 1), onHand, reserved, available };
    });
  return { countOf, add, addBySku, levels, onHandBySku };
};
type Counts = ReturnType<typeof createCounts>;

/** A credit of the whole of an order of that day undoes it; any other one brings goods back. */
const credit = (counts: Counts, sold: ReadonlyMap<string, Sold>, invoiceNo: string, note: Sold): void => {
  const undone = [...sold.values()].find(
    (sale) =>
      note.customerId !== null &&
      sale.customerId === note.customerId &&
      sale.at <= note.at &&
      !sale.cancelled &&
      same(totals(sale.lines), totals(note.lines)),
  );
  if (undone !== undefined) undone.cancelled = true;
  else for (const { sku, quantity } of note.lines) counts.add(warehouseOf(invoiceNo).warehouseId, sku, quantity);
};

/** Takes an order from where its goods came from. False when the answer does not add up to the list. */
const settle = (
  counts: Counts,
  [invoiceNo, { lines }]: readonly [string, Sold],
  told: Sources,
  shipped: boolean,
): boolean => {
  let agreed = true;
  for (const [index, { sku, quantity }] of lines.entries()) {
    const lineId = `L${index + 1}`;
    const preferred = { lineId, warehouseId: warehouseOf(invoiceNo).warehouseId, quantity };
    const sources = told === 'as preferred' ? [preferred] : told.filter((source) => source.lineId === lineId);
    agreed &&= sources.reduce((sum, source) => sum + source.quantity, 0) === quantity;
    for (const source of sources) {
      const count = counts.countOf(source.warehouseId, sku);
      if (shipped) count.onHand -= source.quantity;
      else count.reserved += source.quantity;
    }
    if (shipped) counts.addBySku(sku, -quantity);
  }
  return agreed;
};

/**
 * @param open starts reading the list from its first row; it is read twice.
 * @param book what the service answered about the orders.
 */
export const recompute = async (
  open: () => AsyncIterable<Row>,
  book: Pick<AllocationBook, 'sourcesOf'>,
): Promise<Recomputed> => {
  const ordersTotal = await countOrders(open());
  const counts = createCounts();
  const disputes: string[] = [];
  let orderIndex = 0;
  for await (const day of daysOf(open())) {
    const { sold, credits } = sortOut(day, (row, sku, quantity) => {
      // Whatever is named once is registered everywhere.
      for (const { warehouseId } of warehouses) counts.countOf(warehouseId, sku);
      counts.add(warehouseOf(row.invoiceNo).warehouseId, sku, quantity);
    });
    for (const [invoiceNo, note] of credits) credit(counts, sold, invoiceNo, note);
    for (const sale of sold) {
      const shipped = orderIndex < firstUnshipped(ordersTotal);
      orderIndex += 1;
      const [invoiceNo, { cancelled }] = sale;
      if (cancelled) continue;
      if (!settle(counts, sale, book.sourcesOf(invoiceNo) ?? [], shipped)) disputes.push(invoiceNo);
    }
  }
  return { levels: counts.levels(), onHandBySku: counts.onHandBySku, disputes, ordersTotal };
};
