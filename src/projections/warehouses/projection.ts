/** What is known about each warehouse. */
import type { WarehouseDescription, WarehouseEvent } from '../../domain/warehouse/events.ts';
import type { Projection } from '../projection.ts';

export interface WarehouseDocument extends WarehouseDescription {
  readonly warehouseId: string;
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

export const warehouses: Projection<WarehouseDocument, WarehouseEvent> = {
  name: 'warehouses_v1',
  handles: ['WarehouseDefined'],
  indexes: [],
  idsOf: ({ data }) => [data.warehouseId],
  apply: (_, { data, revision, recordedAt }) => ({ ...data, revision, updatedAt: recordedAt }),
};
