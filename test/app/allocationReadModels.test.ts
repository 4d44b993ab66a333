/** What policies are told of the read models: no more than all of them have folded. */
import { describe, expect, it } from 'vitest';
import { createAllocationReadModels } from '../../src/app/readModels.ts';
import type { Position } from '../../src/eventsourcing/message.ts';

const at = (commit: number): Position => ({ commit: BigInt(commit), prepare: BigInt(commit) });

type Stored = Readonly<Record<string, Position>>;

const modelsAt = (positions: readonly (Position | null)[], stored: Stored = {}) => {
  const [warehouses, skuWarehouses, orders] = ['warehouses_v2', 'sku_warehouses_v1', 'orders_v2_g2'].map(
    (name, index) => ({
      model: { collection: () => name, position: () => positions[index] ?? null },
      queries: {},
    }),
  );
  const checkpoints = { get: async (name: string) => stored[name] ?? null };
  return createAllocationReadModels({ warehouses, skuWarehouses, orders } as never, { checkpoints, parts: 2 });
};

describe('the read models of allocations', () => {
  it('are named by the builds that answer', () => {
    expect(modelsAt([]).builds()).toBe('warehouses_v2,sku_warehouses_v1,orders_v2_g2');
  });

  it('are as far as the last of them, and nowhere as long as one has folded nothing', () => {
    expect(modelsAt([at(7), at(5), at(9)]).position()).toEqual(at(5));
    expect(modelsAt([at(7), null, at(9)]).position()).toBeNull();
  });

  it('have stored what each part of the builds that answer has', async () => {
    const names = ['warehouses_v2', 'sku_warehouses_v1', 'orders_v2_g2'];
    const parts = names.flatMap((name) => [`${name}.1of2`, `${name}.2of2`]);
    const stored = Object.fromEntries(parts.map((name, index) => [name, at(9 - index)]));
    expect(await modelsAt([], stored).storedPosition()).toEqual(at(4));
    const { [parts[3] ?? '']: _, ...others } = stored;
    expect(await modelsAt([], others).storedPosition()).toBeNull();
  });
});
