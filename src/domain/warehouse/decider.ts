import { accept, type Decider } from '../message.ts';
import { sameJson } from '../sameJson.ts';
import { type WarehouseDescription, type WarehouseEvent, warehouseVersions } from './events.ts';

export type Warehouse =
  | { readonly phase: 'absent' }
  | { readonly phase: 'defined'; readonly description: WarehouseDescription & { readonly warehouseId: string } };

export interface WarehouseCommand extends WarehouseDescription {
  readonly type: 'DefineWarehouse';
  readonly warehouseId: string;
}

/** `PUT` semantics: the same description again records nothing. */
export const warehouseDecider: Decider<Warehouse, WarehouseCommand, WarehouseEvent, never> = {
  category: 'warehouse',
  initialState: { phase: 'absent' },
  decide: ({ type: _, ...description }, warehouse) =>
    warehouse.phase === 'defined' && sameJson(warehouse.description, description)
      ? accept()
      : accept({ type: 'WarehouseDefined', data: description }),
  evolve: (_warehouse, event) => ({ phase: 'defined', description: event.data }),
  weigh: () => 500,
  schemaVersions: warehouseVersions,
};
