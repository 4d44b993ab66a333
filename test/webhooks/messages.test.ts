import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/domain/events.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { webhookEventTypes } from '../../src/domain/webhook/events.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { announcedTypes } from '../../src/webhooks/announcements.ts';
import { bodyOf, messagesFor } from '../../src/webhooks/messages.ts';
import { audienceOf, type Endpoint } from '../../src/webhooks/ports.ts';
import { balanceOf, now, sampleOrder, sealed, soon } from '../support/samples.ts';
import { endpointWith, recorded } from './webhooksWorld.ts';

const hear = (event: LedgerEvent, change: Partial<Endpoint> = {}) =>
  messagesFor(recorded(7, event), audienceOf(endpointWith({ eventTypes: webhookEventTypes, ...change })));
const typesHeard = (event: LedgerEvent, change: Partial<Endpoint> = {}) => hear(event, change).map(({ type }) => type);

const key = { warehouseId: 'BER', sku: 'CHAIR' };
const reserved = (quantity: number, after: StockEvent['data']['after']): StockEvent => ({
  type: 'StockReserved',
  data: { ...key, reservationId: 'r1', quantity, expiresAt: soon, orderId: 'o1', lineId: '1', after },
});
const allocation = (warehouseId: string) => ({
  lineId: '1',
  sku: 'CHAIR',
  warehouseId,
  reservationId: `r-${warehouseId}`,
  quantity: 2,
});
const shipment = {
  shipmentId: 's1',
  orderId: 'o1',
  warehouseId: 'BER',
  carrier: 'dhl',
  trackingNumber: 'T1',
  lines: [{ lineId: '1', sku: 'CHAIR', quantity: 2, reservationId: 'r1' }],
  parcels: [{ parcelId: 'p1', boxes: [] }],
};
const inboundReceived = {
  type: 'InboundReceived',
  data: {
    inboundId: 'in1',
    warehouseId: 'BER',
    expectedAt: soon,
    lines: [{ lineId: '1', sku: 'CHAIR', accepted: 2, rejected: 1, expected: 3 }],
  },
} as const satisfies LedgerEvent;
const placed: LedgerEvent = { type: 'OrderPlaced', data: sampleOrder() };
const allocated: LedgerEvent = {
  type: 'OrderAllocated',
  data: {
    orderId: 'o1',
    allocations: [allocation('BER'), allocation('PAR')],
    backordered: [{ lineId: '2', quantity: 1 }],
  },
};
const changedLines: LedgerEvent = {
  type: 'OrderLinesChanged',
  data: { orderId: 'o1', lines: [{ lineId: '1', quantity: 1 }], released: [], reason: 'asked' },
};
const backordered: LedgerEvent = {
  type: 'OrderBackordered',
  data: { orderId: 'o1', backordered: [{ lineId: '2', quantity: 1 }] },
};
const cancelled = (...warehouseIds: string[]): LedgerEvent => ({
  type: 'OrderCancelled',
  data: { orderId: 'o1', reason: 'customer', note: sealed('secret note'), released: warehouseIds.map(allocation) },
});
const dispatched: LedgerEvent = { type: 'OrderShipmentDispatched', data: shipment };
const delivered: LedgerEvent = { type: 'OrderShipmentDelivered', data: { orderId: 'o1', shipmentId: 's1' } };
const alert = {
  type: 'AlertRaised',
  data: {
    alertId: 'a1',
    rule: 'mass_deletion',
    caller: { subject: 'ada', client: 'console' },
    requestId: 'r1',
    limit: 20,
    windowSeconds: 600,
  },
} as const satisfies LedgerEvent;
const tracked = (status: 'in_transit' | 'exception' | 'delivered', parcelStatus = status): LedgerEvent => ({
  type: 'ParcelTracked',
  data: {
    shipmentId: 's1',
    orderId: 'o1',
    warehouseId: 'BER',
    parcelId: 'p1',
    status,
    parcelStatus,
    detail: sealed('left with Mrs Smith'),
    location: sealed('next door'),
    reportedAt: now,
  },
});

