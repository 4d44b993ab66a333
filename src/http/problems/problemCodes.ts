/**
 * Every code a problem document can carry, with its status and its title. A new refusal of the domain does not compile
 * without a line here; `docs/errors.md` is this table in prose.
 */
import type { ApiKeyRefusal } from '../../domain/apiKey/decider.ts';
import type { ItemRefusal } from '../../domain/item/decider.ts';
import type { OrderRefusal } from '../../domain/order/commands.ts';
import type { OrderNumberRefusal } from '../../domain/orderNumber/decider.ts';
import type { ShipmentRefusal } from '../../domain/shipment/decider.ts';
import type { StockRefusal } from '../../domain/stock/commands.ts';
import type { WebhookRefusal } from '../../domain/webhook/decider.ts';

export type RefusalCode =
  | StockRefusal
  | OrderRefusal
  | OrderNumberRefusal
  | ShipmentRefusal
  | ItemRefusal
  | WebhookRefusal
  | ApiKeyRefusal
  | 'WAREHOUSE_NOT_FOUND';

/** What the HTTP layer itself has to object to. */
type TransportCode =
  | 'VALIDATION'
  | 'MALFORMED_JSON'
  | 'MALFORMED_REQUEST'
  | 'NO_LONGER_SERVED'
  | 'REQUEST_TIMEOUT'
  | 'URI_TOO_LONG'
  | 'HEADERS_TOO_LARGE'
  | 'METHOD_NOT_ALLOWED'
  | 'IDEMPOTENCY_KEY_MISSING'
  | 'IDEMPOTENCY_KEY_IN_USE'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'ANSWER_OUT_OF_REACH'
  | 'INVALID_CURSOR'
  | 'INVALID_POSITION'
  | 'INVALID_REVISION'
  | 'OCCURRED_IN_FUTURE'
  | 'UNAUTHENTICATED'
  | 'API_KEY_NOT_VALID'
  | 'API_KEY_NOT_FOUND'
  | 'STEP_UP_REQUIRED'
  | 'SCOPE_MISSING'
  | 'ROLE_NOT_ALLOWED'
  | 'PERSON_REQUIRED'
  | 'ROUTE_NOT_FOUND'
  | 'APPROVAL_NOT_FOUND'
  | 'ITEM_NOT_FOUND'
  | 'SKU_UNKNOWN'
  | 'REPORTED_BEFORE_DISPATCH'
  | 'CUSTOMER_NOT_FOUND'
  | 'SUBJECT_ERASED'
  | 'TOO_MANY_CUSTOMERS'
  | 'STATUS_NOT_SETTABLE'
  | 'WEBHOOK_TARGET_NOT_ALLOWED'
  | 'TOO_MANY_ENDPOINTS'
  | 'REVISION_CONFLICT'
  | 'BODY_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'IF_MATCH_REQUIRED'
  | 'RATE_LIMITED'
  | 'POLICIES_BEHIND'
  | 'INTERNAL'
  | 'SERVICE_STOPPING'
  | 'STORE_DAMAGED'
  | 'STORE_UNAVAILABLE'
  | 'NOT_CAUGHT_UP'
  | 'TOO_MANY_STREAMS'
  | 'TOO_MUCH_AT_ONCE'
  | 'OVERLOADED';

export type ProblemCode = RefusalCode | TransportCode;

interface ProblemMeaning {
  readonly status: number;
  readonly title: string;
}

