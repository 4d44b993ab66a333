/** The service's final levels against the recomputed ones. Every figure that is not the same is a difference. */
import { countIn, listIn, problemCodeIn, recordIn, textIn, UnexpectedAnswer } from './answers.ts';
import type { Client } from './client.ts';
import type { Level, Recomputed } from './recompute.ts';
import { warehouses } from './rules.ts';

/** The largest page the contract allows. */
const pageSize = 500;

/** Every level of a warehouse, page by page. */
const readWarehouse = async (client: Client, warehouseId: string): Promise<readonly Level[]> => {
  const levels: Level[] = [];
  let cursor: unknown = null;
  do {
    const query = new URLSearchParams({ limit: String(pageSize), ...(typeof cursor === 'string' ? { cursor } : {}) });
    const path = `/v1/warehouses/${warehouseId}/inventory?${query.toString()}`;
    const { status, body } = await client.send({ method: 'GET', path, as: 'sandbox-admin' });
    if (status !== 200) throw new UnexpectedAnswer(`${path}: ${problemCodeIn(status, body)}`);
    for (const item of listIn(body, 'items')) {
      levels.push({
        warehouseId: textIn(item, 'warehouseId'),
        sku: textIn(item, 'sku'),
        onHand: countIn(item, 'onHand'),
        reserved: countIn(item, 'reserved'),
        available: countIn(item, 'available'),
      });
    }
    cursor = recordIn(body).nextCursor;
  } while (typeof cursor === 'string');
  return levels;
};

export const readLevels = async (client: Client): Promise<readonly Level[]> => {
  const levels: Level[] = [];
  for (const { warehouseId } of warehouses) levels.push(...(await readWarehouse(client, warehouseId)));
  return levels;
};

const figures = ['onHand', 'reserved', 'available'] as const;
const keyOf = ({ warehouseId, sku }: Level): string => `${warehouseId}.${sku}`;

const compareLevels = (served: readonly Level[], expected: readonly Level[]): readonly string[] => {
  const found = new Map(served.map((level) => [keyOf(level), level]));
  const differences: string[] = [];
  for (const level of expected) {
    const key = keyOf(level);
    const other = found.get(key);
    found.delete(key);
    for (const figure of figures) {
      if (other === undefined) differences.push(`${key} ${figure}: ${level[figure]} expected, the service has none`);
      else if (other[figure] !== level[figure]) {
        differences.push(`${key} ${figure}: ${level[figure]} expected, the service has ${other[figure]}`);
      }
    }
  }
  for (const key of found.keys()) differences.push(`${key}: only the service has it`);
  return differences;
};

const compareSums = (served: readonly Level[], onHandBySku: ReadonlyMap<string, number>): readonly string[] => {
  const sums = new Map<string, number>();
  for (const { sku, onHand } of served) sums.set(sku, (sums.get(sku) ?? 0) + onHand);
  return [...onHandBySku].flatMap(([sku, onHand]) =>
    sums.get(sku) === onHand ? [] : [`${sku} in all: ${onHand} expected, the service has ${sums.get(sku) ?? 'none'}`],
  );
};

/** In words, one for each difference; empty when all is well. */
export const compare = (served: readonly Level[], recomputed: Recomputed): readonly string[] => [
  ...compareLevels(served, recomputed.levels),
  ...compareSums(served, recomputed.onHandBySku),
  ...recomputed.disputes.map((invoiceNo) => `Order ${invoiceNo}: its sources don't add up to its lines`),
];
