import { describe, expect, it } from 'vitest';
import { type WarehouseCommand, warehouseDecider } from '../../src/domain/warehouse/decider.ts';
import type { WarehouseDefined } from '../../src/domain/warehouse/events.ts';
import { given } from '../support/deciderSpec.ts';

const defined: WarehouseDefined = {
  type: 'WarehouseDefined',
  data: {
    warehouseId: 'BER',
    name: 'Berlin',
    countryCode: 'DE',
    postalCode: '12345',
    latitude: 52.5,
    longitude: 0,
    timeZone: 'Europe/Berlin',
    priority: 1,
    operator: 'own',
  },
};
const define: WarehouseCommand = { type: 'DefineWarehouse', ...defined.data };

describe('defining a warehouse', () => {
  it('records it once: the same description again is no news', () =>
    given(warehouseDecider).when(define).thenRecords(defined));
  it('records a changed description whole', () =>
    given(warehouseDecider, defined)
      .when({ ...define, operator: 'partner1' })
      .thenRecords({ type: 'WarehouseDefined', data: { ...defined.data, operator: 'partner1' } }));
  it('takes -0 for the 0 it is stored as', () =>
    given(warehouseDecider, defined)
      .when({ ...define, longitude: -0 })
      .thenNothing());
  it('weighs something, so that the cache can bound it', () => {
    expect(warehouseDecider.weigh(warehouseDecider.initialState)).toBeGreaterThan(0);
  });
});
