/** Warehouses and items: described, closed to sourcing, opened again. The same again changes nothing. */
import type { Dice } from './dice.ts';
import { elsewhere, type Known } from './known.ts';
import { type Expected, itemKey, record, warehouseKey } from './log.ts';
import type { Planned } from './stockCommands.ts';

const places: { readonly [warehouseId: string]: object } = {
  BER: { countryCode: 'DE', postalCode: '10115', latitude: 52.52, longitude: 13.405, timeZone: 'Europe/Berlin' },
  PAR: { countryCode: 'FR', postalCode: '75001', latitude: 48.86, longitude: 2.34, timeZone: 'Europe/Paris' },
  LON: { countryCode: 'GB', postalCode: 'E1 6AN', latitude: 51.52, longitude: -0.07, timeZone: 'Europe/London' },
  NYC: { countryCode: 'US', postalCode: '10001', latitude: 40.75, longitude: -73.99, timeZone: 'America/New_York' },
  ROM: { countryCode: 'IT', postalCode: '00184', latitude: 41.89, longitude: 12.49, timeZone: 'Europe/Rome' },
};

const whole = { role: 'admin', isDryRun: false, isBulk: false } as const;

export const putWarehouse = (
  dice: Dice,
  warehouseId: string,
  wanted: { isOpen: boolean; priority: number },
): Planned => {
  const { isOpen, priority } = wanted;
  const key = warehouseKey(warehouseId);
  const sourcing = isOpen ? 'open' : 'closed';
  return {
    ...whole,
    key: dice.uuid(),
    request: {
      method: 'PUT',
      path: `/v1/warehouses/${warehouseId}`,
      body: { name: warehouseId, operator: 'own', ...places[warehouseId], priority, sourcing },
    },
    asks: [
      {
        about: key,
        decide: ({ warehouses }) => {
          const known = warehouses.get(key);
          const events: Expected[] = [];
          if (known?.priority !== priority) events.push({ type: 'WarehouseDefined', data: { warehouseId, priority } });
          if ((known?.isOpen ?? true) !== isOpen) events.push({ type: 'WarehouseSourcingSet', data: { sourcing } });
          return record(...events);
        },
      },
    ],
  };
};

export const putSomeWarehouse = (dice: Dice): Planned =>
  putWarehouse(dice, dice.pick(elsewhere), { isOpen: dice.chance(0.7), priority: dice.between(1, 2) });

export const putItem = (dice: Dice, sku: string): Planned => {
  const key = itemKey(sku);
  const name = dice.pick(['Oak table', 'Ash table']);
  const mayWait = dice.chance(0.9);
  return {
    ...whole,
    key: dice.uuid(),
    request: {
      method: 'PUT',
      path: `/v1/items/${encodeURIComponent(sku)}`,
      body: { name, attributes: { colour: 'natural' }, boxes: [], backorderAllowed: mayWait },
    },
    asks: [
      {
        about: key,
        decide: ({ items }) => {
          const known = items.get(key);
          if (known?.name === name && known.mayWait === mayWait) return record();
          return record({ type: 'ItemDefined', data: { sku, name, backorderAllowed: mayWait } });
        },
      },
    ],
  };
};

export const putSomeItem = (dice: Dice, { shelves }: Known): Planned => putItem(dice, dice.pick(shelves).sku);
