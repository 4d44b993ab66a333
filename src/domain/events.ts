/**
 * All that can happen, in one union, with the registry that the stored contract is checked against; and the read boundary:
 * the domain knows only today's shapes, and an unknown `type@version` is an error, never a cast.
 */
import { type DecodeStored, type RecordedEvent, UnknownEvent } from '../eventsourcing/message.ts';
import { type AlertEvent, alertFields, alertVersions } from './alert/events.ts';
import { type ApiKeyEvent, apiKeyFields, apiKeyVersions } from './apiKey/events.ts';
import { type InboundEvent, inboundFields, inboundVersions } from './inbound/events.ts';
import { type ItemEvent, itemFields, itemVersions } from './item/events.ts';
import type { OrderEvent } from './order/events.ts';
import { orderFields, orderVersions } from './order/fields.ts';
import { type OrderNumberEvent, orderNumberFields, orderNumberVersions } from './orderNumber/events.ts';
import { type ReturnEvent, returnFields, returnVersions } from './return/events.ts';
import { type ShipmentEvent, shipmentFields, shipmentVersions } from './shipment/events.ts';
import type { StockEvent } from './stock/events.ts';
import { stockFields, stockVersions } from './stock/fields.ts';
import { type TrackingLinkEvent, trackingLinkFields, trackingLinkVersions } from './trackingLink/events.ts';
import { type TransferEvent, transferFields, transferVersions } from './transfer/events.ts';
import { type WarehouseEvent, warehouseFields, warehouseVersions } from './warehouse/events.ts';
import { type WebhookEvent, webhookFields, webhookVersions } from './webhook/events.ts';

export type LedgerEvent =
  | StockEvent
  | ItemEvent
  | WarehouseEvent
  | OrderEvent
  | OrderNumberEvent
  | ShipmentEvent
  | WebhookEvent
  | AlertEvent
  | ApiKeyEvent
  | TransferEvent
  | InboundEvent
  | ReturnEvent
  | TrackingLinkEvent;
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
  ...alertFields,
  ...apiKeyFields,
  ...transferFields,
  ...inboundFields,
  ...returnFields,
  ...trackingLinkFields,
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
  ...alertVersions,
  ...apiKeyVersions,
  ...transferVersions,
  ...inboundVersions,
  ...returnVersions,
  ...trackingLinkVersions,
};

/**
 * `Type@version` → the shape of the version after it (docs/how-to.md, "Change an event"). An entry is added with the
 * golden file of the version it reads, and never changed.
 */
export const upcasters: { readonly [typeAtVersion: string]: (data: object) => object } = {
  // Carrier and tracking number became optional; at version 1 both are always there.
  'OrderShipmentDispatched@1': (data) => data,
  'ShipmentDispatched@1': (data) => data,
  // The decision of the plan came with version 2, and is missing where it was not kept.
  'OrderAllocated@1': (data) => data,
  'OrderBackordered@1': (data) => data,
  'OrderCancelled@1': (data) => data,
  // GTIN, GLN and SSCC of GS1 were added as optional fields.
  'ItemDefined@1': (data) => data,
  'WarehouseDefined@1': (data) => data,
  'OrderShipmentDispatched@2': (data) => data,
  'ShipmentDispatched@2': (data) => data,
  // What a count has not seen came with version 2; before, it had seen all.
  'StockChangeProposed@1': (data) => data,
  'StockCounted@1': (data) => ({ ...data, shelf: null }),
};

/** An older build must not read a newer log. */
export const decodeStored: DecodeStored = (stored) => {
  const today = (eventVersions as { readonly [type: string]: number })[stored.type];
  if (today === stored.schemaVersion) return stored;
  if (today === undefined) throw new UnknownEvent(`${stored.type}@${stored.schemaVersion} is not known`);
  let { data } = stored;
  for (let version = stored.schemaVersion; version !== today; version += 1) {
    const upcast = upcasters[`${stored.type}@${version}`];
    if (upcast === undefined) throw new UnknownEvent(`${stored.type}@${version} has no upcaster`);
    data = upcast(data);
  }
  const { schemaVersion } = stored;
  return { ...stored, schemaVersion: today, data, storedAs: { schemaVersion, data: stored.data } };
};

/** As it was written, at the version it was written in. */
export const asStored = ({ storedAs, ...event }: RecordedEvent): RecordedEvent => ({ ...event, ...storedAs });
