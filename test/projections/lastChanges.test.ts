import { describe, expect, it } from 'vitest';
import { itemStream, orderStream, stockStream, warehouseStream } from '../../src/domain/values.ts';
import { allWarehouses, stocksOfSku, subjectsOf } from '../../src/projections/readCache/lastChanges.ts';

describe('what an event changes', () => {
  it('is its stream, and all that is made of many such streams', () => {
    expect(subjectsOf({ stream: itemStream('TABLE') })).toEqual([itemStream('TABLE')]);
    expect(subjectsOf({ stream: warehouseStream('BER') })).toEqual([warehouseStream('BER'), allWarehouses]);
    const stream = stockStream('BER_1', 'TABLE.OAK-160_x');
    expect(subjectsOf({ stream })).toEqual([stream, stocksOfSku('TABLE.OAK-160_x')]);
  });

  it('is nothing that is cached when it is about an order, a shipment or an endpoint', () => {
    for (const stream of [orderStream('1'), 'shipment-1', 'webhook-1']) expect(subjectsOf({ stream })).toEqual([]);
  });
});
