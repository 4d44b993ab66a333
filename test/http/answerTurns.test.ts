/** Orders that were recorded together are answered in turns (11, CONTRIBUTING.md). */
import { expect, it } from 'vitest';
import type { CommandSpec } from '../../src/http/routeSpec.ts';
import { registerOrderChanges } from '../../src/http/routes/orderChanges.ts';
import { registerOrderCommands } from '../../src/http/routes/orders.ts';

const order = { lines: [], shipments: [], warehouses: [], exceptions: [] };
const recorded = { kind: 'recorded', state: {}, revision: 0, position: null, updatedAt: '', events: [] };

/** The commands of orders, on use cases that record at once; notes what is done, and when a turn is asked for. */
const openCommands = () => {
  const specs: CommandSpec<never, never>[] = [];
  const seen: string[] = [];
  const note = <T>(what: string, result: T): T => {
    seen.push(what);
    return result;
  };
  const record = async () => note('recorded', recorded);
  const models = {
    skuWarehouses: { queries: { known: async (skus: readonly string[]) => new Set(skus) } },
    orders: { of: () => note('shown', order), fold: async () => note('folded', order) },
  };
  const useCases = { placeOrder: record, correctOrder: record, changeOrder: record };
  const [router, ports] = [{ command: (spec: never) => specs.push(spec) }, { useCases, readModels: models }];
  registerOrderCommands(router as never, ports as never);
  registerOrderChanges(router as never, ports as never);
  let begin = (): void => undefined;
  const asked = {
    context: {},
    claimedAt: async () => '',
    reach: { role: 'admin', customerId: null, warehouses: 'all' },
    request: { headers: {} },
    reply: { code: () => undefined, header: () => undefined },
    takeTurn: () => {
      seen.push('asked');
      return new Promise<void>((resolve) => {
        begin = resolve;
      });
    },
  };
  return {
    seen,
    handle: (operation: string, request: object): Promise<unknown> | undefined => {
      const spec = specs.find((each) => each.operation === operation);
      return spec?.handle({ ...asked, ...request } as never);
    },
    letIn: () => begin(),
  };
};

it('an order that was placed is shown when its turn has come (11)', async () => {
  const { seen, handle, letIn } = openCommands();
  const body = { orderId: 'o1', customer: { customerId: 'c1' }, lines: [{ sku: 'CHAIR' }] };
  const answer = handle('placeOrder', { body });
  await expect.poll(() => seen).toEqual(['recorded', 'asked']);
  letIn();
  await answer;
  expect(seen).toEqual(['recorded', 'asked', 'shown']);
});

it.each([
  ['correctOrder', { shipTo: {} }],
  ['setOrderStatus', { status: 'on_hold' }],
])('an order that was changed by %s is folded for its answer when its turn has come (11)', async (operation, body) => {
  const { seen, handle, letIn } = openCommands();
  const answer = handle(operation, { params: { orderId: 'o1' }, body });
  // The first fold is whether the order is there for this caller.
  await expect.poll(() => seen).toEqual(['folded', 'recorded', 'asked']);
  letIn();
  await answer;
  expect(seen).toEqual(['folded', 'recorded', 'asked', 'folded']);
});