export const problems: { readonly [Code in ProblemCode]: ProblemMeaning } = {
  VALIDATION: { status: 400, title: 'The request does not have the documented shape' },
  MALFORMED_JSON: { status: 400, title: 'The body is not JSON' },
  MALFORMED_REQUEST: { status: 400, title: 'The request is not well-formed HTTP' },
  IDEMPOTENCY_KEY_MISSING: { status: 400, title: 'A POST needs an Idempotency-Key' },
  INVALID_CURSOR: { status: 400, title: 'The cursor is not one of ours' },
  INVALID_POSITION: { status: 400, title: 'The position is not one of ours' },
  INVALID_REVISION: { status: 400, title: 'If-Match does not hold one revision' },
  OCCURRED_IN_FUTURE: { status: 400, title: 'The time lies in the future' },

  UNAUTHENTICATED: { status: 401, title: 'A valid access token is needed' },
  API_KEY_NOT_VALID: { status: 401, title: 'The API key is not one of this client, or no longer' },
  STEP_UP_REQUIRED: { status: 401, title: 'A fresh, strong authentication is needed' },
  SCOPE_MISSING: { status: 403, title: 'The access token lacks a scope' },
  ROLE_NOT_ALLOWED: { status: 403, title: 'No role of the caller may do this' },
  PERSON_REQUIRED: { status: 403, title: 'A person has to do this' },
  APPROVAL_BY_PROPOSER: { status: 403, title: 'Who proposed a change may not approve it' },

  METHOD_NOT_ALLOWED: { status: 405, title: 'There is no such method at this address' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request did not arrive in time' },
  URI_TOO_LONG: { status: 414, title: 'The address is too long' },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is nothing at this address' },
  WAREHOUSE_NOT_FOUND: { status: 404, title: 'No such warehouse' },
  ITEM_NOT_FOUND: { status: 404, title: 'No such item' },
  STOCK_NOT_FOUND: { status: 404, title: 'The SKU is not registered in this warehouse' },
  RESERVATION_NOT_FOUND: { status: 404, title: 'No such open reservation' },
  APPROVAL_NOT_FOUND: { status: 404, title: 'No such approval' },
  ORDER_NOT_FOUND: { status: 404, title: 'No such order' },
  CUSTOMER_NOT_FOUND: { status: 404, title: 'No such customer' },
  SHIPMENT_NOT_FOUND: { status: 404, title: 'No such shipment' },
  PARCEL_NOT_FOUND: { status: 404, title: 'The shipment has no such parcel' },
  WEBHOOK_ENDPOINT_NOT_FOUND: { status: 404, title: 'No such webhook endpoint' },
  API_KEY_NOT_FOUND: { status: 404, title: 'No such API key' },

  IDEMPOTENCY_KEY_IN_USE: { status: 409, title: 'A request with this key is still running' },
  ANSWER_OUT_OF_REACH: { status: 409, title: 'The caller may no longer see the answer to this request' },
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
  STATUS_NOT_SETTABLE: { status: 409, title: 'This status follows from facts and is not set' },
  ALLOCATION_EXCEEDS_DEMAND: { status: 409, title: 'The order has sources for that already' },
  SHIPMENT_EXCEEDS_ORDER: { status: 409, title: 'More than the order still lacks' },
  SHIPMENT_ALREADY_DISPATCHED: { status: 409, title: 'The order has a shipment with this id' },
  WEBHOOK_ENDPOINT_EXISTS: { status: 409, title: 'An endpoint with this id exists' },
  TOO_MANY_API_KEYS: { status: 409, title: 'The client has as many API keys as it may have' },
  TOO_MANY_ENDPOINTS: { status: 409, title: 'The owner has as many endpoints as it may have' },
  SHIPMENT_ON_ITS_WAY: { status: 409, title: 'A courier has the goods of the shipment' },
  TOO_MANY_REPORTS: { status: 409, title: 'Too many reports about one parcel' },
  NO_LONGER_SERVED: { status: 410, title: 'The operation has ended' },
  SUBJECT_ERASED: { status: 410, title: "The customer's data was erased" },

  REVISION_CONFLICT: { status: 412, title: 'The resource has changed since the revision you saw' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body must be application/json' },

  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The key was used for another request' },
  QUANTITY_INVALID: { status: 422, title: 'A quantity is not a whole number in range' },
  QUANTITY_TOO_LARGE: { status: 422, title: 'The stock would be more than can be counted' },
  OCCURRED_BEFORE_REGISTRATION: { status: 422, title: 'The time lies before the stock was registered' },
  ORDER_LINE_REPEATED: { status: 422, title: 'A line stands twice in the request' },
  ORDER_LINE_NOT_FOUND: { status: 422, title: 'The order has no such line' },
  PARCEL_REPEATED: { status: 422, title: 'A parcel stands twice in the request' },
  BOX_NOT_SHIPPED: { status: 422, title: 'A parcel holds what the shipment does not take along' },
  TOO_MANY_CUSTOMERS: { status: 422, title: 'Too many customers have this e-mail address' },
  ORDER_TOO_LARGE: { status: 422, title: 'The order has more pieces than one order may have' },
  CURRENCIES_MIXED: { status: 422, title: 'The order is in more than one currency' },
  SKU_UNKNOWN: { status: 422, title: 'There is neither an item nor a stock of the SKU' },
  REPORTED_BEFORE_DISPATCH: { status: 422, title: 'The time lies long before the shipment left' },
  PARCEL_REQUIRED: { status: 422, title: 'The shipment has several parcels' },
  BOX_CODE_REPEATED: { status: 422, title: 'A box code stands twice in the request' },
  WEBHOOK_TARGET_NOT_ALLOWED: { status: 422, title: 'The address may not receive webhooks' },

  IF_MATCH_REQUIRED: { status: 428, title: 'The change needs If-Match' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  TOO_MUCH_AT_ONCE: { status: 429, title: 'The caller has too much under way' },
  POLICIES_BEHIND: { status: 429, title: 'The service is behind with what was recorded' },
  TOO_MANY_STREAMS: { status: 429, title: 'Too many live streams are open' },

  INTERNAL: { status: 500, title: 'The service failed' },
  SERVICE_STOPPING: { status: 503, title: 'The service is stopping' },
  STORE_DAMAGED: { status: 503, title: 'The store is damaged or gone' },
  STORE_UNAVAILABLE: { status: 503, title: 'The store cannot take the request now' },
  OVERLOADED: { status: 503, title: 'The service has too much under way' },
  NOT_CAUGHT_UP: { status: 503, title: 'The read model has not reached the position yet' },
};
