import { describe, expect, it } from 'vitest';
import { type WarehouseCommand, warehouseDecider } from '../../src/domain/warehouse/decider.ts';
import type { WarehouseDefined, WarehouseEvent } from '../../src/domain/warehouse/events.ts';
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
const define: WarehouseCommand = { type: 'DefineWarehouse', ...defined.data, sourcing: 'open' };

describe('defining a warehouse', () => {
  it('records it once: the same description again is no news', () =>
    given(warehouseDecider).when(define).thenRecords(defined));
  it('records a changed description whole', () =>
    given(warehouseDecider, defined)
      .when({ ...define, operator: 'partner1' })
      .thenRecords({ type: 'WarehouseDefined', data: { ...defined.data, operator: 'partner1' } }));
  it('records a change of sourcing alone, and keeps it when the description changes', () => {
    const closed: WarehouseEvent = { type: 'WarehouseSourcingSet', data: { warehouseId: 'BER', sourcing: 'closed' } };
    given(warehouseDecider, defined)
      .when({ ...define, sourcing: 'closed' })
      .thenRecords(closed);
    given(warehouseDecider, defined, closed)
      .when(define)
      .thenRecords({ ...closed, data: { ...closed.data, sourcing: 'open' } });
    given(warehouseDecider, defined, closed)
      .when({ ...define, priority: 7, sourcing: 'closed' })
      .thenRecords({ ...defined, data: { ...defined.data, priority: 7 } });
    given(warehouseDecider)
      .when({ ...define, sourcing: 'closed' })
      .thenRecords(defined, closed);
  });
  it('takes -0 for the 0 it is stored as', () =>
    given(warehouseDecider, defined)
      .when({ ...define, longitude: -0 })
      .thenNothing());
  it('weighs something, so that the cache can bound it', () => {
    expect(warehouseDecider.weigh(warehouseDecider.initialState)).toBeGreaterThan(0);
  });
});
