import { describe, expect, it } from 'vitest';
import { noClaims } from '../../src/domain/stock/claims.ts';
import { createServeWaiting } from '../../src/processManagers/serveWaiting.ts';
import { cause, orderOfLines } from './manyLines.ts';

/** What is asked of the read models and of the stocks, where one warehouse has pieces of `SKU-7` and of nothing else. */
const createQuestions = (waitedFor: readonly string[], pieces = 1) => {
  const asked: string[] = [];
  let turns = 0;
  const facts = {
    isAnyWaitingFor: async (skus: readonly string[]) => {
      asked.push(`any of ${skus.length}`);
      return skus.some((sku) => waitedFor.includes(sku));
    },
    warehouses: async () => [{ warehouseId: 'BER' }],
    warehousesHolding: async (sku: string) => (sku === 'SKU-7' ? ['BER'] : []),
    oldestWaitingFor: async (sku: string) => {
      asked.push(`oldest for ${sku}`);
      return null;
    },
    async *ordersWaitingFor(sku: string): AsyncGenerator<never> {
      asked.push(`all for ${sku}`);
      yield* [];
    },
  };
  const balance = { onHand: pieces, reserved: 0, quarantined: 0, incoming: 0, safetyStock: 0 };
  const load = async (stream: string) => {
    asked.push(`stock ${stream}`);
    return { state: { phase: 'active', balance, ...noClaims } };
  };
  const loadSince = async (stream: string) => {
    asked.push(`the store for ${stream}`);
    return { state: { phase: 'active', balance, ...noClaims } };
  };
  const handlers = { stock: { load, loadSince } };
  const serveWaiting = createServeWaiting({
    handlers: handlers as never,
    facts: facts as never,
    allocate: async () => undefined,
    takeTurn: () => {
      turns += 1;
      return null;
    },
  });
  return { asked, turns: () => turns, ...serveWaiting };
};

describe('an order of many lines', () => {
  it('asks who waits only for what a warehouse has: each such look reads orders that may be as large (11)', async () => {
    const { asked, turns, serveOlder } = createQuestions(['SKU-7']);
    await serveOlder(orderOfLines(2_000), cause);
    expect(turns()).toBe(2_000);
    expect(asked).toEqual(['any of 2000', 'stock stock-BER.SKU-7', 'oldest for SKU-7']);
  });

  it('asks one question where no order waits for any of them, and looks at no stock', async () => {
    const { asked, serveOlder } = createQuestions(['ANOTHER']);
    await serveOlder(orderOfLines(2_000), cause);
    expect(asked).toEqual(['any of 2000']);
  });
});

describe('an SKU of which nothing is known to be there', () => {
  it('is looked for in the store where an order waits for it', async () => {
    const { asked, serveOlder } = createQuestions(['SKU-7'], 0);
    await serveOlder(orderOfLines(8), cause);
    expect(asked).toEqual(['any of 8', 'stock stock-BER.SKU-7', 'any of 1', 'the store for stock-BER.SKU-7']);
  });

  it('costs the store nothing where orders wait for others only', async () => {
    const { asked, serveOlder } = createQuestions(['SKU-1'], 0);
    await serveOlder(orderOfLines(8), cause);
    expect(asked).toEqual(['any of 8', 'stock stock-BER.SKU-7', 'any of 1']);
  });
});

describe('goods that arrive together', () => {
  const arrivals = [
    { sku: 'SKU-1', cause },
    { sku: 'SKU-2', cause },
  ];

  it('cost one question where no order waits for any of them', async () => {
    const { asked, serve } = createQuestions(['ANOTHER']);
    await serve(arrivals);
    await serve([]);
    expect(asked).toEqual(['any of 2']);
  });

  it('are offered where an order waits for one of them', async () => {
    const { asked, serve } = createQuestions(['SKU-2']);
    await serve(arrivals);
    expect(asked).toEqual(['any of 2', 'all for SKU-1', 'all for SKU-2']);
  });
});
