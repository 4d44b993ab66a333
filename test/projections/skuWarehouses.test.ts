/** Where each SKU is, found without asking every warehouse. */
import { describe, expect, it } from 'vitest';
import { createSkuWarehousesQueries, skuWarehouses } from '../../src/projections/catalogue/projection.ts';
import { projectionSpec } from './projectionSpec.ts';
import { logOf, move, projected, registered, stockEvents, timeAt } from './stockLog.ts';

const at = (warehouseId: string) =>
  move('StockRegistered', { warehouseId, sku: 'CHAIR', onHand: 1, safetyStock: 0, registeredAt: timeAt(0) });

projectionSpec(skuWarehouses, logOf, {
  StockRegistered: [
    {
      title: 'a SKU is in one warehouse',
      events: stockEvents(at('PAR')) as never,
      document: { sku: 'CHAIR', warehouseIds: ['PAR'] },
    },
    {
      title: 'in several it is listed by their ids, each once',
      events: stockEvents(at('PAR'), at('BER')) as never,
      document: { sku: 'CHAIR', warehouseIds: ['BER', 'PAR'] },
    },
  ],
});

describe('the warehouses of a SKU', () => {
  it('are none for one that nobody registered', async () => {
    const documents = await projected(skuWarehouses, logOf(...stockEvents(registered(0))));
    const queries = createSkuWarehousesQueries(documents, () => skuWarehouses.name);
    expect(await queries.of('NOTHING')).toEqual([]);
  });
});
