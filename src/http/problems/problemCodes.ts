/**
 * Every code a problem document can carry, with its status and its title. A new refusal of the domain does not compile
 * without a line here; `docs/errors.md` is this table in prose.
 */

import type { CountRefusal } from '../../commands/stock.ts';
import type { ApiKeyRefusal } from '../../domain/apiKey/decider.ts';
import type { InboundRefusal } from '../../domain/inbound/commands.ts';
import type { ItemRefusal } from '../../domain/item/decider.ts';
import type { OrderRefusal } from '../../domain/order/commands.ts';
import type { OrderNumberRefusal } from '../../domain/orderNumber/decider.ts';
import type { ReturnRefusal } from '../../domain/return/decider.ts';
import type { ShipmentRefusal } from '../../domain/shipment/decider.ts';
import type { StockRefusal } from '../../domain/stock/commands.ts';
import type { TrackingLinkRefusal } from '../../domain/trackingLink/decider.ts';
import type { TransferRefusal } from '../../domain/transfer/commands.ts';
import type { WebhookRefusal } from '../../domain/webhook/decider.ts';
import { type ProblemMeaning, type TransportCode, transportProblems } from './transportProblems.ts';

export type RefusalCode =
  | StockRefusal
  | OrderRefusal
  | OrderNumberRefusal
  | ShipmentRefusal
  | ItemRefusal
  | WebhookRefusal
  | TransferRefusal
  | CountRefusal
  | ApiKeyRefusal
  | InboundRefusal
  | 'TOO_MANY_EXPECTED_LINES'
  | ReturnRefusal
  | TrackingLinkRefusal
  | 'WAREHOUSE_NOT_FOUND';

export type ProblemCode = RefusalCode | TransportCode;

