/** What policies ask the read side: as of the event they react to, and not more often than needed. */
import { describe, expect, it } from 'vitest';
import { createAllocationFacts } from '../../src/app/allocationFacts.ts';
import type { Position } from '../../src/eventsourcing/message.ts';

const at = (commit: number): Position => ({ commit: BigInt(commit), prepare: BigInt(commit) });

/** A read model that stands at a position and counts what it is asked. */
const createWorld = (answer: () => Promise<readonly string[]>) => {
  let position = at(0);
  const asked: string[] = [];
  const model = { name: 'sku_warehouses_v1', position: () => position, waitFor: async () => true };
  const of = (sku: string) => {
    asked.push(`${sku}@${position.commit}`);
    return answer();
  };
  const readModels = { skuWarehouses: { model, queries: { of } }, warehouses: { model }, orders: { model } };
  const facts = createAllocationFacts(readModels as never);
  return { facts, asked, moveTo: (commit: number) => (position = at(commit)) };
};

describe('the warehouses that hold a SKU', () => {
  it('are asked for once for all events that the answer had seen, and anew for the next', async () => {
    const { facts, asked, moveTo } = createWorld(() => Promise.resolve(['BER']));
    moveTo(7);
    for (const since of [5, 6, 7]) expect(await facts.warehousesHolding('CHAIR', at(since))).toEqual(['BER']);
    expect(await facts.warehousesHolding('TABLE', at(6))).toEqual(['BER']);
    expect(asked).toEqual(['CHAIR@7', 'TABLE@7']);
    moveTo(9);
    await facts.warehousesHolding('CHAIR', at(8));
    await facts.warehousesHolding('CHAIR', at(9));
    expect(asked).toEqual(['CHAIR@7', 'TABLE@7', 'CHAIR@9']);
  });

  it('are asked for again after a failure', async () => {
    const answers = [() => Promise.reject(new Error('locked')), () => Promise.resolve(['BER'])];
    const { facts, moveTo } = createWorld(() => (answers.shift() ?? (() => Promise.resolve([])))());
    moveTo(7);
    await expect(facts.warehousesHolding('CHAIR', at(7))).rejects.toThrow('locked');
    expect(await facts.warehousesHolding('CHAIR', at(7))).toEqual(['BER']);
  });
});

describe('the warehouses that may be a source', () => {
  it('are those that are open to sourcing', async () => {
    const model = { name: 'warehouses_v2', position: () => at(7), waitFor: async () => true };
    const all = async () => [
      { warehouseId: 'BER', sourcing: 'closed' },
      { warehouseId: 'PAR', sourcing: 'open' },
    ];
    const readModels = { skuWarehouses: { model }, warehouses: { model, queries: { all } }, orders: { model } };
    const facts = createAllocationFacts(readModels as never);
    expect(await facts.warehouses(at(7))).toMatchObject([{ warehouseId: 'PAR' }]);
  });
});
