/**
 * First pass: the list tells what was sold, not what was bought. So the receipts are made up from the demand and
 * labelled `DEMO-…`: at the start of a month each warehouse receives what it will need in that month.
 */
import type { ShopDay } from './retail.ts';
import { warehouses } from './rules.ts';

export interface Receipt {
  readonly warehouseId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly purchaseOrder: string;
  readonly at: string;
}

export interface MonthPlan {
  /** SKUs that nobody has asked for before: they are registered at all the warehouses. */
  readonly newSkus: readonly string[];
  readonly registeredAt: string;
  readonly receipts: readonly Receipt[];
  /** What was held back, so that orders are split and backordered; it comes on the last day of the month. */
  readonly lateReceipts: readonly Receipt[];
}

export interface ReplayPlan {
  readonly rowsTotal: number;
  readonly ordersTotal: number;
  /** By `YYYY-MM`, in order. */
  readonly months: ReadonlyMap<string, MonthPlan>;
}

/** One SKU in this many comes short, at the warehouse that needs it most. */
const shortEvery = 97;

interface Need {
  readonly byWarehouse: Map<string, number>;
  /** Written off in this month: never short, so that a correction is not refused for lack of stock. */
  writtenOff: boolean;
}
type MonthNeeds = Map<string, Need>;

const needOf = (needs: MonthNeeds, sku: string): Need => {
  const known = needs.get(sku) ?? { byWarehouse: new Map<string, number>(), writtenOff: false };
  needs.set(sku, known);
  return known;
};

const addDay = (needs: MonthNeeds, day: ShopDay): void => {
  const add = (sku: string, warehouseId: string, quantity: number): void => {
    const { byWarehouse } = needOf(needs, sku);
    byWarehouse.set(warehouseId, (byWarehouse.get(warehouseId) ?? 0) + quantity);
  };
  for (const { warehouseId, lines } of day.orders) {
    for (const { sku, quantity } of lines) add(sku, warehouseId, quantity);
  }
  for (const { sku, warehouseId, delta } of day.adjustments) {
    add(sku, warehouseId, Math.max(0, -delta));
    if (delta < 0) needOf(needs, sku).writtenOff = true;
  }
  for (const { moves } of day.creditNotes) for (const { sku } of moves) needOf(needs, sku);
};

const lastDayOf = (month: string): string => {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number, 0, 23, 59)).toISOString();
};

/** How much of a need is held back: half, rounded up, of the largest. */
const heldBack = ({ byWarehouse, writtenOff }: Need, index: number): ReadonlyMap<string, number> => {
  if (writtenOff || index % shortEvery !== 0) return new Map();
  const [most] = [...byWarehouse].sort(([, a], [, b]) => b - a);
  return most === undefined ? new Map() : new Map([[most[0], Math.ceil(most[1] / 2)]]);
};

const planMonth = (month: string, monthIndex: number, needs: MonthNeeds, known: Set<string>): MonthPlan => {
  const receipts: Receipt[] = [];
  const lateReceipts: Receipt[] = [];
  const registeredAt = `${month}-01T00:00:00.000Z`;
  const skus = [...needs.keys()].sort();
  for (const [index, sku] of skus.entries()) {
    const need = needOf(needs, sku);
    const late = heldBack(need, index + monthIndex);
    for (const { warehouseId } of warehouses) {
      const later = late.get(warehouseId) ?? 0;
      const now = (need.byWarehouse.get(warehouseId) ?? 0) - later;
      const receipt = { warehouseId, sku };
      if (now > 0) {
        receipts.push({ ...receipt, quantity: now, purchaseOrder: `DEMO-${month}`, at: registeredAt });
      }
      if (later > 0) {
        lateReceipts.push({ ...receipt, quantity: later, purchaseOrder: `DEMO-${month}-LATE`, at: lastDayOf(month) });
      }
    }
  }
  const newSkus = skus.filter((sku) => !known.has(sku));
  for (const sku of newSkus) known.add(sku);
  return { newSkus, registeredAt, receipts, lateReceipts };
};

/** Holds one number for each SKU, warehouse and month: what the list asks for, never the list. */
export const planReplay = async (days: AsyncIterable<ShopDay> | Iterable<ShopDay>): Promise<ReplayPlan> => {
  const needsByMonth = new Map<string, MonthNeeds>();
  let rowsTotal = 0;
  let ordersTotal = 0;
  for await (const day of days) {
    const month = day.date.slice(0, 7);
    const needs = needsByMonth.get(month) ?? new Map<string, Need>();
    needsByMonth.set(month, needs);
    addDay(needs, day);
    rowsTotal += day.rows;
    ordersTotal += day.orders.length;
  }
  const known = new Set<string>();
  const months = new Map<string, MonthPlan>();
  for (const [month, needs] of needsByMonth) months.set(month, planMonth(month, months.size, needs, known));
  return { rowsTotal, ordersTotal, months };
};
