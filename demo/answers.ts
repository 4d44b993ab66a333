/** What the service says about an order, read with suspicion, and kept for the comparison. */
import type { ShopOrder } from './retail.ts';

export interface AllocatedLine {
  readonly lineId: string;
  readonly warehouseId: string;
  readonly quantity: number;
}

export interface OrderAnswer {
  readonly orderId: string;
  readonly status: string;
  readonly allocated: readonly AllocatedLine[];
  /** Lines that still wait for stock. */
  readonly backordered: readonly { readonly lineId: string; readonly quantity: number }[];
}

export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
}

type Json = { readonly [name: string]: unknown };

const unexpected = (what: string, value: unknown): never => {
  throw new UnexpectedAnswer(`${what}: ${JSON.stringify(value).slice(0, 300)}`);
};

export const recordIn = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : unexpected('An object was expected', value);

export const listIn = (value: unknown, name: string): readonly Json[] => {
  const list = recordIn(value)[name];
  return Array.isArray(list) ? list.map(recordIn) : unexpected(`A list "${name}" was expected`, value);
};

export const textIn = (value: unknown, name: string): string => {
  const text = recordIn(value)[name];
  return typeof text === 'string' ? text : unexpected(`A text "${name}" was expected`, value);
};

export const countIn = (value: unknown, name: string): number => {
  const count = recordIn(value)[name];
  return Number.isSafeInteger(count) ? (count as number) : unexpected(`A whole number "${name}" was expected`, value);
};

/** The stable `code` of a problem (RFC 9457), or what came instead of one. */
export const problemCodeIn = (status: number, body: unknown): string =>
  typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : `HTTP ${status}`;

/** @throws UnexpectedAnswer when a field that the contract promises is missing. */
export const readOrder = (body: unknown): OrderAnswer => {
  const allocated: AllocatedLine[] = [];
  const backordered: { lineId: string; quantity: number }[] = [];
  for (const line of listIn(body, 'lines')) {
    const lineId = textIn(line, 'lineId');
    for (const source of listIn(line, 'allocated')) {
      allocated.push({ lineId, warehouseId: textIn(source, 'warehouseId'), quantity: countIn(source, 'quantity') });
    }
    const waiting = countIn(line, 'backordered');
    if (waiting > 0) backordered.push({ lineId, quantity: waiting });
  }
  return { orderId: textIn(body, 'orderId'), status: textIn(body, 'status'), allocated, backordered };
};

/** Sources of an order: all of each line from the preferred warehouse (most orders, and kept as one word), or a list. */
export type Sources = 'as preferred' | readonly AllocatedLine[];

export interface AllocationBook {
  /** The latest answer counts: a backordered line gets its sources later. */
  record(order: ShopOrder, answer: OrderAnswer): void;
  /** `undefined`: the service never told. */
  sourcesOf(invoiceNo: string): Sources | undefined;
}

const isAsPreferred = (order: ShopOrder, { allocated }: OrderAnswer): boolean => {
  if (allocated.length !== order.lines.length) return false;
  const quantities = new Map(order.lines.map(({ lineId, quantity }) => [lineId, quantity]));
  return allocated.every(
    ({ lineId, warehouseId, quantity }) =>
      warehouseId === order.warehouseId && quantities.get(lineId) === quantity && quantities.delete(lineId),
  );
};

/** Compared with what was sent, line by line, before it is shortened: an answer about other goods stays visible. */
export const createAllocationBook = (): AllocationBook => {
  const sources = new Map<string, Sources>();
  return {
    record: (order, answer) =>
      void sources.set(order.invoiceNo, isAsPreferred(order, answer) ? 'as preferred' : answer.allocated),
    sourcesOf: (invoiceNo) => sources.get(invoiceNo),
  };
};
