/** Rows of the shop's list → what a shop does on a day: orders, credit notes, stock corrections. */
import { type Reason, reasonOf } from './reasons.ts';
import { groupByDay, type Row, readRows } from './rows.ts';
import { deltaOf, kindOf, skuOf, warehouseOf } from './rules.ts';

export interface ShopLine {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly priceMinor: number;
}

export interface ShopOrder {
  readonly invoiceNo: string;
  /** Tried first when sources are planned. */
  readonly warehouseId: string;
  readonly at: string;
  readonly customerId: string | null;
  readonly country: string;
  readonly lines: readonly ShopLine[];
  /** Exact repetitions of a row of this invoice; each is the same row sent again, not more goods. */
  readonly duplicates: number;
}

export interface StockMove {
  readonly warehouseId: string;
  readonly sku: string;
  readonly delta: number;
  readonly reason: Reason;
  readonly note: string;
  readonly reference: string;
  readonly at: string;
}

export interface CreditNote {
  readonly invoiceNo: string;
  readonly at: string;
  readonly customerId: string | null;
  readonly moves: readonly StockMove[];
}

export interface ShopDay {
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly rows: number;
  readonly orders: readonly ShopOrder[];
  readonly creditNotes: readonly CreditNote[];
  readonly adjustments: readonly StockMove[];
  /** Rows that are not sent on, counted by reason. */
  readonly refused: ReadonlyMap<string, number>;
}

interface Bundle {
  readonly first: Row;
  readonly rows: Row[];
  readonly seen: Set<string>;
  duplicates: number;
}

const moveOf = (row: Row, delta: number, reason: Reason): StockMove => ({
  warehouseId: warehouseOf(row.invoiceNo).warehouseId,
  sku: skuOf(row.stockCode) ?? '',
  delta,
  reason,
  note: row.description,
  reference: row.invoiceNo,
  at: row.at,
});

const orderOf = ({ first, rows, duplicates }: Bundle): ShopOrder => ({
  invoiceNo: first.invoiceNo,
  warehouseId: warehouseOf(first.invoiceNo).warehouseId,
  at: first.at,
  customerId: first.customerId,
  country: first.country,
  lines: rows.map((row, index) => ({
    lineId: `L${index + 1}`,
    sku: skuOf(row.stockCode) ?? '',
    quantity: row.quantity,
    priceMinor: row.priceMinor,
  })),
  duplicates,
});

const creditNoteOf = ({ first, rows }: Bundle): CreditNote => ({
  invoiceNo: first.invoiceNo,
  at: first.at,
  customerId: first.customerId,
  moves: rows.map((row) => moveOf(row, -row.quantity, 'returned')),
});

/** Invoices are put together again although one of them stands in the list in two pieces. */
const bundle = (bundles: Map<string, Bundle>, row: Row): 'added' | 'duplicate' => {
  const known = bundles.get(row.invoiceNo) ?? { first: row, rows: [], seen: new Set<string>(), duplicates: 0 };
  bundles.set(row.invoiceNo, known);
  const text = JSON.stringify(row);
  if (known.seen.has(text)) {
    known.duplicates += 1;
    return 'duplicate';
  }
  known.seen.add(text);
  known.rows.push(row);
  return 'added';
};

/** All of one day. Within an invoice a row that equals an earlier one in every field is a duplicate. */
export const dayFrom = (rows: readonly Row[]): ShopDay => {
  const bundles = {
    order: new Map<string, Bundle>(),
    credit: new Map<string, Bundle>(),
    adjustment: new Map<string, Bundle>(),
  };
  const refused = new Map<string, number>();
  const refuse = (reason: string): void => void refused.set(reason, (refused.get(reason) ?? 0) + 1);
  for (const row of rows) {
    const verdict = kindOf(row);
    if ('refused' in verdict) refuse(verdict.refused);
    else if (bundle(bundles[verdict.kind], row) === 'duplicate') refuse('duplicate row');
  }
  return {
    date: rows[0]?.at.slice(0, 10) ?? '',
    rows: rows.length,
    orders: [...bundles.order.values()].map(orderOf),
    creditNotes: [...bundles.credit.values()].map(creditNoteOf),
    adjustments: [...bundles.adjustment.values()].flatMap((each) =>
      each.rows.map((row) => moveOf(row, deltaOf(row), reasonOf(row))),
    ),
    refused,
  };
};

export async function* readDays(path: string, rowsMax?: number): AsyncGenerator<ShopDay> {
  for await (const rows of groupByDay(readRows(path, rowsMax))) yield dayFrom(rows);
}

const quantitiesOf = (lines: readonly { readonly sku: string; readonly quantity: number }[]): string => {
  const sums = new Map<string, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  return JSON.stringify([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
};

/**
 * A credit note of the same day and customer that takes back everything of an order cancels it: the goods have not
 * left yet. Any other one is goods coming back. Returns invoice number of the order → credit note.
 */
export const cancellationsOf = (day: ShopDay): ReadonlyMap<string, CreditNote> => {
  const cancelled = new Map<string, CreditNote>();
  for (const note of day.creditNotes) {
    if (note.customerId === null) continue;
    const taken = quantitiesOf(note.moves.map(({ sku, delta }) => ({ sku, quantity: delta })));
    const order = day.orders.find(
      (each) =>
        each.customerId === note.customerId &&
        each.at <= note.at &&
        !cancelled.has(each.invoiceNo) &&
        quantitiesOf(each.lines) === taken,
    );
    if (order !== undefined) cancelled.set(order.invoiceNo, note);
  }
  return cancelled;
};