describe('stock messages', () => {
  it('tell the figures after every movement, and what may be promised', () => {
    const after = balanceOf({ onHand: 10, reserved: 3, quarantined: 1, safetyStock: 2 });
    expect(hear(reserved(3, after))).toEqual([
      { type: 'stock.changed', data: { ...key, ...after, available: 4, change: 'reserved' } },
    ]);
  });

  it('say that stock is low once, when what may be promised falls to the safety stock', () => {
    const lowAfter = (reservedPieces: number, quantity: number) =>
      typesHeard(reserved(quantity, balanceOf({ onHand: 20, reserved: reservedPieces, safetyStock: 5 })));
    expect(lowAfter(9, 1)).toEqual(['stock.changed']); // 7 → 6
    expect(lowAfter(10, 1)).toEqual(['stock.changed', 'stock.low']); // 6 → 5
    expect(lowAfter(11, 1)).toEqual(['stock.changed']); // 5 → 4: known
    expect(lowAfter(15, 1)).toEqual(['stock.changed', 'stock.out']); // 1 → 0
    expect(lowAfter(15, 10)).toEqual(['stock.changed', 'stock.low', 'stock.out']); // 10 → 0
    expect(lowAfter(16, 1)).toEqual(['stock.changed']); // 0 → 0
  });

  it('never call a stock low that has no safety stock', () => {
    expect(typesHeard(reserved(9, balanceOf({ onHand: 10, reserved: 9 })))).toEqual(['stock.changed']);
    expect(typesHeard(reserved(1, balanceOf({ onHand: 10, reserved: 10 })))).toEqual(['stock.changed', 'stock.out']);
  });

  it('find the crossing whatever moved the stock', () => {
    const empty = balanceOf({});
    const events: StockEvent[] = [
      { type: 'StockAdjusted', data: { ...key, delta: -2, reason: 'lost', after: empty } },
      { type: 'StockCounted', data: { ...key, counted: 0, delta: -2, reason: 'count', after: empty } },
      {
        type: 'StockQuarantined',
        data: { ...key, quantity: 2, reason: 'wet', after: balanceOf({ onHand: 2, quarantined: 2 }) },
      },
    ];
    for (const event of events) expect.soft(typesHeard(event), event.type).toEqual(['stock.changed', 'stock.out']);
  });

  it('tell of a hold by its proposal and by its rejection, and of an approval by what it does', () => {
    const proposal = {
      ...key,
      approvalId: 'a1',
      proposedBy: 'anna',
      change: { kind: 'adjustment', delta: -9 },
    } as const;
    const held: StockEvent = {
      type: 'StockChangeProposed',
      data: {
        ...proposal,
        change: { ...proposal.change, reason: 'lost' },
        held: 9,
        after: balanceOf({ onHand: 9, quarantined: 9 }),
      },
    };
    expect(hear(held)).toEqual([
      {
        type: 'stock.changed',
        data: expect.objectContaining({ available: 0, quarantined: 9, change: 'change_proposed' }),
      },
      { type: 'stock.out', data: expect.objectContaining({ available: 0 }) },
    ]);
    const end = { ...key, approvalId: 'a1', freed: 9, after: balanceOf({ onHand: 9 }) };
    const rejected: StockEvent = { type: 'StockChangeRejected', data: { ...end, rejectedBy: 'bert', reason: 'here' } };
    expect(hear(rejected)).toEqual([
      { type: 'stock.changed', data: expect.objectContaining({ available: 9, change: 'change_rejected' }) },
    ]);
    expect(hear({ type: 'StockChangeRejected', data: { ...end, reason: 'counted_since' } })).toEqual([]);
    expect(hear({ type: 'StockChangeApproved', data: { ...end, approvedBy: 'bert' } })).toEqual([]);
  });

  it('call nothing out that was shipped from a reservation, or came, began empty or was retired', () => {
    const empty = balanceOf({});
    const shipped = { ...key, reservationId: 'r1', quantity: 2, shipmentId: 's1', after: empty };
    const events: StockEvent[] = [
      { type: 'StockShipped', data: shipped },
      { type: 'StockRegistered', data: { ...key, onHand: 0, safetyStock: 0, registeredAt: now, after: empty } },
      { type: 'StockReceived', data: { ...key, quantity: 5, after: balanceOf({ onHand: 5 }) } },
      { type: 'StockPolicySet', data: { ...key, safetyStock: 9, after: balanceOf({ onHand: 5, safetyStock: 9 }) } },
      { type: 'StockRetired', data: { ...key, after: empty } },
    ];
    for (const event of events) expect.soft(typesHeard(event), event.type).toEqual(['stock.changed']);
  });
});

const cameBack = {
  type: 'ReturnReceived',
  data: {
    returnId: 'b1',
    orderId: 'o1',
    warehouseId: 'BER',
    lines: [{ lineId: '1', sku: 'CHAIR', quantity: 2, disposition: 'quarantine' }],
  },
} as const satisfies LedgerEvent;

