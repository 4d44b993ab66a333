/** Items and warehouses: each document is what the last event said. */
import { describe, expect, it } from 'vitest';
import type { ItemDefined } from '../../src/domain/item/events.ts';
import { rankCandidates } from '../../src/domain/policies/ranking.ts';
import type { WarehouseDefined, WarehouseSourcingSet } from '../../src/domain/warehouse/events.ts';
import { InvalidCursor } from '../../src/eventsourcing/projecting/page.ts';
import {
  createItemQueries,
  createWarehouseQueries,
  items,
  warehouses,
} from '../../src/projections/catalogue/projection.ts';
import { projectionSpec } from './projectionSpec.ts';
import { logOf, projected, timeAt } from './stockLog.ts';

const item = (sku: string, changes: Partial<ItemDefined['data']> = {}): ItemDefined => ({
  type: 'ItemDefined',
  data: {
    sku,
    name: 'Oak chair',
    attributes: { colour: 'oak' },
    boxes: [{ boxCode: '1/1', lengthMm: 500, widthMm: 500, heightMm: 900, weightGrams: 7_000 }],
    ...changes,
  },
});

const warehouse = (warehouseId: string, changes: Partial<WarehouseDefined['data']> = {}): WarehouseDefined => ({
  type: 'WarehouseDefined',
  data: {
    warehouseId,
    name: 'Berlin',
    countryCode: 'DE',
    postalCode: '10115',
    latitude: 52.5,
    longitude: 13.4,
    timeZone: 'Europe/Berlin',
    priority: 1,
    operator: 'own',
    ...changes,
  },
});

projectionSpec(items, logOf, {
  ItemDefined: [
    {
      title: 'an item is there',
      events: [item('CHAIR')],
      document: { ...item('CHAIR').data, revision: 0, updatedAt: timeAt(0) },
    },
    {
      title: 'described anew, it is what was said last, and nothing from before is left over',
      events: [item('CHAIR', { productCode: '4006381333931' }), item('CHAIR', { name: 'Ash chair', attributes: {} })],
      document: {
        ...item('CHAIR', { name: 'Ash chair', attributes: {} }).data,
        revision: 1,
        updatedAt: timeAt(1),
      },
    },
  ],
});

const closed = (warehouseId: string): WarehouseSourcingSet => ({
  type: 'WarehouseSourcingSet',
  data: { warehouseId, sourcing: 'closed' },
});

projectionSpec(warehouses, logOf, {
  WarehouseDefined: [
    {
      title: 'a warehouse is there',
      events: [warehouse('BER')],
      document: { ...warehouse('BER').data, sourcing: 'open', revision: 0, updatedAt: timeAt(0) },
    },
    {
      title: 'described anew, it is what was said last',
      events: [warehouse('BER'), warehouse('PAR'), warehouse('BER', { operator: 'partner1', priority: 2 })],
      document: {
        ...warehouse('BER', { operator: 'partner1', priority: 2 }).data,
        sourcing: 'open',
        revision: 1,
        updatedAt: timeAt(2),
      },
    },
    {
      title: 'described anew, it stays closed to sourcing',
      events: [warehouse('BER'), closed('BER'), warehouse('BER', { priority: 2 })],
      document: {
        ...warehouse('BER', { priority: 2 }).data,
        sourcing: 'closed',
        revision: 2,
        updatedAt: timeAt(2),
      },
    },
  ],
  WarehouseSourcingSet: [
    {
      title: 'it is closed to sourcing',
      events: [warehouse('BER'), closed('BER')],
      document: { ...warehouse('BER').data, sourcing: 'closed', revision: 1, updatedAt: timeAt(1) },
    },
  ],
});

describe('queries for items', () => {
  const open = async () =>
    createItemQueries(
      await projected(items, logOf(item('CHAIR'), item('LAMP'), item('CHAIR.OAK'), item('bench'))),
      () => items.name,
    );

  it('find one, many, and tell when there is none', async () => {
    const queries = await open();
    expect(await queries.get('LAMP')).toMatchObject({ sku: 'LAMP', revision: 0 });
    expect(await queries.get('lamp')).toBeNull();
    const many = await queries.getMany(['LAMP', 'NOTHING', 'CHAIR', 'LAMP']);
    expect([...many.keys()].sort()).toEqual(['CHAIR', 'LAMP']);
    expect(many.get('LAMP')?.sku).toBe('LAMP');
    expect(await queries.getMany([])).toEqual(new Map());
  });

  it('list them by SKU, page by page', async () => {
    const queries = await open();
    const first = await queries.list({ limit: 3 });
    expect(first.items.map(({ sku }) => sku)).toEqual(['CHAIR', 'CHAIR.OAK', 'LAMP']);
    const second = await queries.list({ limit: 3, cursor: first.nextCursor ?? '' });
    expect(second.items.map(({ sku }) => sku)).toEqual(['bench']);
    expect(second.nextCursor).toBeNull();
    await expect(queries.list({ limit: 3, cursor: 'bench' })).rejects.toThrow(InvalidCursor);
  });
});

describe('queries for warehouses', () => {
  const open = async () =>
    createWarehouseQueries(
      await projected(warehouses, logOf(warehouse('PAR', { priority: 1 }), warehouse('BER', { priority: 2 }))),
      () => warehouses.name,
    );

  it('find one, and tell when there is none', async () => {
    const queries = await open();
    expect(await queries.get('PAR')).toMatchObject({ warehouseId: 'PAR', priority: 1 });
    expect(await queries.get('ROM')).toBeNull();
  });

  it('list them by id, page by page, and all at once', async () => {
    const queries = await open();
    const first = await queries.list({ limit: 1 });
    expect(first.items.map(({ warehouseId }) => warehouseId)).toEqual(['BER']);
    const second = await queries.list({ limit: 1, cursor: first.nextCursor ?? '' });
    expect(second.items.map(({ warehouseId }) => warehouseId)).toEqual(['PAR']);
    expect(second.nextCursor).toBeNull();
    expect((await queries.all()).map(({ warehouseId }) => warehouseId)).toEqual(['BER', 'PAR']);
  });

  it('give what the allocation ranks', async () => {
    const destination = { countryCode: 'DE', point: null };
    expect(rankCandidates(await (await open()).all(), 'priority', destination, null)).toEqual(['PAR', 'BER']);
  });
});
