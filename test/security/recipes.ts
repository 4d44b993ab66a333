/**
 * How a good request of each operation is made from things of one side. It is all that the matrix is told of a route; the
 * rest follows from the OpenAPI document and the policy table.
 */
import type { Operation } from '../../src/domain/access/policy.ts';
import { line, orderOf, warehouse } from '../http/arrange.ts';
import type { Json } from '../http/requests.ts';
import { startMs } from '../support/service.ts';
import type { Things } from './things.ts';

/** What a request uses up: made anew before each one that is carried out. */
export type Need =
  | 'keyId'
  | 'approvalId'
  | 'emptySku'
  | 'reservationId'
  | 'orderId'
  | 'newOrderId'
  | 'newShipmentId'
  | 'endpointId'
  | 'newTransferId'
  | 'inboundId'
  | 'shippedOrderId'
  | 'newReturnId'
  | 'linkId';

export interface Good {
  /** By their names in the path. */
  readonly params?: { readonly [name: string]: string };
  readonly body?: Json;
  readonly headers?: { readonly [name: string]: string };
}

export interface Recipe {
  readonly needs?: Need;
  /** It is answered with 202: it is done later, or when a second person has approved it (T13). */
  readonly isLater?: true;
  /** What is not there is made by it: it is never "not found". */
  readonly creates?: true;
  readonly good: (things: Things) => Good;
}

const json = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json;
/** In both warehouses, and an item. */
export const sharedSku = 'CHAIR';

const ofWarehouse = ({ warehouseId }: Things): Good => ({ params: { warehouseId } });
const ofStock = ({ warehouseId, sku }: Things): Good => ({ params: { warehouseId, sku } });
const ofOrder = ({ orderId }: Things): Good => ({ params: { orderId } });
const ofEndpoint = ({ endpointId }: Things): Good => ({ params: { endpointId } });
const ofApproval = ({ approvalId }: Things): Good => ({ params: { approvalId } });
const ofTransfer = ({ transferId }: Things): Good => ({ params: { transferId } });
const oneOfLine = [{ lineId: '1', quantity: 1 }];
const ofInbound = ({ inboundId }: Things): Good => ({ params: { inboundId } });
const ofReturn = ({ returnId }: Things): Good => ({ params: { returnId } });
const ofItem = (): Good => ({ params: { sku: sharedSku } });
const nothing = (): Good => ({});
const with_ =
  (of: (things: Things) => Good, body: object, headers: Good['headers'] = {}) =>
  (things: Things) => ({
    ...of(things),
    body: json(body),
    headers,
  });

