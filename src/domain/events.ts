/** All that can happen, in one union, with the registry that the stored contract is checked against. */
import { type ItemEvent, itemFields, itemVersions } from './item/events.ts';
import type { OrderEvent } from './order/events.ts';
import { orderFields, orderVersions } from './order/fields.ts';
import { type OrderNumberEvent, orderNumberFields, orderNumberVersions } from './orderNumber/events.ts';
import { type ShipmentEvent, shipmentFields, shipmentVersions } from './shipment/events.ts';
import type { StockEvent } from './stock/events.ts';
import { stockFields, stockVersions } from './stock/fields.ts';
import { type WarehouseEvent, warehouseFields, warehouseVersions } from './warehouse/events.ts';
import { type WebhookEvent, webhookFields, webhookVersions } from './webhook/events.ts';

export type LedgerEvent =
  | StockEvent
  | ItemEvent
  | WarehouseEvent
  | OrderEvent
  | OrderNumberEvent
  | ShipmentEvent
  | WebhookEvent;
export type LedgerEventType = LedgerEvent['type'];

/** `public` or `pii` for each field of each event (docs/architecture.md, "Personal data"). */
export const eventFields = {
  ...stockFields,
  ...itemFields,
  ...warehouseFields,
  ...orderFields,
  ...orderNumberFields,
  ...shipmentFields,
  ...webhookFields,
};

/** The schema version that is written today, for each event type. */
export const eventVersions: { readonly [Type in LedgerEventType]: number } = {
  ...stockVersions,
  ...itemVersions,
  ...warehouseVersions,
  ...orderVersions,
  ...orderNumberVersions,
  ...shipmentVersions,
  ...webhookVersions,
};