describe('order and shipment messages', () => {
  it('tell an endpoint without limits everything a partner acts on', () => {
    const lines = [
      { lineId: '1', sku: 'CHAIR', quantity: 3 },
      { lineId: '2', sku: 'LAMP', quantity: 2 },
    ];
    expect(hear(placed)).toEqual([{ type: 'order.placed', data: { orderId: 'order1', lines } }]);
    expect(hear(allocated)).toEqual([{ type: 'order.allocated', data: allocated.data }]);
    expect(hear(backordered)).toEqual([{ type: 'order.backordered', data: backordered.data }]);
    expect(hear(changedLines)).toEqual([
      {
        type: 'order.changed',
        data: { orderId: 'o1', reason: 'asked', lines: [{ lineId: '1', quantity: 1 }] },
      },
    ]);
    expect(hear(cancelled())).toEqual([
      { type: 'order.cancelled', data: { orderId: 'o1', reason: 'customer', released: [] } },
    ]);
    expect(hear(dispatched)).toEqual([
      {
        type: 'order.shipped',
        data: {
          orderId: 'o1',
          shipmentId: 's1',
          warehouseId: 'BER',
          carrier: 'dhl',
          trackingNumber: 'T1',
          lines: [{ lineId: '1', sku: 'CHAIR', quantity: 2 }],
        },
      },
    ]);
    expect(hear(delivered)).toEqual([{ type: 'order.delivered', data: { orderId: 'o1', shipmentId: 's1' } }]);
  });

  it('follow a shipment, and cry out only for a trouble that still stands', () => {
    expect(typesHeard({ type: 'ShipmentDispatched', data: shipment })).toEqual(['shipment.updated']);
    const { shipmentId, orderId, warehouseId } = shipment;
    const label = { trackingNumber: 'T2', parcels: [] };
    expect(hear({ type: 'ShipmentCorrected', data: { shipmentId, orderId, warehouseId, ...label } })).toMatchObject([
      { type: 'shipment.updated', data: { shipmentId: 's1', status: 'corrected', label } },
    ]);
    const voided = { type: 'ShipmentVoided', data: { shipmentId, orderId, warehouseId, reason: 'x' } } as const;
    expect(hear(voided)).toEqual([
      { type: 'shipment.updated', data: { shipmentId, orderId, warehouseId, status: 'voided' } },
    ]);
    const reported = {
      shipmentId,
      orderId,
      warehouseId,
      parcelId: 'p1',
      status: 'in_transit',
      reportedAt: now,
    } as const;
    expect(hear({ type: 'VoidedShipmentReported', data: reported })).toEqual([
      { type: 'shipment.exception', data: reported },
    ]);
    expect(typesHeard(tracked('in_transit'))).toEqual(['shipment.updated']);
    expect(typesHeard(tracked('exception'))).toEqual(['shipment.updated', 'shipment.exception']);
    expect(typesHeard(tracked('exception', 'delivered'))).toEqual(['shipment.updated']);
    expect(hear(tracked('exception', 'delivered'))[0]?.data).toMatchObject({ parcelId: 'p1', status: 'delivered' });
  });

  it('tell an endpoint of one warehouse only what concerns that warehouse', () => {
    const limits: Partial<Endpoint>[] = [
      { warehouseIds: ['PAR'] },
      { scope: ['PAR'] },
      { scope: ['PAR', 'ROM'], warehouseIds: ['PAR', 'BER'] },
    ];
    for (const limit of limits) {
      expect(hear(allocated, limit)).toEqual([
        { type: 'order.allocated', data: { orderId: 'o1', allocations: [allocation('PAR')] } },
      ]);
      expect(hear(cancelled('BER', 'PAR'), limit)[0]?.data).toMatchObject({ released: [allocation('PAR')] });
      const silent = [placed, backordered, delivered, cancelled(), cancelled('BER'), dispatched, tracked('exception')];
      for (const event of silent) expect.soft(hear(event, limit), event.type).toEqual([]);
      expect(hear(reserved(1, balanceOf({ onHand: 9, reserved: 1 })), limit)).toEqual([]);
    }
  });

  it('never reach beyond what the owner was allowed to see', () => {
    expect(hear(dispatched, { scope: [], warehouseIds: ['BER'] })).toEqual([]);
    expect(hear(dispatched, { scope: ['BER'] })).toHaveLength(1);
  });

  it('keep to what was subscribed', () => {
    expect(typesHeard(tracked('exception'), { eventTypes: ['shipment.exception'] })).toEqual(['shipment.exception']);
    expect(typesHeard(placed, { eventTypes: ['stock.changed'] })).toEqual([]);
  });

  it('send a test to the endpoint that is tested, whatever it subscribed to, and to no other', () => {
    const test: LedgerEvent = { type: 'WebhookTestRequested', data: { endpointId: 'e1' } };
    expect(hear(test, { eventTypes: [] })).toEqual([{ type: 'webhook.test', data: { endpointId: 'e1' } }]);
    expect(hear(test, { endpointId: 'e2' })).toEqual([]);
  });

  it('tell of alerts who sees all warehouses, and nobody else', () => {
    expect(hear(alert)).toEqual([{ type: 'security.alert', data: alert.data }]);
    expect(hear(alert, { scope: ['BER'] })).toEqual([]);
    expect(hear(alert, { eventTypes: ['stock.changed'] })).toEqual([]);
  });

  it('tell what came back, and what became of it, of the warehouses in reach', () => {
    expect(hear(cameBack)).toEqual([{ type: 'return.received', data: cameBack.data }]);
    expect(hear(cameBack, { scope: ['BER'] })).toHaveLength(1);
    expect(hear(cameBack, { scope: ['PAR'] })).toEqual([]);
  });

  it('hold no personal data, no price and no free text', () => {
    for (const event of [placed, cancelled('BER'), tracked('exception'), dispatched]) {
      const told = JSON.stringify(hear(event));
      for (const secretText of ['contact', 'address', 'customer1', 'price', '4900', 'secret note', 'Smith', 'door']) {
        expect.soft(told, event.type).not.toContain(secretText);
      }
    }
  });
});