const address = { name: 'A Name', lines: ['1 Street'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' };

const recipes: { readonly [Name in Operation]: Recipe } = {
  listWarehouses: { good: nothing },
  getWarehouse: { good: ofWarehouse },
  putWarehouse: { creates: true, good: with_(ofWarehouse, warehouse('EASTID', { name: 'A house' })) },
  listItems: { good: nothing },
  getItem: { good: ofItem },
  putItem: { creates: true, good: with_(ofItem, { name: 'A chair', attributes: {}, boxes: [] }) },
  getAvailability: { good: ofItem },

  listInventory: { good: ofWarehouse },
  getInventory: { good: ofStock },
  getInventoryHistory: { good: ofStock },
  explainInventory: { good: ofStock },
  listDiscrepancies: { good: ofWarehouse },
  registerInventory: { good: (things) => ({ ...ofWarehouse(things), body: { sku: things.newName } }) },
  // A count names the revision that was seen; any will do here.
  setInventory: { good: with_(ofStock, { onHand: 5_000, reason: 'counted' }, { 'if-match': '*' }) },
  retireInventory: {
    needs: 'emptySku',
    isLater: true,
    good: ({ warehouseId, emptySku }) => ({ params: { warehouseId, sku: emptySku } }),
  },
  adjustInventory: { good: with_(ofStock, { delta: 1, reason: 'found' }) },
  receiveInventory: { good: with_(ofStock, { quantity: 1 }) },
  quarantineInventory: { good: with_(ofStock, { quantity: 1, reason: 'wet' }) },
  releaseQuarantine: { good: with_(ofStock, { quantity: 1 }) },
  setInventoryPolicy: { good: with_(ofStock, { safetyStock: 1 }) },
  reserveInventory: { good: with_(ofStock, { quantity: 1, expiresInSeconds: 900 }) },
  releaseReservation: {
    needs: 'reservationId',
    good: ({ warehouseId, sku, reservationId }) => ({ params: { warehouseId, sku, reservationId } }),
  },
  changeInventory: {
    good: ({ warehouseId }) => ({
      body: { changes: [{ kind: 'receipt', warehouseId, sku: sharedSku, quantity: 1 }] },
    }),
  },

  listApprovals: { good: nothing },
  getApproval: { good: ofApproval },
  approveChange: { needs: 'approvalId', good: ofApproval },
  rejectChange: { needs: 'approvalId', good: with_(ofApproval, { reason: 'recounted' }) },

  placeOrder: {
    good: ({ customerId, sku }) => ({
      body: json(orderOf([line(sku, 1)], { customer: { customerId, name: 'A Name', email: 'a@b.invalid' } })),
    }),
  },
  listOrders: { good: nothing },
  searchOrders: { good: ({ email }) => ({ body: { email } }) },
  getOrder: { good: ofOrder },
  getOrderSourcing: { good: ofOrder },
  simulateSourcing: {
    good: () => ({ body: json({ shipTo: { countryCode: 'DE' }, lines: [{ sku: sharedSku, quantity: 1 }] }) }),
  },
  getTracking: { good: ofOrder },
  cancelOrderLine: {
    needs: 'newOrderId',
    good: ({ newOrderId, lineId }) => ({ params: { orderId: newOrderId, lineId } }),
  },
  correctOrder: {
    needs: 'newOrderId',
    good: ({ newOrderId }) => ({ params: { orderId: newOrderId }, body: json({ shipTo: address }) }),
  },
  setOrderStatus: { needs: 'orderId', good: with_(ofOrder, { status: 'on_hold', reason: 'asked' }) },
  dispatchShipment: {
    needs: 'orderId',
    good: ({ orderId, warehouseId }) => ({
      params: { orderId },
      body: { warehouseId, lines: [{ lineId: '1', quantity: 1 }], parcels: [{ boxes: [] }] },
    }),
  },
  correctShipment: {
    good: ({ shipmentId, newName }) => ({ params: { shipmentId }, body: { carrier: newName } }),
  },
  voidShipment: {
    needs: 'newShipmentId',
    good: ({ newShipmentId }) => ({ params: { shipmentId: newShipmentId }, body: { reason: 'mistake' } }),
  },
  trackShipment: {
    good: ({ shipmentId }) => ({
      params: { shipmentId },
      body: { status: 'in_transit', occurredAt: new Date(startMs).toISOString() },
    }),
  },

  createWebhookEndpoint: {
    good: ({ newName }) => ({ body: { url: `https://${newName}.example/`, eventTypes: ['stock.out'] } }),
  },
  listWebhookEndpoints: { good: nothing },
  getWebhookEndpoint: { good: ofEndpoint },
  deleteWebhookEndpoint: { needs: 'endpointId', good: ofEndpoint },
  testWebhookEndpoint: { isLater: true, good: ofEndpoint },
  listWebhookDeliveries: { good: ofEndpoint },

  // A client of its own each time: only two of its keys may be live.
  issueApiKey: { good: ({ newName }) => ({ body: { clientId: newName } }) },
  listApiKeys: { good: nothing },
  revokeApiKey: { needs: 'keyId', good: ({ keyId }) => ({ params: { keyId } }) },

  requestReturn: {
    needs: 'shippedOrderId',
    good: ({ shippedOrderId }) => ({
      params: { orderId: shippedOrderId },
      body: json({ lines: [{ lineId: '1', quantity: 1 }], reason: 'unwanted' }),
    }),
  },
  getReturn: { good: ofReturn },
  listReturns: { good: nothing },
  receiveReturn: {
    good: ({ returnId, warehouseId }) => ({
      params: { returnId },
      body: json({ warehouseId, lines: [{ lineId: '1', quantity: 1, disposition: 'restock' }] }),
    }),
  },
  cancelReturn: {
    needs: 'newReturnId',
    good: ({ newReturnId }) => ({ params: { returnId: newReturnId }, body: { reason: 'kept' } }),
  },

  makeTrackingLink: { good: with_(ofOrder, { expiresInDays: 1 }) },
  revokeTrackingLink: {
    needs: 'linkId',
    good: ({ newOrderId, linkId }) => ({ params: { orderId: newOrderId, linkId } }),
  },

  listAuditEvents: { good: nothing },
  streamEvents: { good: nothing },
  countInventory: { good: with_(ofStock, { counted: 5_000, baseRevision: 0, reason: 'counted' }) },
  planTransfer: {
    good: ({ warehouseId, annexId }) => ({
      body: { from: warehouseId, to: annexId, lines: [{ sku: sharedSku, quantity: 1 }] },
    }),
  },
  listTransfers: { good: nothing },
  getTransfer: { good: ofTransfer },
  dispatchTransfer: { good: with_(ofTransfer, { lines: oneOfLine }) },
  receiveTransfer: { good: with_(ofTransfer, { lines: oneOfLine }) },
  recordTransferLoss: { good: with_(ofTransfer, { lines: oneOfLine, reason: 'lost' }) },
  cancelTransfer: {
    needs: 'newTransferId',
    good: ({ newTransferId }) => ({ params: { transferId: newTransferId }, body: { reason: 'asked' } }),
  },

  // From another machine: to this one they are open.
  getMetrics: { good: () => ({ headers: { 'x-forwarded-for': '203.0.113.7' } }) },

  announceInbound: {
    good: ({ warehouseId }) => ({
      body: {
        warehouseId,
        reference: 'PO-1',
        expectedAt: new Date(startMs).toISOString(),
        lines: [{ lineId: '1', sku: sharedSku, quantity: 1 }],
      },
    }),
  },
  listInbound: { good: nothing },
  getInbound: { good: ofInbound },
  changeInbound: { needs: 'inboundId', good: with_(ofInbound, { lines: [{ lineId: '1', quantity: 2 }] }) },
  receiveInbound: { needs: 'inboundId', good: with_(ofInbound, { lines: [{ lineId: '1', accepted: 1 }] }) },
  cancelInbound: { needs: 'inboundId', good: with_(ofInbound, { reason: 'mistake' }) },
  listEpcisEvents: { good: nothing },
};

/** @throws Error that says what a new route lacks. */
export const recipeOf = (operation: string): Recipe => {
  if (Object.hasOwn(recipes, operation)) return recipes[operation as Operation];
  throw new Error(`${operation} has no line in test/security/recipes.ts: say there how a good request of it is made.`);
};
