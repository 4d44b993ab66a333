/** What is known about each warehouse. */
import type { SourcingState, WarehouseDescription, WarehouseEvent } from '../../domain/warehouse/events.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

export interface WarehouseDocument extends WarehouseDescription {
  readonly warehouseId: string;
  readonly sourcing: SourcingState;
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

export const warehouses: Projection<WarehouseDocument, WarehouseEvent> = {
  name: 'warehouses_v2',
  handles: ['WarehouseDefined', 'WarehouseSourcingSet'],
  indexes: [],
  idsOf: ({ data }) => [data.warehouseId],
  apply: (document, event) => {
    const touched = { revision: event.revision, updatedAt: event.recordedAt };
    if (event.type === 'WarehouseDefined') return { sourcing: document?.sourcing ?? 'open', ...event.data, ...touched };
    return document === null ? null : { ...document, sourcing: event.data.sourcing, ...touched };
  },
};
