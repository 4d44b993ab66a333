/** Orders that were recorded together are answered in turns (11, DESIGN §8). */
import { expect, it } from 'vitest';
import type { CommandSpec } from '../../src/http/routeSpec.ts';
import { registerOrderCommands } from '../../src/http/routes/orders.ts';

it('an order that was placed is shown when its turn has come (11)', async () => {
  const specs: CommandSpec<never, never>[] = [];
  const seen: string[] = [];
  const note = <T>(what: string, result: T): T => {
    seen.push(what);
    return result;
  };
  const recorded = { kind: 'recorded', state: {}, revision: 0, position: null, updatedAt: '', events: [] };
  const models = {
    skuWarehouses: { queries: { known: async (skus: readonly string[]) => new Set(skus) } },
    orders: { of: () => note('shown', { lines: [], shipments: [], warehouses: [], exceptions: [] }) },
  };
  const ports = { useCases: { placeOrder: async () => note('recorded', recorded) }, readModels: models };
  registerOrderCommands({ command: (spec: never) => specs.push(spec) } as never, ports as never);

  const place = specs.find(({ operation }) => operation === 'placeOrder');
  let begin = (): void => undefined;
  const asked = {
    body: { orderId: 'o1', customer: { customerId: 'c1' }, lines: [{ sku: 'CHAIR' }] },
    context: {},
    claimedAt: async () => '',
    reach: { customerId: null },
    request: { headers: {} },
    reply: { code: () => undefined, header: () => undefined },
    takeTurn: () => {
      seen.push('asked');
      return new Promise<void>((resolve) => {
        begin = resolve;
      });
    },
  };
  const answer = place?.handle(asked as never);
  await expect.poll(() => seen).toEqual(['recorded', 'asked']);
  begin();
  await answer?.catch(() => undefined);
  expect(seen).toEqual(['recorded', 'asked', 'shown']);
});