const refusals: { readonly [Code in RefusalCode]: ProblemMeaning } = {
  APPROVAL_BY_PROPOSER: { status: 403, title: 'Who proposed a change may not approve it' },

  WAREHOUSE_NOT_FOUND: { status: 404, title: 'No such warehouse' },
  STOCK_NOT_FOUND: { status: 404, title: 'The SKU is not registered in this warehouse' },
  RESERVATION_NOT_FOUND: { status: 404, title: 'No such open reservation' },
  ORDER_NOT_FOUND: { status: 404, title: 'No such order' },
  SHIPMENT_NOT_FOUND: { status: 404, title: 'No such shipment' },
  PARCEL_NOT_FOUND: { status: 404, title: 'The shipment has no such parcel' },
  WEBHOOK_ENDPOINT_NOT_FOUND: { status: 404, title: 'No such webhook endpoint' },

  STOCK_ALREADY_REGISTERED: { status: 409, title: 'The SKU is registered in this warehouse already' },
  STOCK_RETIRED: { status: 409, title: 'The stock is retired' },
  STOCK_NOT_EMPTY: { status: 409, title: 'Stock or reservations remain' },
  APPROVAL_OPEN: { status: 409, title: 'A change of the stock waits for approval' },
  APPROVAL_ENDED: { status: 409, title: 'The approval has been decided' },
  COUNTED_SINCE: { status: 409, title: 'A later count of the stock waits for approval' },
  TOO_MANY_PROPOSALS: { status: 409, title: 'As many changes of the stock wait for approval as may' },
  INSUFFICIENT_STOCK: { status: 409, title: 'There is not enough stock' },
  TOO_MANY_RESERVATIONS: { status: 409, title: 'The stock has as many open reservations as it may have' },
  RESERVATION_ID_TAKEN: { status: 409, title: 'Another open reservation has this id' },
  ORDER_ID_TAKEN: { status: 409, title: 'The order id is taken' },
  ORDER_NUMBER_TAKEN: { status: 409, title: 'Another order of the client has this number' },
  ORDER_CANCELLED: { status: 409, title: 'The order was cancelled' },
  ORDER_ON_HOLD: { status: 409, title: 'The order is on hold' },
  ORDER_NOT_ON_HOLD: { status: 409, title: 'The order is not on hold' },
  ORDER_ALREADY_SHIPPED: { status: 409, title: 'Goods of the order have left already' },
  ALLOCATION_EXCEEDS_DEMAND: { status: 409, title: 'The order has sources for that already' },
  SHIPMENT_EXCEEDS_ORDER: { status: 409, title: 'More than the order still lacks' },
  SHIPMENT_ALREADY_DISPATCHED: { status: 409, title: 'The order has a shipment with this id' },
  WEBHOOK_ENDPOINT_EXISTS: { status: 409, title: 'An endpoint with this id exists' },
  TOO_MANY_API_KEYS: { status: 409, title: 'The client has as many API keys as it may have' },
  SHIPMENT_ON_ITS_WAY: { status: 409, title: 'A courier has the goods of the shipment' },
  TOO_MANY_REPORTS: { status: 409, title: 'Too many reports about one parcel' },

  QUANTITY_INVALID: { status: 422, title: 'A quantity is not a whole number in range' },
  QUANTITY_TOO_LARGE: { status: 422, title: 'The stock would be more than can be counted' },
  OCCURRED_BEFORE_REGISTRATION: { status: 422, title: 'The time lies before the stock was registered' },
  ORDER_LINE_REPEATED: { status: 422, title: 'A line stands twice in the request' },
  ORDER_LINE_NOT_FOUND: { status: 422, title: 'The order has no such line' },
  PARCEL_REPEATED: { status: 422, title: 'A parcel stands twice in the request' },
  BOX_NOT_SHIPPED: { status: 422, title: 'A parcel holds what the shipment does not take along' },
  ORDER_TOO_LARGE: { status: 422, title: 'The order has more pieces than one order may have' },
  CURRENCIES_MIXED: { status: 422, title: 'The order is in more than one currency' },
  PARCEL_REQUIRED: { status: 422, title: 'The shipment has several parcels' },
  BOX_CODE_REPEATED: { status: 422, title: 'A box code stands twice in the request' },

  TRANSFER_NOT_FOUND: { status: 404, title: 'No such transfer' },
  TRANSFER_ID_TAKEN: { status: 409, title: 'Another transfer has this id' },
  TRANSFER_NOTHING_LEFT: { status: 409, title: 'Nothing of the transfer is left for it' },
  COUNT_BASE_NOT_FOUND: { status: 409, title: 'The count can not be carried on from its revision' },
  LOSS_EXCEEDS_TRANSIT: { status: 409, title: 'More than is on its way' },
  TRANSFER_LINE_NOT_FOUND: { status: 422, title: 'The transfer has no such line' },
  TRANSFER_LINE_REPEATED: { status: 422, title: 'A line stands twice in the request' },
  INBOUND_NOT_FOUND: { status: 404, title: 'No such inbound shipment' },
  INBOUND_ID_TAKEN: { status: 409, title: 'Another inbound shipment has this id' },
  INBOUND_CANCELLED: { status: 409, title: 'The rest of the inbound shipment was cancelled' },
  TOO_MANY_EXPECTED_LINES: { status: 409, title: 'As many lines are on their way to the stock as may be' },
  INBOUND_LINE_REPEATED: { status: 422, title: 'A line of an inbound shipment stands twice in the request' },
  INBOUND_LINE_NOT_FOUND: { status: 422, title: 'The inbound shipment has no such line' },
  INBOUND_LINE_OF_OTHER_SKU: { status: 422, title: 'The line of the inbound shipment is of another SKU' },
  TOO_MANY_INBOUND_LINES: { status: 422, title: 'The inbound shipment has as many lines as it may have' },
  RETURN_NOT_FOUND: { status: 404, title: 'No such return' },
  RETURN_EXCEEDS_SHIPPED: { status: 409, title: 'More than has left and is not back or announced' },
  RETURN_ALREADY_RECEIVED: { status: 409, title: 'All of the return has arrived' },
  TRACKING_LINK_NOT_FOUND: { status: 404, title: 'The order has no such link' },
  TOO_MANY_RETURNS: { status: 409, title: 'The order has as many returns as it may have' },
};

export const problems: { readonly [Code in ProblemCode]: ProblemMeaning } = { ...transportProblems, ...refusals };
