/** A SKU that was never described or registered, by a slip or in another case, would make its order wait for ever. */
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';

/** As long as a read with a position waits by default (API.md "Positions"). */
const waitMs = 2_000;
const errorsMax = 20;
/** Streams that are read for one order; an order with more SKUs that are new waits for the read models. */
const foldsMax = 20;

type Models = Pick<HttpPorts['readModels'], 'items' | 'skuWarehouses' | 'source'>;

/**
 * Asks the read models first. For what they do not know they have to catch up with the log as it is now, so that a
 * registration that was acknowledged is seen, whichever process recorded it.
 * @throws Problem `SKU_UNKNOWN` with a pointer to each line; `NOT_CAUGHT_UP` when they do not get there in time.
 */
export const requireKnownSkus = async (
  { items, skuWarehouses, source }: Models,
  lines: readonly { readonly sku: string }[],
): Promise<void> => {
  const unknownOf = async (skus: readonly string[]): Promise<readonly string[]> => {
    const registered = await skuWarehouses.queries.known(skus);
    const rest = skus.filter((sku) => !registered.has(sku));
    if (rest.length === 0) return rest;
    const described = await items.queries.getMany(rest);
    return rest.filter((sku) => !described.has(sku));
  };
  /** What an item's own stream says, where the read model has not come so far. */
  const undescribedOf = async (skus: readonly string[]): Promise<readonly string[]> => {
    const found = await Promise.all(skus.slice(0, foldsMax).map((sku) => items.queries.get(sku)));
    return skus.filter((_, index) => (found[index] ?? null) === null);
  };

  const missed = await undescribedOf(await unknownOf([...new Set(lines.map(({ sku }) => sku))]));
  if (missed.length === 0) return;
  const head = await source.head();
  if (head !== null) {
    const reached = await Promise.all([items, skuWarehouses].map(({ model }) => model.waitFor(head, waitMs)));
    if (reached.includes(false)) {
      const headers = { 'retry-after': '1' };
      throw new Problem('NOT_CAUGHT_UP', 'Whether the SKU is known can not be said yet.', { headers });
    }
  }
  const unknown = new Set(await unknownOf(missed));
  if (unknown.size === 0) return;
  const errors = lines.flatMap(({ sku }, index) =>
    unknown.has(sku) ? [{ pointer: `/lines/${index}/sku`, message: 'is no SKU that is known' }] : [],
  );
  const [sku] = unknown;
  throw new Problem('SKU_UNKNOWN', `There is neither an item nor a stock of ${sku}; case matters.`, {
    members: { errors: errors.slice(0, errorsMax) },
  });
};