describe('inbound.updated', () => {
  const lines = [{ lineId: '1', sku: 'CHAIR', quantity: 4 }];
  const about = { inboundId: 'in1', warehouseId: 'BER', expectedAt: soon };
  const announced: LedgerEvent = {
    type: 'InboundAnnounced',
    data: { ...about, reference: 'PO-77', supplier: 'Smith', lines },
  };
  const changed: LedgerEvent = {
    type: 'InboundChanged',
    data: { ...about, reason: 'late', lines: [{ lineId: '1', sku: 'CHAIR', quantity: 4, expected: 3 }] },
  };
  const ended: LedgerEvent = { type: 'InboundCancelled', data: { ...about, reason: 'bankrupt', lines } };

  it.each([
    ['what was announced', announced, 'announced', { expected: 4 }],
    ['what is another now', changed, 'changed', { expected: 3 }],
    ['what came, and what was turned away', inboundReceived, 'received', { expected: 3, accepted: 2, rejected: 1 }],
    ['what does not come any more', ended, 'cancelled', { expected: 0 }],
  ] as const)('tells %s, and nobody’s words', (_, event, change, line) => {
    const data = { ...about, change, lines: [{ lineId: '1', sku: 'CHAIR', ...line }] };
    expect(hear(event)).toEqual([{ type: 'inbound.updated', data }]);
  });

  it('is for those who may see the warehouse', () => {
    expect(hear(announced, { warehouseIds: ['PAR'] })).toEqual([]);
    expect(hear(announced, { warehouseIds: ['BER'] })).toHaveLength(1);
  });
});

/** The same JSON with the keys the other way round, at every depth. */
const backwards = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(backwards);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, field]) => [name, backwards(field)]),
  );
};

describe('the body of a delivery', () => {
  it('is the same bytes for the same event and sequence, however the event was read', () => {
    const audience = audienceOf(endpointWith({ eventTypes: webhookEventTypes }));
    const bodiesOf = (event: RecordedEvent) =>
      messagesFor(event, audience).map((message, index) => bodyOf(event, message, 12 + index));
    const out = reserved(1, balanceOf({ onHand: 9, reserved: 9 }));
    for (const event of [out, placed, allocated, cancelled('BER'), dispatched, tracked('exception'), alert]) {
      const stored = recorded(7, event);
      expect.soft(bodiesOf(structuredClone(stored)), event.type).toEqual(bodiesOf(stored));
      expect.soft(bodiesOf(backwards(stored) as RecordedEvent), event.type).toEqual(bodiesOf(stored));
    }
    const bodies = bodiesOf(recorded(7, dispatched));
    expect(bodies).toHaveLength(1);
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({
      type: 'order.shipped',
      timestamp: '2026-03-01T09:00:00.000Z',
      stream: 'stream-7',
      streamRevision: 0,
      sequence: 12,
    });
  });

  it('can be of every type that partners may subscribe to, and of no other', () => {
    const all = [
      reserved(10, balanceOf({ onHand: 20, reserved: 15, safetyStock: 5 })),
      placed,
      allocated,
      backordered,
      changedLines,
      cancelled('BER'),
      dispatched,
      delivered,
      tracked('exception'),
      alert,
      cameBack,
      { type: 'WebhookTestRequested', data: { endpointId: 'e1' } } satisfies LedgerEvent,
      inboundReceived,
    ];
    const heard = new Set(all.flatMap((event) => typesHeard(event)));
    expect([...heard].sort()).toEqual([...webhookEventTypes, 'webhook.test'].sort());
    expect(announcedTypes).toEqual(expect.arrayContaining(all.map(({ type }) => type)));
  });
});
