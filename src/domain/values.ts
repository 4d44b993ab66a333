/** Alphabets and bounds of everything that comes from outside and ends up in a stream name or an event. */
import { escapeName } from './escapeName.ts';

/** API.md "Conventions". No `.` in a warehouse id: it separates warehouse and SKU in a stream name. */
export const warehouseIdPattern = '^[A-Za-z0-9][A-Za-z0-9_]{0,63}$';
export const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$';
/** No `@`: a customer id is a pseudonym, never an e-mail address. */
export const customerIdPattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';

/** A quantity fits a 32-bit integer, so that sums over a log stay exact integers. */
export const quantityMax = 2_147_483_647;

/** The largest line of a real shop in a year had 80,995 pieces; a larger one is a slip of a finger. */
export const orderLineQuantityMax = 100_000;
/** Some dozen such lines; more than that is several orders. */
export const orderQuantityMax = 1_000_000;

/** How many there are: a whole number, zero included. */
export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= quantityMax;
/** How many move: a whole number, at least one. */
export const isQuantity = (value: number): boolean => isCount(value) && value > 0;

/** Clocks of clients run ahead; more than this is a mistake (API.md "Times"). */
export const futureToleranceMs = 5 * 60_000;

export type AdjustmentReason = (typeof adjustmentReasons)[number];
export const adjustmentReasons = [
  'correction',
  'damaged',
  'lost',
  'found',
  'stolen',
  'expired',
  'returned',
  'promotion',
  'other',
] as const;

export const warehouseStream = (warehouseId: string): string => `warehouse-${warehouseId}`;
export const itemStream = (sku: string): string => `item-${escapeName(sku)}`;
export const stockStream = (warehouseId: string, sku: string): string => `stock-${warehouseId}.${escapeName(sku)}`;
export const orderStream = (orderId: string): string => `order-${orderId}`;
/** `id`: derived from the client and its number. */
export const orderNumberStream = (id: string): string => `ordernumber-${id}`;
export const shipmentStream = (shipmentId: string): string => `shipment-${shipmentId}`;
export const webhookStream = (endpointId: string): string => `webhook-${endpointId}`;
