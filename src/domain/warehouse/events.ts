/** STORED FOREVER: what a warehouse is (stream `warehouse-{warehouseId}`). A shipped shape is never edited. */
import type { FieldClasses } from '../../eventsourcing/message.ts';

export interface WarehouseDescription {
  readonly name: string;
  readonly countryCode: string;
  readonly postalCode: string;
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
  /** IANA name, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
  /** The lower, the sooner a source is chosen by the `priority` strategy. */
  readonly priority: number;
  /** `own`, or the id of the partner (3PL) that runs it. */
  readonly operator: string;
  /** Of GS1, 13 digits; since version 2. */
  readonly gln?: string;
}

export type WarehouseDefined = {
  readonly type: 'WarehouseDefined';
  readonly data: WarehouseDescription & { readonly warehouseId: string };
};
export const sourcingStates = ['open', 'closed'] as const;
export type SourcingState = (typeof sourcingStates)[number];
/** Whether orders may get new sources here. Until it is said, they may. What is reserved here is shipped all the same. */
export type WarehouseSourcingSet = {
  readonly type: 'WarehouseSourcingSet';
  readonly data: { readonly warehouseId: string; readonly sourcing: SourcingState };
};
export type WarehouseEvent = WarehouseDefined | WarehouseSourcingSet;

export const warehouseFields: FieldClasses<WarehouseEvent> = {
  WarehouseDefined: {
    warehouseId: 'public',
    name: 'public',
    countryCode: 'public',
    postalCode: 'public',
    latitude: 'public',
    longitude: 'public',
    timeZone: 'public',
    priority: 'public',
    operator: 'public',
    gln: 'public',
  },
  WarehouseSourcingSet: { warehouseId: 'public', sourcing: 'public' },
};
export const warehouseVersions = { WarehouseDefined: 2, WarehouseSourcingSet: 1 } as const;
