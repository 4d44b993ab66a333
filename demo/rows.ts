/** The shop's list, row by row: text becomes values, nothing is judged yet. */
import { readTable } from './csv.ts';

/** One row of the shop's list, as text became values. */
export interface Row {
  readonly invoiceNo: string;
  readonly stockCode: string;
  readonly description: string;
  readonly quantity: number;
  /** ISO 8601 UTC. The list names no time zone. */
  readonly at: string;
  readonly priceMinor: number;
  /** `null`: the list names no customer. */
  readonly customerId: string | null;
  readonly country: string;
}

const columns = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const;

/** `2010-12-01 08:26:00` → ISO 8601; the customer is written as a decimal (`17850.0`). */
export const rowFrom = (fields: readonly string[]): Row => {
  const [invoiceNo = '', stockCode = '', description = '', quantity, date = '', price, customer = '', country = ''] =
    fields;
  const customerId = customer.replace(/\.0$/, '');
  return {
    invoiceNo,
    stockCode,
    description: description.trim(),
    quantity: Number(quantity),
    at: `${date.replace(' ', 'T')}.000Z`,
    priceMinor: Math.round(Number(price) * 100),
    customerId: customerId === '' ? null : customerId,
    country,
  };
};

export async function* readRows(path: string, rowsMax?: number): AsyncGenerator<Row> {
  for await (const fields of readTable(path, columns, rowsMax)) yield rowFrom(fields);
}

/** The list is in the order of its dates, and only one day is held at a time. */
export async function* groupByDay(rows: AsyncIterable<Row> | Iterable<Row>): AsyncGenerator<readonly Row[]> {
  let day: Row[] = [];
  for await (const row of rows) {
    if (day[0] !== undefined && day[0].at.slice(0, 10) !== row.at.slice(0, 10)) {
      yield day;
      day = [];
    }
    day.push(row);
  }
  if (day.length > 0) yield day;
}
