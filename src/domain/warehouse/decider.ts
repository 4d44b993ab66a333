import { accept, type Decider, type Decision, jsonStates } from '../../eventsourcing/message.ts';
import { sameJson } from '../values.ts';
import { type SourcingState, type WarehouseDescription, type WarehouseEvent, warehouseVersions } from './events.ts';

export type Warehouse =
  | { readonly phase: 'absent' }
  | {
      readonly phase: 'defined';
      readonly description: WarehouseDescription & { readonly warehouseId: string };
      readonly sourcing: SourcingState;
    };

export interface WarehouseCommand extends WarehouseDescription {
  readonly type: 'DefineWarehouse';
  readonly warehouseId: string;
  readonly sourcing: SourcingState;
}

const define = (
  { type: _, sourcing, ...description }: WarehouseCommand,
  warehouse: Warehouse,
): Decision<WarehouseEvent, never> => {
  const known = warehouse.phase === 'defined' ? warehouse : { description: null, sourcing: 'open' };
  const { warehouseId } = description;
  return accept<WarehouseEvent>(
    ...(sameJson(known.description, description) ? [] : [{ type: 'WarehouseDefined', data: description } as const]),
    ...(known.sourcing === sourcing
      ? []
      : [{ type: 'WarehouseSourcingSet', data: { warehouseId, sourcing } } as const]),
  );
};

/** `PUT` semantics: the same description again records nothing. */
export const warehouseDecider: Decider<Warehouse, WarehouseCommand, WarehouseEvent, never> = {
  category: 'warehouse',
  initialState: { phase: 'absent' },
  decide: define,
  evolve: (warehouse, event) => {
    const { sourcing } = warehouse.phase === 'defined' ? warehouse : { sourcing: 'open' as const };
    if (event.type === 'WarehouseDefined') return { phase: 'defined', description: event.data, sourcing };
    return warehouse.phase === 'absent' ? warehouse : { ...warehouse, sourcing: event.data.sourcing };
  },
  weigh: () => 500,
  codec: jsonStates(2),
  schemaVersions: warehouseVersions,
};
