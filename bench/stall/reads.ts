/** Every read that the API has, as large as it may be asked for, with each filter and each two of them. */
import { formatPosition } from '../../src/eventsourcing/message.ts';
import type { ApiDocument, Operation } from '../../test/support/documented.ts';
import { bigCustomer, hotSku, orderIdOf, sharedTracking, skuOf } from './business.ts';
import type { Sent } from './send.ts';

/** What a log holds that is worth asking for. */
export interface Known {
  readonly document: ApiDocument;
  readonly orders: number;
  /** A time in its middle, ISO 8601 UTC. */
  readonly middle: string;
}

const pageMax = '500';
export const beginning = formatPosition({ commit: 1n, prepare: 1n });
const noId = '0190a000-0000-7000-8000-ffffffffffff';

const inPath = ({ orders }: Known): Readonly<Record<string, readonly string[]>> => ({
  warehouseId: ['W0'],
  sku: [hotSku(0), encodeURIComponent(skuOf(1))],
  orderId: [orderIdOf(orders - 1), orderIdOf(0)],
  endpointId: [noId],
});

/** Values of filters: what most have, and what few or none have. */
const inQuery = ({ orders, middle }: Known): Readonly<Record<string, readonly string[]>> => ({
  limit: [pageMax],
  q: ['SKU', 'SKU-1'],
  belowSafetyStock: ['true', 'false'],
  asOf: [middle],
  knownAt: [middle],
  field: ['safetyStock', 'onHand'],
  customerId: [bigCustomer],
  status: ['processing', 'cancelled', 'exception'],
  orderNumber: ['N-7'],
  trackingNumber: [sharedTracking],
  warehouseId: ['W0', 'W19'],
  from: [middle],
  to: [middle],
  stream: [`order-${orderIdOf(orders - 1)}`, `stock-W0.${hotSku(0)}`],
  type: ['StockRetired', 'OrderPlaced', 'OrderCancelled'],
  actor: ['stall', 'absent'],
  correlationId: [noId],
  sku: [hotSku(0)],
});

/** A stream never ends, and is a kind of its own. */
const endless = new Set(['streamEvents']);

const productOf = (names: readonly string[], values: Readonly<Record<string, readonly string[]>>) =>
  names.reduce<readonly (readonly (readonly [string, string])[])[]>(
    (sets, name) => sets.flatMap((set) => (values[name] ?? []).map((value) => [...set, [name, value] as const])),
    [[]],
  );

/** None of them, each, and each two. */
const choicesOf = (names: readonly string[]): readonly (readonly string[])[] => [
  [],
  ...names.map((name) => [name]),
  ...names.flatMap((name, index) => names.slice(index + 1).map((other) => [name, other])),
];

const pathsOf = (path: string, operation: Operation, known: Known): readonly string[] => {
  const parameters = operation.parameters ?? [];
  const named = (place: string): readonly string[] =>
    parameters.filter((each) => each.in === place).map(({ name }) => name);
  const values = inQuery(known);
  const filters = named('query').filter((name) => name !== 'limit' && values[name] !== undefined);
  const always = named('query').includes('limit') ? [['limit', pageMax] as const] : [];
  const queries = choicesOf(filters).flatMap((names) => productOf(names, values));
  return productOf(named('path'), inPath(known)).flatMap((ids) => {
    const filled = ids.reduce((url, [name, value]) => url.replace(`{${name}}`, value), path);
    return queries.map((query) => {
      const text = new URLSearchParams(Object.fromEntries([...always, ...query])).toString();
      return text === '' ? filled : `${filled}?${text}`;
    });
  });
};

/** By operation. */
export const readsOf = (known: Known): ReadonlyMap<string, readonly Sent[]> =>
  new Map(
    Object.entries(known.document.paths).flatMap(([path, { get }]) => {
      const name = get?.operationId;
      if (get === undefined || name === undefined || endless.has(name)) return [];
      return [[name, pathsOf(path, get, known).map((each) => ({ method: 'GET', path: each }))] as const];
    }),
  );
